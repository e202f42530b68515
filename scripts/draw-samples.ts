import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleImages } from '../src/local/sandbox/images.ts'
import { inventPerson } from '../src/local/sandbox/specimen.ts'

// Writes the sandbox's images to a folder for people to look at: `npm exec -- node scripts/draw-samples.ts [folder] [seed…]`
const [folder = '.data/samples', ...seeds] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
for (const seed of seeds.length > 0 ? seeds : ['one', 'two']) {
  const started = performance.now()
  const images = Object.entries(await sampleImages(inventPerson(seed)))
  console.log(`${seed}: drawn in ${Math.round(performance.now() - started)} ms`)
  for (const [name, bytes] of images) {
    const file = join(folder, `${seed}-${name}.jpg`)
    await writeFile(file, bytes)
    console.log(`  ${file}  ${bytes.length} bytes`)
  }
}

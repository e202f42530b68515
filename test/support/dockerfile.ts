import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, cp, mkdir } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { promisify } from 'node:util'

export const ROOT = new URL('../../', import.meta.url).pathname

/** One instruction. Its words are parsed where it has the form of a JSON array. */
type Instruction = { name: string; words: readonly string[]; text: string }
export type Stage = { name: string; base: string; instructions: readonly Instruction[] }

/** The stages of a Dockerfile that uses only the instructions that `buildImage` carries out. Throws for any other. */
export function readDockerfile(text: string): Stage[] {
  const given = new Map<string, string>()
  const expand = (word: string) =>
    word.replace(/\$\{(\w+)\}/g, (_, name: string) => given.get(name) ?? '')
  const stages: { name: string; base: string; instructions: Instruction[] }[] = []
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
  for (const line of lines.filter((each) => each.trim() !== '')) {
    const [, name = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? []
    const words = rest.startsWith('[')
      ? (JSON.parse(rest) as string[])
      : expand(rest).trim().split(/ +/)
    if (name === 'ARG') {
      const [variable = '', value = ''] = rest.split('=', 2)
      given.set(variable, value)
    } else if (name === 'FROM') {
      const [base = '', , alias] = words
      stages.push({ name: alias ?? String(stages.length), base, instructions: [] })
    } else if (INSTRUCTIONS.includes(name))
      stages.at(-1)?.instructions.push({ name, words, text: rest })
    else throw new Error(`the Dockerfile has an instruction that cannot be carried out: ${line}`)
  }
  return stages
}

const INSTRUCTIONS = ['WORKDIR', 'ENV', 'COPY', 'RUN', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD']

/** What an image says of the processes that are started from it, and the folder that holds what it adds to its base. */
export type Image = {
  folder: string
  workdir: string
  env: Readonly<Record<string, string>>
  user: string
  entrypoint: readonly string[]
  command: readonly string[]
}

/**
 * Carries out the Dockerfile without an engine: each stage in a folder of its own below `dir`, `COPY` from what `.dockerignore`
 * admits, `RUN` with this machine's shell and npm. Nothing may be written outside of the working directory.
 */
export async function buildImage(
  dir: string,
  { runEnv, onStep }: { runEnv: Record<string, string>; onStep(step: string): void },
): Promise<Image> {
  const stages = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  const built = new Map<string, Image>()
  for (const stage of stages) {
    const folder = join(dir, stage.name)
    const image = { folder, workdir: '/', env: {}, user: 'root', entrypoint: [], command: [] }
    await mkdir(folder, { recursive: true })
    await chmod(folder, 0o755)
    built.set(stage.name, await carryOut(stage, image, { built, runEnv, onStep }))
  }
  const last = built.get(stages.at(-1)?.name ?? '')
  if (!last) throw new Error('the Dockerfile has no stage')
  return last
}

async function carryOut(
  stage: Stage,
  start: Image,
  given: {
    built: ReadonlyMap<string, Image>
    runEnv: Record<string, string>
    onStep(step: string): void
  },
): Promise<Image> {
  let image = start
  for (const { name, words, text } of stage.instructions) {
    given.onStep(`${name} ${text}`)
    const [first = ''] = words
    if (name === 'WORKDIR') {
      image = { ...image, workdir: posix.resolve(image.workdir, first) }
      await mkdir(join(image.folder, image.workdir), { recursive: true })
    } else if (name === 'ENV') {
      const [variable = '', value = ''] = text.split('=', 2)
      image = { ...image, env: { ...image.env, [variable]: value } }
    } else if (name === 'USER') image = { ...image, user: first }
    else if (name === 'ENTRYPOINT') image = { ...image, entrypoint: words, command: [] }
    else if (name === 'CMD') image = { ...image, command: words }
    else if (name === 'COPY') await copy(image, words, given.built)
    else if (name === 'RUN')
      await promisify(execFile)('/bin/sh', ['-c', text], {
        cwd: join(image.folder, image.workdir),
        env: { ...given.runEnv, ...image.env },
        maxBuffer: 2 ** 24,
      })
  }
  return image
}

async function copy(image: Image, words: readonly string[], built: ReadonlyMap<string, Image>) {
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
  const paths = words.filter((word) => !word.startsWith('--'))
  const target = paths.at(-1) ?? ''
  const to = join(image.folder, posix.resolve(image.workdir, target))
  if (from !== undefined) {
    const stage = built.get(from)
    if (!stage) throw new Error(`there is no stage ${from}`)
    await cp(join(stage.folder, paths[0] ?? ''), to, { recursive: true, verbatimSymlinks: true })
    return
  }
  const files = listContext()
  for (const path of paths.slice(0, -1)) {
    const found = files.filter((file) => file === path || file.startsWith(`${path}/`))
    if (found.length === 0) throw new Error(`${path} is not in the build's context`)
    // A file keeps its name below a target that ends in a slash; of a folder the content is copied.
    for (const file of found)
      await copyFile(file, join(to, file === path ? posix.basename(file) : file.slice(path.length)))
  }
}

async function copyFile(file: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await cp(join(ROOT, file), to)
}

/** The files that `.dockerignore` leaves in the build's context: the last rule that matches a path or a folder above it decides. */
export function listContext(): string[] {
  const rules = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => {
      const decisive = rules.findLast((rule) => {
        const pattern = rule.replace(/^!/, '')
        return pattern === '*' || file === pattern || file.startsWith(`${pattern}/`)
      })
      return file !== '' && decisive?.startsWith('!') !== false
    })
}

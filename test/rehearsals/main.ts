import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { endOnSignal } from '../support/interruption.ts'
import type { Rehearsal } from './rehearsal.ts'

const FOLDER = new URL('.', import.meta.url)
const NOT_A_REHEARSAL = ['main.ts', 'rehearsal.ts']

const files = (await readdir(FOLDER)).filter(
  (file) => file.endsWith('.ts') && !NOT_A_REHEARSAL.includes(file),
)
const rehearsals = new Map<string, Rehearsal>()
for (const file of files.sort()) {
  const { rehearsal } = (await import(new URL(file, FOLDER).href)) as { rehearsal: Rehearsal }
  rehearsals.set(file.replace(/\.ts$/, ''), rehearsal)
}

const say = (line: string) => process.stderr.write(`${line}\n`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, all: { type: 'boolean', default: false } },
})
const names = values.all ? [...rehearsals.keys()] : positionals
const unknown = names.filter((name) => !rehearsals.has(name))
if (unknown.length > 0) process.stderr.write(`There is no rehearsal ${unknown.join(', ')}.\n\n`)
if (names.length === 0 || unknown.length > 0) {
  process.stdout.write(usage())
  process.exitCode = unknown.length > 0 ? 2 : 0
} else {
  const unlessEnding = endOnSignal(say)
  for (const name of names) {
    await run(name)
    await unlessEnding()
  }
  // What a rehearsal that failed left running ends with it.
  process.exit()
}

function usage(): string {
  const width = Math.max(...[...rehearsals.keys()].map((name) => name.length))
  const lines = [...rehearsals].map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`,
  )
  return `npm run rehearse -- NAME… [--short]
npm run rehearse -- --all [--short]

${lines.join('')}`
}

/** Prints the figures; a broken promise makes the exit status 1. */
async function run(name: string): Promise<void> {
  const started = performance.now()
  say(`── ${name}`)
  try {
    const figures = await rehearsals.get(name)?.run({ short: values.short, say })
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    process.stdout.write(
      `${name}: ok (${seconds} s)\n${figures?.map((line) => `  ${line}\n`).join('')}`,
    )
  } catch (error) {
    process.stdout.write(
      `${name}: FAILED\n${error instanceof Error ? error.stack : String(error)}\n`,
    )
    process.exitCode = 1
  }
}

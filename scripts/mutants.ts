import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'

/*
 * Changes the code in small ways, one at a time, in a copy outside of the project, and runs the tests that reach the
 * changed place: a change that no test notices has survived. docs/mutants.md has the figures and how to read them.
 */

const USAGE = `npm run mutants -- [options]
  --files GLOB     which files to change; may be repeated (src/oauth, src/api and src/id-verification)
  --tests GLOB     which tests to run; may be repeated (test/unit)
  --sample N       only places in N windows of 10 lines, chosen at random (every place)
  --seed S         makes the choice of --sample again (1)
  --again FILE     only places of this earlier result where something survived, or was not reached or not tried
  --json FILE      where the result is written (mutants.json)
  --timeout S      seconds allowed for one change, beside twice what its tests take unchanged (10)
  --minutes M      stops after this long, with what was tried until then (600)`

const WINDOW_LINES = 10

const { values } = parseArgs({
  options: {
    files: { type: 'string', multiple: true },
    tests: { type: 'string', multiple: true },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    again: { type: 'string' },
    json: { type: 'string', default: 'mutants.json' },
    timeout: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '600' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit()
}

type Mutant = {
  file: string
  line: number
  column: number
  endLine: number
  endColumn: number
  mutatorName: string
  replacement: string
  outcome: string
}
const earlier = values.again
  ? (JSON.parse(readFileSync(values.again, 'utf8')) as {
      files: string[]
      mutants: Mutant[]
    })
  : undefined
const files =
  earlier?.files ??
  listFiles(values.files ?? ['src/{oauth,api,id-verification}/**/*.ts']).filter(
    (file) => !file.endsWith('.d.ts'),
  )
const tests = listFiles(values.tests ?? ['test/unit/*.test.ts'])
const places = earlier
  ? // A timeout is mostly a loop's whole body: what is inside of it would be tried anew with it.
    earlier.mutants
      .filter(({ outcome }) => outcome !== 'killed' && outcome !== 'timeout')
      .map(placeOf)
  : values.sample
    ? sample(files, Number(values.sample), values.seed)
    : files

type Position = { line: number; column: number }
/** The members that are read of Stryker's events. */
type Planned = {
  fileName: string
  mutatorName: string
  replacement?: string | undefined
  status?: string | undefined
  location: { start: Position; end: Position }
}
type Tested = Planned & { status: string }
const OUTCOMES: Record<string, 'killed' | 'survived' | 'not reached' | 'timeout' | undefined> = {
  Killed: 'killed',
  Survived: 'survived',
  NoCoverage: 'not reached',
  Timeout: 'timeout',
}

const started = new Date()
const dir = mkdtempSync(join(tmpdir(), 'mutants-'))
try {
  const { planned, tested } = await runStryker()
  const found = new Map(earlier?.mutants.map((each) => [keyOf(each), each]))
  // What was tried comes later, and replaces what was planned.
  for (const each of [...planned, ...tested]) {
    const { status, mutatorName, replacement = '' } = each
    const { start, end } = each.location
    const file = relative('.', each.fileName)
    const outcome = status === undefined ? 'not tried' : OUTCOMES[status]
    const place = { ...start, endLine: end.line, endColumn: end.column }
    const mutant = { file, ...place, mutatorName, replacement, outcome: outcome ?? 'invalid' }
    if (outcome !== 'not tried' || !found.has(keyOf(mutant))) found.set(keyOf(mutant), mutant)
  }
  const mutants = [...found.values()].filter(({ outcome }) => outcome !== 'invalid')
  const isTried = ({ outcome }: Mutant) => outcome !== 'not tried'
  for (const { file, line, outcome, mutatorName, replacement } of mutants.filter(isTried))
    if (outcome !== 'killed')
      console.log(`${outcome}  ${file}:${line}  ${mutatorName}  ${shorten(replacement)}`)

  const count = (folder: string, outcome: string) =>
    mutants.filter((each) => dirname(each.file) === folder && each.outcome === outcome).length
  const folders = [...new Set(mutants.map(({ file }) => dirname(file)))].sort().map((folder) => {
    const killed = count(folder, 'killed')
    const survived = count(folder, 'survived')
    const notReached = count(folder, 'not reached')
    const score = killed / (killed + survived + notReached)
    return { folder, killed, survived, notReached, timeout: count(folder, 'timeout'), score }
  })
  console.table(
    folders.map(({ score, ...each }) => ({ ...each, score: `${(100 * score).toFixed(1)} %` })),
  )
  const { sample: windows, seed } = values
  writeFileSync(
    values.json,
    `${JSON.stringify({ started, seconds: Math.round((Date.now() - started.getTime()) / 1000), files, tests, sample: windows && { windows: Number(windows), lines: WINDOW_LINES, seed }, folders, mutants }, null, 2)}\n`,
  )
  const tried = mutants.filter(isTried).length
  console.log(`${tried} of ${mutants.length} changes, written to ${values.json}`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}

/** Answers the changes that there are, and those that were tried: all, unless the time was up before. */
async function runStryker(): Promise<{ planned: Planned[]; tested: Tested[] }> {
  const events = join(dir, 'events')
  const config = join(dir, 'stryker.config.json')
  const vitestConfig = join(dir, 'vitest.config.mjs')
  const test = {
    globalSetup: ['test/support/cluster.ts'],
    include: tests,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  }
  writeFileSync(vitestConfig, `export default ${JSON.stringify({ test })}`)
  const settings = {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    // Not by `testFiles`: Stryker leaves it aside for changes that take effect when a module is loaded.
    vitest: { configFile: vitestConfig },
    mutate: places,
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: Number(values.timeout) * 1000,
    timeoutFactor: 2,
    dryRunTimeoutMinutes: 30,
    reporters: ['progress-append-only', 'event-recorder'],
    eventReporter: { baseDir: events },
    tempDirName: join(dir, 'copy'),
    cleanTempDir: 'always',
    ignorePatterns: ['.data', 'bench/results', 'chaos/results'],
    // Stryker rewrites a tsconfig by the TypeScript API, which version 7 does not have. Vitest needs none.
    tsconfigFile: 'none',
    disableTypeChecks: false,
    allowEmpty: true,
  }
  writeFileSync(config, JSON.stringify(settings))
  const bin = join(import.meta.dirname, '../node_modules/@stryker-mutator/core/bin/stryker.js')
  // A group of its own, so that its own processes end with it.
  const child = spawn(process.execPath, [bin, 'run', config], { stdio: 'inherit', detached: true })
  const stop = () => {
    if (child.pid) process.kill(-child.pid, 'SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  let isTimeUp = false
  const timer = setTimeout(() => {
    isTimeUp = true
    stop()
  }, Number(values.minutes) * 60_000)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  clearTimeout(timer)
  if (code !== 0 && !isTimeUp) throw new Error(`Stryker ended with ${code}`)
  const read = <T>(event: string) =>
    globSync(join(events, `*-${event}.json`)).map(
      (file) => JSON.parse(readFileSync(file, 'utf8')) as T,
    )
  const [plan] = read<{ mutantPlans: { mutant: Planned }[] }>('onMutationTestingPlanReady')
  // Lines and columns begin at 0 in the plan, and at 1 in what was tried.
  const next = ({ line, column }: Position) => ({ line: line + 1, column: column + 1 })
  const planned =
    plan?.mutantPlans.map(({ mutant: { fileName, mutatorName, replacement, location } }) => ({
      fileName,
      mutatorName,
      replacement,
      location: { start: next(location.start), end: next(location.end) },
    })) ?? []
  return { planned, tested: read<Tested>('onMutantTested') }
}

/** In Stryker's notation, whose columns begin at 0. */
function placeOf({ file, line, column, endLine, endColumn }: Mutant): string {
  return `${file}:${line}:${column - 1}-${endLine}:${endColumn - 1}`
}

function keyOf({ outcome: _, ...place }: Mutant): string {
  return JSON.stringify(Object.entries(place).sort())
}

function listFiles(patterns: readonly string[]): string[] {
  const found = [...new Set(patterns.flatMap((pattern) => globSync(pattern)))].sort()
  if (found.length === 0) throw new Error(`no file matches ${patterns.join(' ')}`)
  return found
}

/** Windows of lines in Stryker's notation: those whose hash with the seed is smallest. */
function sample(from: readonly string[], count: number, seed: string): string[] {
  const windows = from.flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n').length
    return Array.from(
      { length: Math.ceil(lines / WINDOW_LINES) },
      (_, index) => `${file}:${index * WINDOW_LINES + 1}-${(index + 1) * WINDOW_LINES}`,
    )
  })
  const rank = (window: string) => createHash('sha256').update(`${seed} ${window}`).digest('hex')
  return windows.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, count)
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 90 ? `${line.slice(0, 90)}…` : line
}

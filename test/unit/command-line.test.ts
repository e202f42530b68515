import { readdirSync, readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { HelpRequested, UsageError } from '../../src/cli/command.ts'
import { COMMANDS, readCommand } from '../../src/cli/commands.ts'
import { formatAnswer } from '../../src/cli/output.ts'

const NAMES = Object.keys(COMMANDS)
const NOUNS = [...new Set(NAMES.map((name) => name.split(' ')[0] ?? ''))]

function catchError(words: string[]): unknown {
  try {
    readCommand(words)
  } catch (error) {
    return error
  }
  throw new Error(`${words.join(' ')} is no error`)
}

function readHelp(...words: string[]): string {
  const error = catchError([...words, '--help'])
  if (!(error instanceof HelpRequested)) throw error
  return error.message
}

function readUsageError(...words: string[]): string {
  const error = catchError(words)
  if (!(error instanceof UsageError)) throw error
  return error.message
}

/** The lines under a heading of the help: a term, two spaces or more, its description. */
const readSection = (help: string, heading: string) =>
  (help.split(`${heading}:\n`)[1]?.split('\n\n')[0] ?? '')
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))

describe('help', () => {
  test('lists every command with a summary, and examples', () => {
    const help = readHelp()
    const lines = help.split('\n').map((line) => line.trim().split(/ {2,}/))
    for (const [name, { summary }] of Object.entries(COMMANDS))
      expect(lines).toContainEqual([name, summary])
    expect(help).toContain('--version')
    expect(help).toContain('\nExamples:\n  $ ')
  })

  test.each(NOUNS.filter((noun) => !(noun in COMMANDS)))('of %s lists its commands', (noun) => {
    const help = readHelp(noun)
    for (const name of NAMES.filter((each) => each.startsWith(`${noun} `)))
      expect(help).toMatch(new RegExp(`^ {2}${name.slice(noun.length + 1)}( \\S+)* {2,}\\w`, 'm'))
    expect(help).toContain('\nExamples:\n  $ ')
  })

  test.each(NAMES)('of %s describes each option on one line, and has an example of it', (name) => {
    const help = readHelp(...name.split(' '))
    expect(help).toContain(`Usage: npm run -s cli -- ${name} `)
    const options = readSection(help, 'Options')
    const declared = Object.keys(COMMANDS[name]?.options ?? {})
    for (const option of declared)
      expect(options.filter(([flag]) => flag?.split(' ')[0] === `--${option}`)).toHaveLength(1)
    const sandbox = COMMANDS[name]?.isOfPortal ? [] : ['--sandbox']
    const general = COMMANDS[name]?.run ? ['--json', ...sandbox, '-h, --help'] : ['-h, --help']
    expect(options).toHaveLength(declared.length + general.length)
    for (const [flag, text] of options) expect([flag, text]).toEqual([flag, expect.any(String)])
    for (const [, text] of readSection(help, 'Arguments').filter(([argument]) => argument))
      expect(text).toEqual(expect.any(String))
    const examples = readSection(help, 'Examples').map(([line]) => line ?? '')
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples)
      expect(example).toMatch(new RegExp(`^\\$ (.* \\| )?npm run -s cli -- ${name}( |$)`))
  })

  test.each(Object.entries(COMMANDS))(
    'the examples of %s are read as that command',
    (name, { examples }) => {
      for (const example of examples) {
        const words = [...(example.split(' | ').at(-1) ?? '').matchAll(/"([^"]*)"|(\S+)/g)]
        expect(readCommand(words.map(([, quoted, bare]) => quoted ?? bare ?? '')).name).toBe(name)
      }
    },
  )

  test('shows defaults, and they are applied', () => {
    expect(readHelp('registration-token', 'create')).toMatch(/--days <days> .*\(default: 7\)/)
    expect(readCommand(['registration-token', 'create']).values).toMatchObject({ days: '7' })
    expect(readHelp('client', 'create')).toMatch(/--type <type> .*\(default: web\)/)
  })
})

test('the commands of the README and of docs/ are read', () => {
  const root = new URL('../../', import.meta.url)
  const docs = readdirSync(new URL('docs/', root)).filter((name) => name.endsWith('.md'))
  const commands = ['README.md', ...docs.map((name) => `docs/${name}`)].flatMap((file) => {
    const text = readFileSync(new URL(file, root), 'utf8').replace(/\\\n\s*/g, ' ')
    // As an installation on one machine calls them.
    const calls = text.matchAll(
      /(?:npm run -s cli --|^(?:.* )?portal(?= [a-z-]+ [a-z-]+ -)) ([^\n`]+)/gm,
    )
    return [...calls].map(([, command = '']) => command)
  })
  expect(commands.length).toBeGreaterThan(20)
  for (const command of commands) {
    const plain = command.replace(/\[.*?\]/g, '').replace(/ [#|>].*|[;)].*/, '')
    const words = [...plain.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    const read = () =>
      readCommand(words.map(([, double, single, bare]) => double ?? single ?? bare ?? ''))
    if (plain.includes('--help')) expect(read).toThrow(HelpRequested)
    else if (!/^(…|NOUN)/.test(plain)) expect(read).not.toThrow()
  }
})

test('--version prints the version of the package', () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  const error = catchError(['--version'])
  expect(error).toBeInstanceOf(HelpRequested)
  expect((error as Error).message).toBe(`${version}\n`)
})

describe('wrong usage', () => {
  test.each([
    [['dance'], "unknown command 'dance'", ''],
    [['dance', 'list', '--help'], "unknown command 'dance'", ''],
    [['client', 'dance'], "unknown command 'dance'", 'client '],
    [['client', 'list', '--nonsense'], "unknown option '--nonsense'", 'client list '],
    [
      ['key', 'retire', '-s39'],
      "unknown option '-s39': put -- before an argument that begins with a dash",
      'key retire ',
    ],
    [['client', 'create'], "required option '--name <name>' not specified", 'client create '],
    [['client', 'show'], "missing required argument 'id'", 'client show '],
    [['client', 'show', 'a', 'b'], /^too many arguments for 'show'/, 'client show '],
    [['event', 'list', '--client'], "option '--client <id>' argument missing", 'event list '],
    [['event', 'list', '--client', '--undelivered'], /The value is missing\.$/, 'event list '],
    [['tenant', 'set', 'a', '--trusted', 'maybe'], /It is yes or no\.$/, 'tenant set '],
    [['toString'], "unknown command 'toString'", ''],
  ])('%j says what is wrong, and how to see the help', (words, what, name) => {
    const [first, second, ...more] = readUsageError(...words).split('\n')
    expect(first).toEqual(typeof what === 'string' ? what : expect.stringMatching(what))
    expect([second, more]).toEqual([`See: npm run -s cli -- ${name}--help`, []])
  })

  test('a word that is nearly right is suggested', () => {
    expect(readUsageError('client', 'lst')).toContain('(Did you mean list?)')
    expect(readUsageError('client', 'list', '--jsn')).toContain('(Did you mean --json?)')
  })

  test('without a command, or without its verb, the help is what is missing', () => {
    expect(`${readUsageError()}\n`).toBe(readHelp().replace(/\n+$/, '\n'))
    expect(`${readUsageError('client')}\n`).toBe(readHelp('client').replace(/\n+$/, '\n'))
  })

  test('found while a command runs, it says the same, and nothing is recorded', async () => {
    const { run } = readCommand(['verification', 'review', 'id', '--reason', 'abc'])
    const noParts = {} as Parameters<typeof run>[0]
    await expect(run(noParts)).rejects.toThrow(
      'a review is one of --accept, --reject and --again\nSee: npm run -s cli -- verification review --help',
    )
  })
})

test('an option may stand before or after the arguments, and a list grows', () => {
  const { values } = readCommand([
    ...['client', 'update', '--redirect-uri', 'https://a.example', 'ID', 'https://b.example'],
    ...['--redirect-uri=https://c.example', '--json', '--purpose', ''],
  ])
  expect(values).toMatchObject({
    'redirect-uri': ['https://a.example', 'https://c.example'],
    json: true,
    purpose: '',
  })
  expect(values.name).toBeUndefined()
})

describe('a list', () => {
  const ID = '0e9ea1a5-1a80-4d4f-8c64-2a2c6a3c8f0e'
  const rows = [
    {
      id: ID,
      name: 'Bluewater\u001b[2J Bank',
      createdAt: new Date('2026-03-01T12:00:00Z'),
      note: null,
      scopes: ['a', 'b'],
    },
    { id: ID, name: 'x'.repeat(200), createdAt: new Date(0), note: 'words', scopes: [] },
  ]
  const table = (width: number, columns?: string[]) =>
    stripVTControlCharacters(formatAnswer(rows, { width, columns })).split('\n')

  test('is a table on a terminal, within its width', () => {
    const [head = '', ...lines] = table(120)
    expect(head.trim().split(/ {2,}/)).toEqual(['id', 'name', 'createdAt', 'note', 'scopes'])
    expect(lines).toHaveLength(3)
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(120)
    expect(lines[0]).toContain('2026-03-01T12:00:00.000Z  -      a, b')
    expect(lines[1]).toMatch(/x…/)
    const starts = (line = '') => [line.indexOf('2026'), line.indexOf('1970')].find((at) => at > 0)
    expect(starts(lines[0])).toBe(head.indexOf('createdAt'))
    expect(starts(lines[1])).toBe(head.indexOf('createdAt'))
  })

  test('keeps ids whole where the terminal is narrow', () => {
    for (const line of table(20).slice(1, 3)) expect(line).toContain(ID)
  })

  test('shows the columns of its command, and escapes what a terminal acts on', () => {
    const [head, first] = table(300, ['name', 'missing'])
    expect(head?.trim().split(/ {2,}/)).toEqual(['name', 'missing'])
    expect(first).toContain('Bluewater\\u001b[2J Bank')
    const text = formatAnswer([{ name: 'a\u001b]0;x\u0007\u202e\nb' }], { width: 80 })
    expect(stripVTControlCharacters(text).replaceAll('\n', '')).not.toMatch(/\p{C}/u)
    expect(text.split('\n')).toHaveLength(3)
  })

  test('is lines of names and values elsewhere, one JSON document with --json, and says when it is empty', () => {
    expect(stripVTControlCharacters(formatAnswer([{ a: 1 }, { a: 2 }]))).toBe('a  1\n\na  2\n')
    expect(JSON.parse(formatAnswer(rows, { json: true, width: 80 }))).toHaveLength(2)
    expect(formatAnswer([], { width: 80 })).toBe('none\n')
  })

  test('one answer stays lines on a terminal', () => {
    expect(stripVTControlCharacters(formatAnswer({ a: 1 }, { width: 80 }))).toBe('a  1\n')
  })
})

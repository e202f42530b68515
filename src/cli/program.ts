import { type CommanderError, InvalidArgumentError, Option, Command as Parser } from 'commander'
import { readVersion } from '../platform/version.ts'
import {
  type Command,
  HelpRequested,
  joinChoices,
  type Noun,
  type OptionSpec,
  UsageError,
  type Values,
} from './command.ts'

const PROGRAM = 'npm run -s cli --'
const EXAMPLES = [
  'client create --help',
  'resident list',
  'verification list --review --json',
  'client list --sandbox',
  'doctor',
]

export type Nouns = Readonly<Record<string, Noun | Command>>
export type Parsed = { name: string; command: Command; values: Values; args: string[] }

/** Reads the words of the command line. Throws UsageError, or HelpRequested when help or the version was requested. */
export function parseWords(nouns: Nouns, words: readonly string[]): Parsed {
  const [noun] = words
  // The parser would answer `dance --help` with the help of everything, as if there were such a command.
  if (noun !== undefined && !noun.startsWith('-') && !Object.hasOwn(nouns, noun))
    throw usageError('', `unknown command '${noun}'`)
  const parsed: Parsed[] = []
  createParser(nouns, (each) => parsed.push(each)).parse(words, { from: 'user' })
  const [first] = parsed
  if (!first) throw new Error('the parser ended without a command')
  return first
}

/** Wrong usage, with the way to the help of the command. */
export const usageError = (name: string, message: string): UsageError =>
  new UsageError(`${message}\nSee: ${[PROGRAM, name].filter(Boolean).join(' ')} --help`)

type OnParsed = (parsed: Parsed) => void

function createParser(nouns: Nouns, onParsed: OnParsed): Parser {
  const root = new Parser(PROGRAM)
  configure(root, '')
    .description('Runs the identity portal, and what its operator does.')
    .usage('COMMAND [options]')
    .option('--version', 'print the version')
    .on('option:version', () => {
      throw new HelpRequested(`${readVersion()}\n`)
    })
    .configureHelp({
      // Every command at once, by its noun.
      visibleCommands: () =>
        root.commands.flatMap((each) => (each.commands.length > 0 ? each.commands : [each])),
      subcommandTerm: (command) => nameOf(command, root),
    })
    .addHelpText('after', formatExamples(EXAMPLES))
    // It would compare with the verbs.
    .showSuggestionAfterError(false)
  for (const [name, entry] of Object.entries(nouns))
    if ('commands' in entry) addNoun(root, name, entry, onParsed)
    else addCommand(root, name, { name, command: entry, group: 'The portal:' }, onParsed)
  return root
}

function addNoun(root: Parser, noun: string, { summary, commands }: Noun, onParsed: OnParsed) {
  const group = `${summary}:`
  const parser = configure(root.command(noun), noun)
    .description(`${summary}.`)
    .usage('COMMAND [options]')
    .helpGroup(group)
    .showSuggestionAfterError(true)
    .configureHelp({
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map(formatArgument)].join(' '),
    })
    .addHelpText(
      'after',
      formatExamples(Object.values(commands).flatMap(({ examples }) => examples.slice(0, 1))),
    )
  for (const [verb, command] of Object.entries(commands))
    addCommand(parser, verb, { name: `${noun} ${verb}`, command, group }, onParsed)
}

const formatArgument = (argument: { name(): string; required: boolean; variadic: boolean }) => {
  const name = argument.variadic ? `${argument.name()}...` : argument.name()
  return argument.required ? `<${name}>` : `[${name}]`
}

function addCommand(
  parent: Parser,
  word: string,
  { name, command, group }: { name: string; command: Command; group: string },
  onParsed: OnParsed,
) {
  const parser = configure(parent.command(word), name)
    .description(`${command.summary}.`)
    .summary(command.summary)
    .helpGroup(group)
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
    .addHelpText('after', formatExamples(command.examples))
  for (const [argument, text] of Object.entries(command.arguments ?? {}))
    parser.argument(argument, text)
  const options: Record<string, OptionSpec> = { ...command.options }
  // A command without `run` goes on until it is stopped, and answers nothing.
  if (command.run) {
    options.json = { text: 'print one JSON document' }
    if (!command.isOfPortal) options.sandbox = { text: 'in the sandbox, instead of the portal' }
  }
  for (const [long, spec] of Object.entries(options)) parser.addOption(toOption(long, spec, parser))
  parser.action(() =>
    onParsed({
      name,
      command,
      values: Object.fromEntries(
        parser.options.map((option) => [
          option.name(),
          parser.getOptionValue(option.attributeName()) as Values[string],
        ]),
      ),
      args: parser.args,
    }),
  )
}

function toOption(name: string, spec: OptionSpec, parser: Parser): Option {
  const flags = spec.value === undefined ? `--${name}` : `--${name} <${spec.value}>`
  const notes = [
    spec.required ? 'required' : '',
    spec.isList ? 'repeatable' : '',
    spec.default === undefined ? '' : `default: ${spec.default}`,
  ].filter(Boolean)
  const text = notes.length > 0 ? `${spec.text} (${notes.join('; ')})` : spec.text
  const option = new Option(flags, text).makeOptionMandatory(spec.required === true)
  if (spec.value === undefined) return option
  if (spec.default !== undefined) option.default(spec.default)
  return option.argParser((value, before: string[] | string | undefined) => {
    // `--name --scope openid` lacks the name.
    if (parser.options.some(({ long }) => long === value))
      throw new InvalidArgumentError('The value is missing.')
    if (spec.choices && !spec.choices.includes(value))
      throw new InvalidArgumentError(`It is ${joinChoices(spec.choices)}.`)
    return spec.isList ? [...(Array.isArray(before) ? before : []), value] : value
  })
}

const helpWidth = () => process.stdout.columns || 120

/** Makes the parser throw what this module promises, and write nothing. */
function configure(parser: Parser, name: string): Parser {
  let written = ''
  const write = (text: string) => {
    written += text
  }
  return parser
    .helpCommand(false)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ optionDescription: (option) => option.description })
    .configureOutput({
      writeOut: write,
      writeErr: write,
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
    })
    .exitOverride((error: CommanderError) => {
      if (error.code === 'commander.helpDisplayed') throw new HelpRequested(written)
      // A noun without its verb.
      if (error.code === 'commander.help') throw new UsageError(written.trimEnd())
      const message = error.message.replace(/^error: /, '')
      // No option has a single dash: it is an argument, such as the id of a key.
      const hint = /^unknown option '-[^-]/.test(message)
        ? ': put -- before an argument that begins with a dash'
        : ''
      throw usageError(name, message + hint)
    })
}

function nameOf(command: Parser, root: Parser): string {
  const { parent } = command
  return parent && parent !== root ? `${parent.name()} ${command.name()}` : command.name()
}

const formatExamples = (examples: readonly string[]) =>
  `\nExamples:\n${examples.map((example) => `  $ ${withProgram(example)}\n`).join('')}`

/** Of a pipeline, the part before the last bar feeds the command. */
function withProgram(example: string): string {
  const bar = example.lastIndexOf(' | ')
  return bar < 0
    ? `${PROGRAM} ${example}`
    : `${example.slice(0, bar)} | ${PROGRAM} ${example.slice(bar + 3)}`
}

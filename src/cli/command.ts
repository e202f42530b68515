import type { AppContext } from '../context.ts'
import { OperatorError } from '../platform/errors.ts'

/** The command line was used wrongly: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Help or the version was requested; the message is the text to print. Exit status 0. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested'
}

export type CommandContext = AppContext & {
  issuer: string | undefined
  /** The configured issuer of the sandbox; for a command in the sandbox, the portal's. */
  otherIssuer?: string | undefined
  /** Opens the sandbox, which the caller closes. `undefined`: there is none, or this is it. */
  openSandbox?: (() => Promise<AppContext>) | undefined
}

export type OptionSpec = {
  text: string
  /** What the help shows in the place of the value. Without it, the option is a switch. */
  value?: string
  required?: boolean
  /** May be given several times. */
  isList?: boolean
  choices?: readonly string[]
  default?: string
}

type Value = string | boolean | string[] | undefined
/** The values given, by the option's name. */
export type Values<Name extends string = string> = Readonly<Partial<Record<Name, Value>>>

export type CommandOf<Name extends string> = {
  summary: string
  /** It changes nothing. Every other command is recorded as an operator's action. */
  isReadOnly?: true
  /** It is for what the sandbox does not have: it has no option `--sandbox`. */
  isOfPortal?: true
  /** In order, as `<id>`, `[id]` or `[id...]`, each with its description. */
  arguments?: Readonly<Record<string, string>>
  options?: Readonly<Record<Name, OptionSpec>>
  /** Without the program's name. */
  examples: readonly string[]
  /** Absent for the commands that `main.ts` runs, because they open their own parts. */
  run?(context: CommandContext, values: Values<Name>, args: string[]): Promise<unknown>
  /** The columns of the table that a terminal shows of a list. */
  columns?: readonly string[]
  /** The answer as text for people, where lines of names and values are not enough. */
  show?(answer: never): string
}
export type Command = CommandOf<string>

/** Commands by their verb. */
export type Noun = { summary: string; commands: Readonly<Record<string, Command>> }

/** Checks that `run` reads only options that the command declares. */
export const defineCommand = <const Name extends string = never>(
  command: CommandOf<Name>,
): Command => command

/** The choices as a sentence names them: `yes or no`, `a, b or c`. */
export const joinChoices = (choices: readonly string[]): string =>
  [choices.slice(0, -1).join(', '), choices.at(-1)].filter(Boolean).join(' or ')

/** Throws UsageError when the option is missing or empty. */
export function requireOption<Name extends string>(
  values: Values<Name>,
  name: NoInfer<Name>,
): string {
  const value = getOption(values, name)
  if (!value) throw new UsageError(`--${name} is missing`)
  return value
}

export function getOption<Name extends string>(
  values: Values<Name>,
  name: NoInfer<Name>,
): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

export function getList<Name extends string>(
  values: Values<Name>,
  name: NoInfer<Name>,
): string[] | undefined {
  const value = values[name]
  return Array.isArray(value) ? value : undefined
}

/** The first argument. Throws UsageError when it is missing or empty. */
export function requireId([id]: readonly string[], what: string): string {
  if (!id) throw new UsageError(`the ${what} is missing: give its id`)
  return id
}

/** Throws OperatorError when nothing was found. */
export function requireFound<T>(value: T | undefined | false, what: string): T {
  if (value === undefined || value === false) throw new OperatorError(`There is no such ${what}.`)
  return value
}

import { escapeForTerminal } from '../web/terminal-text.ts'
import { alert } from './alert.ts'
import { application } from './application.ts'
import { backup } from './backup.ts'
import { securityCase } from './case.ts'
import { client } from './client.ts'
import { type Command, type CommandContext, UsageError, type Values } from './command.ts'
import { delivery } from './delivery.ts'
import { demo } from './demo.ts'
import { developer } from './developer.ts'
import { doctor } from './doctor.ts'
import { event } from './event.ts'
import { issuer } from './issuer.ts'
import { job } from './job.ts'
import { key } from './key.ts'
import { ledger } from './ledger.ts'
import { migrate } from './migrate.ts'
import { operator } from './operator.ts'
import { formatAnswer } from './output.ts'
import { policy } from './policy.ts'
import { type Nouns, parseWords, usageError } from './program.ts'
import { registrationToken } from './registration-token.ts'
import { resident } from './resident.ts'
import { retention } from './retention.ts'
import { serve } from './serve.ts'
import { tenant } from './tenant.ts'
import { vendor } from './vendor.ts'
import { verification } from './verification.ts'

/** Every command; in the order of the help. These files load what a command needs only when it runs. */
const NOUNS: Nouns = {
  serve,
  demo,
  migrate,
  doctor,
  client,
  application,
  developer,
  event,
  'registration-token': registrationToken,
  resident,
  verification,
  alert,
  delivery,
  job,
  vendor,
  tenant,
  case: securityCase,
  ledger,
  operator,
  policy,
  retention,
  key,
  issuer,
  backup,
}

/** Every command by its whole name, `NOUN VERB` or one word. */
export const COMMANDS: Readonly<Record<string, Command>> = Object.fromEntries(
  Object.entries(NOUNS).flatMap(([noun, entry]): [string, Command][] =>
    'commands' in entry
      ? Object.entries(entry.commands).map(([verb, command]) => [`${noun} ${verb}`, command])
      : [[noun, entry]],
  ),
)

export type Invocation = {
  name: string
  values: Values
  /** The one way to run a command: what changes something is recorded as the operator's action. */
  run(context: CommandContext): Promise<unknown>
  /** What is printed of the answer; `width` is that of the terminal, if there is one. */
  format(answer: unknown, width?: number): string
}

/** Reads the words of the command line before anything is opened. Throws UsageError or HelpRequested. */
export function readCommand(words: readonly string[]): Invocation {
  const { name, command, values, args } = parseWords(NOUNS, words)
  const json = values.json === true
  return {
    name,
    values,
    format: (answer, width) =>
      command.show && !json
        ? escapeForTerminal(command.show(answer as never), { lines: true })
        : formatAnswer(answer, { json, width, columns: command.columns }),
    async run(context) {
      if (!command.run) throw new Error(`${name} opens its own parts`)
      const answer = await command.run(context, values, args).catch((error: unknown) => {
        throw error instanceof UsageError ? usageError(name, error.message) : error
      })
      if (!command.isReadOnly) {
        const { recordOperatorAction } = await import('../web/security-events.ts')
        await recordOperatorAction(context.db, { action: name, subject: subjectOf(answer) })
      }
      return answer
    },
  }
}

/** The id of what a command was about, from its answer; never a name or an address. */
function subjectOf(answer: unknown): string | undefined {
  const { client_id, id, kid } = (answer ?? {}) as Record<string, unknown>
  const subject = [client_id, id, kid].find((value) => typeof value === 'string')
  return subject !== undefined && /^[\w-]{1,64}$/.test(String(subject))
    ? String(subject)
    : undefined
}

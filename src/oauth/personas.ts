import type { SignIn } from '../accounts/sign-in.ts'
import type { SecurityEvents } from '../web/security-events.ts'

/** An invented person of the sandbox, as its sign-in page offers it. */
export type OfferedPersona = {
  accountId: string
  /** Stable: programs name it. */
  kind: string
  givenName: string
  surname: string
  /** What an application meets, in English. */
  summary: string
}

/**
 * Who can sign in to the sandbox: the personas of one team. Passed in, because this folder does not import `personas/`. Where it is
 * missing, people sign in with what they know and have.
 */
export type Personas = {
  /** The personas of the team that owns the client, created where they are missing. */
  listForClient(clientId: string): Promise<OfferedPersona[]>
  /** The team of this id, or the shared one where there is no such team in the sandbox. */
  findTeam(teamId: unknown): Promise<string>
  listForTeam(teamId: string): Promise<OfferedPersona[]>
  /** The persona that an account is. */
  find(accountId: string): Promise<OfferedPersona | undefined>
  /** Whether this account is a persona of the team that owns the client. */
  isOf(of: { accountId: string; clientId: string }): Promise<boolean>
}

/** Signs in as the persona that the form names. Those of other teams are not among the offered ones. */
export function authenticatePersona(
  { security }: { security: SecurityEvents },
  given: { offered: readonly OfferedPersona[]; form: Record<string, unknown>; address: string },
): SignIn {
  const { offered, form, address } = given
  const persona = offered.find(({ kind }) => kind === form.persona)
  const method = 'persona'
  if (!persona) return { outcome: 'failed', status: 401, error: ({ sandbox }) => sandbox.unknown }
  const { accountId } = persona
  security.emit('sign_in_succeeded', { accountId, method, address })
  return { outcome: 'signed-in', accountId, method }
}

/**
 * The kind that the sign-in page has chosen: that of the `login_hint`, which is a kind alone or before an `@`; that of the persona who was
 * signed in before; else the first.
 */
export function preselect(
  offered: readonly OfferedPersona[],
  { hint, before }: { hint?: unknown; before?: string | undefined },
): string | undefined {
  // The address of a persona has its team after the kind.
  const hinted = typeof hint === 'string' ? /^[^.@]*/.exec(hint)?.[0] : undefined
  const chosen =
    offered.find(({ kind }) => kind === hinted) ??
    offered.find(({ accountId }) => accountId === before) ??
    offered[0]
  return chosen?.kind
}

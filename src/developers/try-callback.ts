import type { Context } from 'hono'
import { html } from 'hono/html'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { developerPage } from './frame.ts'
import { findMembership, includesRole } from './teams.ts'
import { type Callback, changeRun, findRunByState, type Run } from './try-runs.ts'
import type { TryParts } from './try-sender.ts'
import { tryPath } from './try-start-page.ts'

/** The redirect address of the clients that try applications. Of no other: they alone have it registered, in the sandbox. */
export const CALLBACK_PATH = '/developers/try/callback'

const KNOWN = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri']
const LONGEST = 2000

/** Takes the answer of the authorization server for the run that waits for it, and leads back to the run, so that the code leaves the address. */
export async function answerCallback(parts: TryParts, c: Context<PageEnv>): Promise<Response> {
  const { db, guard } = parts
  const resident = await guard.findResident(c)
  if (!resident) return refuse(parts, c, REFUSALS.signedOut)
  const parameters = readParameters(c.req.queries())
  if (!parameters) return refuse(parts, c, REFUSALS.repeated)
  const { state } = parameters
  if (!state) return refuse(parts, c, REFUSALS.noState)
  const owner = await findRunByState(db, state)
  if (!owner) return refuse(parts, c, REFUSALS.unknownState)
  const accountId = resident.account.id
  const isOwn = owner.accountId === accountId && owner.sessionUid === resident.session.uid
  if (!isOwn) return refuse(parts, c, REFUSALS.otherSession)
  const { id, teamId, applicationId } = owner
  const team = await findMembership(db, { teamId, accountId })
  if (!team || team.isSuspended || !includesRole(team.role, 'developer'))
    return refuse(parts, c, REFUSALS.noMember)
  const outcome = await changeRun(parts, { owner, id }, async (run) =>
    receive(run, parameters, parts.sandbox.issuer),
  )
  if (outcome === undefined) return refuse(parts, c, REFUSALS.unknownState)
  if (outcome === 'busy') return refuse(parts, c, REFUSALS.busy)
  return c.redirect(`${tryPath(teamId, applicationId)}/${id}#callback`, 303)
}

/** The known parameters; `undefined` where one is there twice (RFC 6749 §3.1). */
function readParameters(queries: Record<string, string[]>): Record<string, string> | undefined {
  const known = KNOWN.map((name): [string, string[]] => [name, queries[name] ?? []])
  if (known.some(([, values]) => values.length > 1)) return undefined
  return Object.fromEntries(
    known.flatMap(([name, [value]]) =>
      value === undefined ? [] : [[name, value.slice(0, LONGEST)]],
    ),
  )
}

function receive(run: Run, parameters: Record<string, string>, issuer: string): Run {
  if (run.callback) return { ...run, callback: { ...run.callback, isRepeated: true } }
  const refused = refusalOf(parameters, issuer)
  const callback: Callback = { parameters, ...(refused ? { refused } : {}) }
  return { ...run, callback }
}

function refusalOf(
  { iss, code, error }: Record<string, string>,
  issuer: string,
): Callback['refused'] {
  // RFC 9207 §2.4: the server says that it sends `iss`, so an answer without it is refused too.
  if (iss !== issuer) return 'issuer'
  return code || error ? undefined : 'no-code'
}

/** Why an answer belongs to no run of this browser, and what to do. */
const REFUSALS = {
  signedOut: [
    401,
    'Nobody is signed in at the console in this browser, so this answer belongs to no run.',
  ],
  repeated: [
    400,
    'A parameter is in the address twice. Such an answer is refused (RFC 6749 §3.1).',
  ],
  noState: [
    400,
    'The answer has no state. Without it, anybody could lead this browser here with a code of their own (RFC 6749 §10.12).',
  ],
  unknownState: [
    400,
    'No run waits for an answer with this state: it is wrong, its run has expired after an hour, or the run has asked again since.',
  ],
  otherSession: [
    403,
    'Another session began the run that waits for this answer. An answer counts only in the browser that asked.',
  ],
  noMember: [403, 'You are no developer of the team that this run belongs to any more.'],
  busy: [503, 'A request of this run is under way. Reload this page in a moment.'],
} as const satisfies Record<string, readonly [status: number, why: string]>

function refuse(
  { issuer }: TryParts,
  c: Context<PageEnv>,
  [status, why]: (typeof REFUSALS)[keyof typeof REFUSALS],
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  return c.html(
    developerPage(c.var.reader, {
      title: 'Not accepted',
      body: html`<h1>This answer was not accepted</h1><p class="lead">${why}</p>
<p>Nothing of it was used. An application does the same: it shows a page like this one, and lets the person begin again.</p>
<p><a href="/developers">Back to the console</a></p>`,
    }),
    status,
  )
}

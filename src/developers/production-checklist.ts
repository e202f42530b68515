import { findStream } from '../events/streams.ts'
import type { Sql } from '../platform/db.ts'
import { listRequests } from '../request-log/store.ts'

export type Step = { text: string; isDone: boolean }

/** What an application should have tried in the sandbox before residents use it, as far as the log of the last days shows it. */
export async function listSteps(sandbox: Sql, clientId: string): Promise<Step[]> {
  const [requests, stream] = await Promise.all([
    listRequests(sandbox, { clientId, limit: 500 }),
    findStream(sandbox, clientId),
  ])
  const hasOne = (is: (request: (typeof requests)[number]) => boolean) => requests.some(is)
  const isSuccess = ({ status }: { status: number }) => status >= 200 && status < 300
  return [
    {
      text: 'A persona signed in, and the code was redeemed.',
      isDone: hasOne((each) => each.endpoint === 'token' && isSuccess(each)),
    },
    {
      text: 'Its documents, or what else the application may see, were read.',
      // Operations of the API that read are called so in the OpenAPI document.
      isDone: hasOne((each) => /^(get|userinfo$)/.test(each.endpoint) && isSuccess(each)),
    },
    {
      text: 'It met an error, such as a consent that was refused.',
      isDone: hasOne(({ error, status }) => error !== null || status >= 400),
    },
    { text: 'Events have an endpoint, or are polled.', isDone: stream !== undefined },
  ]
}

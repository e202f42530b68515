import {
  API,
  addClient,
  addResident,
  callApi,
  connect,
  DETAILS,
  deliver,
  IMAGES,
  type Resident,
  startSession,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import type { Target } from './target.ts'

const JOHN = { firstName: 'JOHN', lastName: 'SMITH', dateOfBirth: '1970-01-01' }
const CLAIMS = JSON.stringify({
  userinfo: {
    verified_claims: {
      verification: {
        trust_framework: null,
        evidence: [{ type: { value: 'document' }, document_details: null }],
      },
      claims: { given_name: null, family_name: null, birthdate: null },
    },
  },
})

/** What an application can read about this resident, on both web processes. */
async function watch(target: Target) {
  const { resident, tokens } = await connect(target, { more: { claims: CLAIMS } })
  const token = tokens.access_token
  const onBoth = (path: string) =>
    Promise.all(target.webs.map(async (web) => (await callApi(web, token, path)).body))
  return {
    resident,
    async seen() {
      const bodies = [...(await onBoth(API)), ...(await onBoth('/api/oauth/userinfo'))]
      return {
        ids: bodies.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])),
        isAttested: bodies.some((body) => body.verified_claims !== undefined),
      }
    },
  }
}

async function approve(target: Target, resident: Resident, change: object = {}) {
  const session = await startSession(target, resident)
  const state = await deliver(target, session, change)
  control(state === 'applied', `the decision is applied (${state})`)
  return session
}

async function tryDocumentOf(target: Target, change: object) {
  const { resident, seen } = await watch(target)
  await approve(target, resident, change)
  const { ids, isAttested } = await seen()
  return judge(
    [ids.length > 0, 'an application is shown the document'],
    [isAttested, 'the document is attested as the resident’s'],
  )
}

export const identityAttacks: Attack<Target>[] = [
  {
    area: 'identity',
    name: 'a signed approval of another person’s document is shown or attested as the resident’s',
    async run(target) {
      const right = await watch(target)
      await approve(target, right.resident)
      const own = await right.seen()
      control(own.ids.length === 2 && own.isAttested, 'the resident’s own document is shown')
      return tryDocumentOf(target, { person: JOHN })
    },
  },
  {
    area: 'identity',
    name: 'a signed approval without a name counts as the resident’s',
    run: (target) => tryDocumentOf(target, { person: {}, document: { type: 'PASSPORT' } }),
  },
  {
    area: 'identity',
    name: 'another person’s document replaces the right one that was approved before',
    async run(target) {
      const { resident, seen } = await watch(target)
      const right = await approve(target, resident)
      const wrong = await approve(target, resident, { person: JOHN })
      const { ids } = await seen()
      return judge(
        [ids.includes(wrong.id), 'the other person’s document is shown'],
        [ids.some((id) => id !== right.id), 'not the right document is shown'],
      )
    },
  },
  {
    area: 'identity',
    name: 'an approved attempt of the resident changes to another person’s and is still shown',
    async run(target) {
      const { resident, seen } = await watch(target)
      const session = await approve(target, resident)
      control((await seen()).ids.length === 2, 'the resident’s own document is shown')
      const decisionTime = new Date(Date.now() + 1000).toISOString()
      await deliver(target, session, { person: JOHN, decisionTime })
      return judge([(await seen()).ids.length > 0, 'it is still shown'])
    },
  },
  {
    area: 'identity',
    name: 'a vendor’s decision with another session’s data changes either session',
    async run(target) {
      const [mine, other] = [await watch(target), await watch(target)]
      const session = await startSession(target, mine.resident)
      const theirs = await startSession(target, other.resident)
      const state = await deliver(target, session, { vendorData: theirs.id })
      const shown = [...(await mine.seen()).ids, ...(await other.seen()).ids]
      return judge(
        [state === 'applied', 'the decision is applied'],
        [shown.length > 0, 'a document is shown'],
      )
    },
  },
  {
    area: 'identity',
    name: 'a name, birth date and address are read without a row in the ledger',
    async run(target) {
      const resident = await addResident(target)
      const client = await addClient(target, { scope: `openid ${DETAILS} ${IMAGES}` })
      const scope = `openid ${DETAILS}`
      const { tokens } = await connect(target, { resident, client, scope })
      const rows = async () => {
        const words = ['ledger', 'list', '--resident', resident.id]
        const entries = await target.run<{ kind: string }[]>(...words)
        return entries.filter(({ kind }) => kind === 'disclosure').length
      }
      const before = await rows()
      for (const web of target.webs) {
        const path = '/api/v1/me/natural-person'
        const { status } = await callApi(web, tokens.access_token, path)
        control(status === 200, 'an application with the scope reads the details')
      }
      const added = (await rows()) - before
      return judge([added !== 2, `two reads left ${added} rows`])
    },
  },
]

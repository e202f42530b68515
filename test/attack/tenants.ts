import { randomUUID } from 'node:crypto'
import {
  API,
  addClient,
  addResident,
  callApi,
  connect,
  deliver,
  obtainServiceToken,
  type Resident,
  type Session,
  send,
  signIn,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import type { Target } from './target.ts'

const IDV = '/api/v1/idv/verifications'
const SUBJECTS = '/api/v1/idv/subjects'

type Body = Record<string, unknown>
async function call(url: string, token: string, json?: object, method = json ? 'POST' : 'GET') {
  const answer = await send(url, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(json ? { body: JSON.stringify(json) } : {}),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    text,
    body: (text.startsWith('{') ? JSON.parse(text) : {}) as Body,
  }
}

/** A tenant with an integration of its own, its secret, and a token of its back office. */
async function createTenant(target: Target) {
  const name = `t-${randomUUID().slice(0, 8)}`
  const integration = await target.vendor.addIntegration({ tenant: name })
  await target.run('tenant', 'set', name, '--display-name', `Tenant ${name}`)
  const token = await obtainServiceToken(target, name)
  return {
    name,
    token,
    trust: (trusted: 'yes' | 'no') => target.run('tenant', 'set', name, '--trusted', trusted),
    start: (given: object) =>
      call(`${target.issuer}${IDV}`, token, { vendor: 'veriff', integration: name, ...given }),
    async approve(externalId: string = randomUUID()) {
      const started = await this.start({ externalId })
      control(started.status === 201, `a tenant starts a session of its own (${started.status})`)
      const id = String(started.body.id)
      const [row] = await target.parts.db<{ vendorSessionId: string }[]>`
        select vendor_session_id from verification where id = ${id}`
      const session: Session = { id, sessionId: row?.vendorSessionId ?? '' }
      const state = await deliver(target, session, {}, integration)
      control(state === 'applied', `a tenant's decision is applied (${state})`)
      return { id, subjectId: String(started.body.subjectId) }
    },
    async link(resident: Resident, subjectId: string) {
      const asked = await call(`${target.issuer}${SUBJECTS}/${subjectId}/link`, token, {})
      control(asked.status === 201, 'a tenant asks for a link')
      const { browser } = await signIn(target, resident.email)
      await browser.submit(await browser.open(String(asked.body.url)), 'link')
    },
  }
}

async function watch(target: Target) {
  const { resident, tokens } = await connect(target, {
    client: await addClient(target, { subjectType: 'public' }),
  })
  const shown = async () => {
    const answers = await Promise.all(target.webs.map((web) => callApi(web, tokens.access_token)))
    control(
      answers.every(({ status }) => status === 200),
      'an application asks',
    )
    return answers.flatMap(({ body }) => (typeof body.id === 'string' ? [body.id] : []))
  }
  return { resident, shown }
}

export const tenantAttacks: Attack<Target>[] = [
  {
    area: 'tenants',
    name: 'a tenant starts a session for a resident whose `sub` it knows',
    async run(target) {
      const tenant = await createTenant(target)
      const resident = await addResident(target)
      const [named, guessed] = [
        await tenant.start({ subjectId: resident.id }),
        await tenant.start({ subjectId: randomUUID() }),
      ]
      return judge(
        [named.status < 400, 'the session is started'],
        [
          named.status !== guessed.status || named.text !== guessed.text,
          'the answer differs from the one to a guessed id',
        ],
        [/Ana|Mejia/.test(named.text), 'the answer names the resident'],
      )
    },
  },
  {
    area: 'tenants',
    name: 'a tenant calls its own subject by a resident’s `sub` and approves it with its own secret',
    async run(target) {
      const tenant = await createTenant(target)
      await tenant.trust('yes')
      const { resident, shown } = await watch(target)
      const { subjectId } = await tenant.approve(resident.id)
      return judge(
        [(await shown()).length > 0, 'applications are shown the tenant’s document'],
        [subjectId === resident.id, 'the subject is the resident'],
      )
    },
  },
  {
    area: 'tenants',
    name: 'a trusted tenant’s verification counts for a resident who did not link it',
    async run(target) {
      const tenant = await createTenant(target)
      await tenant.trust('yes')
      const { resident, shown } = await watch(target)
      const { id, subjectId } = await tenant.approve()
      const before = await shown()
      await tenant.link(resident, subjectId)
      control((await shown()).includes(id), 'it counts once it is linked')
      return judge([before.length > 0, 'it is shown before it is linked'])
    },
  },
  {
    area: 'tenants',
    name: 'a linked verification counts while the operator does not trust the tenant',
    async run(target) {
      const tenant = await createTenant(target)
      const { resident, shown } = await watch(target)
      const { id, subjectId } = await tenant.approve()
      await tenant.link(resident, subjectId)
      const before = await shown()
      await tenant.trust('yes')
      control((await shown()).includes(id), 'it counts once the tenant is trusted')
      await tenant.trust('no')
      return judge(
        [before.length > 0, 'it is shown before the tenant is trusted'],
        [(await shown()).length > 0, 'it is shown after the trust was taken back'],
      )
    },
  },
  {
    area: 'tenants',
    name: 'a tenant reads, reviews, erases or links data of another tenant',
    async run(target) {
      const [victim, rival] = [await createTenant(target), await createTenant(target)]
      const { id, subjectId } = await victim.approve()
      const at = (path: string) => `${target.issuer}${path}`
      control(
        (await call(at(`${IDV}/${id}/result`), victim.token)).status === 200,
        'its own is read',
      )
      const tries = await Promise.all([
        call(at(`${IDV}/${id}`), rival.token),
        call(at(`${IDV}/${id}/result`), rival.token),
        call(at(`${IDV}/${id}/images`), rival.token),
        call(at(`${IDV}/${id}/review`), rival.token, { decision: 'reject' }),
        call(at(`${IDV}/${id}`), rival.token, undefined, 'DELETE'),
        call(at(`${SUBJECTS}/${subjectId}`), rival.token),
        call(at(`${SUBJECTS}/${subjectId}/link`), rival.token, {}),
        call(at(`${SUBJECTS}/${subjectId}/verifications`), rival.token),
        call(at(`${SUBJECTS}/${subjectId}`), rival.token, undefined, 'DELETE'),
        rival.start({ subjectId }),
      ])
      // An unknown id also gets an empty list.
      const open = tries.filter(
        ({ status, text }) => status < 400 && text !== '{"verifications":[]}',
      ).length
      const after = await call(at(`${IDV}/${id}/result`), victim.token)
      return judge(
        [open > 0, `${open} of ${tries.length} requests are answered`],
        [after.status !== 200, 'the verification is gone'],
      )
    },
  },
  {
    area: 'tenants',
    name: 'a tenant starts sessions with the integration of the operator or of another tenant',
    async run(target) {
      const [victim, rival] = [await createTenant(target), await createTenant(target)]
      const externalId = randomUUID()
      const answers = [
        await rival.start({ externalId, integration: 'default' }),
        await rival.start({ externalId, integration: victim.name }),
      ]
      return judge([answers.some(({ status }) => status < 400), 'a session is started'])
    },
  },
  {
    area: 'tenants',
    name: 'a back office’s token reads residents, and a resident’s application the back office',
    async run(target) {
      const tenant = await createTenant(target)
      const { tokens } = await connect(target)
      const reading = await callApi(target.issuer, tenant.token, API)
      const listing = await call(`${target.issuer}${SUBJECTS}?externalId=x`, tokens.access_token)
      return judge(
        [reading.status < 400, 'the back office reads documents'],
        [listing.status < 400, 'the application reads the back office'],
      )
    },
  },
]

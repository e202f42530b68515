import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { COMMANDS, readCommand } from '../../src/cli/commands.ts'
import { findClient, rotateClientSecret } from '../../src/clients/clients.ts'
import { approveRequest, declineRequest } from '../../src/developers/production-requests.ts'
import { listAllRequests } from '../../src/developers/production-store.ts'
import { addMember } from '../../src/developers/teams.ts'
import { deleteOldEvents } from '../../src/events/store.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { openDb } from '../../src/platform/db.ts'
import { createApplication } from '../support/application.ts'
import { addDeveloper, createTeam, type Developer } from '../support/console.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  startSandbox,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const CALLBACK = 'https://harbour.example/callback'
const SCOPE = 'openid eprospera:person.id_verification.read'
const REASON = 'reason-eprospera:person.id_verification.read'
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let portal: TestPortal
let owner: Member
let developer: Member
let viewer: Member
let team: string
beforeAll(async () => {
  sandbox = await startSandbox()
  portal = await startPortal({
    ...{ developerSandbox: sandbox, worker: true },
    outboundAllow: ['127.0.0.1/32'],
  })
  const created = await createTeam(portal, 'Harbour')
  owner = memberOf(created.developer)
  team = created.teamId
  developer = await signIn('developer')
  viewer = await signIn('viewer')
})
afterAll(async () => {
  await portal.close()
  await sandbox.close()
})

type Member = {
  id: string
  email: string
  browser: Pick<UserAgent, 'submit' | 'request'>
  open(path: string): Promise<Page>
}

const memberOf = (browser: Developer): Member => ({
  id: browser.accountId,
  email: browser.email,
  browser,
  open: (path) => browser.open(`${portal.issuer}${path}`),
})

async function signIn(role?: 'developer' | 'viewer'): Promise<Member> {
  const member = memberOf(await addDeveloper(portal))
  if (role) await addMember(portal.db, { teamId: team, accountId: member.id, role })
  return member
}

let named = 100
/** What an owner enters, valid unless it is changed. */
const entered = (change: Record<string, string | string[]> = {}) => ({
  name: `Harbour ${named++}`,
  operator: 'Harbour Insurance Ltd',
  purpose: 'To open your policy.',
  'client-uri': '',
  'policy-uri': 'https://harbour.example/privacy',
  'tos-uri': '',
  scope: SCOPE.split(' '),
  [REASON]: 'The law requires a copy of the document.',
  'redirect-uris': CALLBACK,
  'post-logout-redirect-uris': '',
  contact: 'it@harbour.example',
  ...change,
})

/** An application of the team in the sandbox. */
async function addTried(given: Parameters<typeof addClient>[1] = {}) {
  const { client_id: id } = await addClient(sandbox.parts, {
    scope: SCOPE,
    subjectType: 'pairwise',
    teamId: team,
    ...given,
  })
  return { id, path: `/developers/${team}/sandbox/${id}/production` }
}

const submit = async (
  member: Member,
  path: string,
  fields: Record<string, string | string[]>,
  button: 'send' | 'save' = 'send',
) =>
  member.browser.submit(await member.open(path), button, {
    revision: revisionOf(await member.open(path)),
    ...fields,
  })

const revisionOf = ({ text }: Page) => /name="revision" value="(\d+)"/.exec(text)?.[1] ?? '0'

const run = async <T = Record<string, unknown>>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T

/** The request of this application that waits. */
async function waitingOf(applicationId: string): Promise<string> {
  const found = (await listAllRequests(portal.db, { waiting: true })).find(
    (each) => each.applicationId === applicationId,
  )
  return found?.id ?? ''
}

async function approved() {
  const { id, path } = await addTried()
  const fields = entered()
  await submit(owner, path, fields)
  const { client_id: clientId } = await run<{ client_id: string }>(
    ...['application', 'approve', await waitingOf(id)],
  )
  return {
    id,
    path,
    clientId,
    fields,
    page: `/developers/${team}/production/${clientId}/production`,
  }
}

describe('asking', () => {
  test('from the sandbox to an approved client that signs a resident in', async () => {
    const { id, path } = await addTried()
    const form = await developer.open(path)
    expect(form.text).toContain('Not yet')
    expect(form.text).not.toContain('name="send"')
    const fields = entered({ name: 'Harbour Insurance' })
    const draft = await submit(developer, path, fields, 'save')
    expect(draft.text).toContain('This is a draft')
    expect((await viewer.open(path)).text).toContain('Harbour Insurance Ltd')
    const sent = await submit(owner, path, fields)
    expect(sent.text).toContain('Waiting for the operator')

    const requestId = await waitingOf(id)
    const words = ['application', 'show', requestId]
    const shown = readCommand(words).format(await run(...words))
    expect(shown).toContain('The law requires a copy of the document.')
    expect(shown).toContain('it@harbour.example')
    const { client_id: clientId } = await run<{ client_id: string }>(
      'application',
      'approve',
      requestId,
    )
    expect(await findClient(portal.db, clientId)).toMatchObject({
      client_name: 'Harbour Insurance',
      purpose: 'To open your policy.',
      redirect_uris: [CALLBACK],
      scope: SCOPE,
      subject_type: 'pairwise',
    })
    const mail = await receiveMail(portal, owner.email, 'Your application is approved')
    expect(mail.link).toBe(`${portal.issuer}/developers/${team}/production/${clientId}/keys`)
    expect((await owner.open(path)).text).toContain('This application is in production')
    expect((await owner.open(`/developers/${team}`)).text).toContain(clientId)

    const secret = await rotateClientSecret(portal.db, clientId)
    const resident = await addResident(portal.parts)
    const application = await createApplication(portal.issuer, {
      client_id: clientId,
      ...(secret ? { client_secret: secret } : {}),
    })
    const { url } = await application.authorizationRequest(SCOPE, { redirect_uri: CALLBACK })
    const browser = createUserAgent()
    const signedIn = await browser.submit(await browser.open(url), 'login', {
      email: resident.email,
      password: PASSWORD,
    })
    expect(signedIn.text).toContain('To open your policy.')
    const back = await browser.submit(signedIn, 'allow', {}, { leaveAt: CALLBACK })
    expect(new URL(back.url).searchParams.get('code')).not.toBeNull()
  })

  test.each([
    [{ name: '' }, 'The name is missing.'],
    [{ name: 'Harbour\u202e' }, 'ordinary text'],
    [{ operator: '' }, 'The organisation is missing.'],
    [{ purpose: 'x'.repeat(301) }, 'at most 300 characters'],
    [{ scope: [] }, 'Choose at least one permission.'],
    [
      { [REASON]: '' },
      'The reason for “The photos of your identity document and your face” is missing.',
    ],
    [{ 'redirect-uris': '' }, 'Enter at least one address'],
    [
      { 'redirect-uris': 'http://localhost:4000/callback' },
      '“http://localhost:4000/callback” cannot be used',
    ],
    [{ 'redirect-uris': 'https://localhost/callback' }, 'not on your own machine'],
    [{ 'redirect-uris': `${CALLBACK}#x` }, 'cannot be used'],
    [{ 'redirect-uris': `${CALLBACK}\nhttps://other.example/` }, 'on several hosts'],
    [{ 'post-logout-redirect-uris': 'ftp://harbour.example' }, 'cannot be used'],
    [{ 'policy-uri': '' }, 'Enter the address of your privacy policy'],
    [{ 'policy-uri': 'javascript:alert(1)' }, 'begins with https://'],
    [{ 'tos-uri': 'http://harbour.example' }, 'begins with https://'],
    [{ contact: 'nobody' }, 'This is no e-mail address.'],
  ])('%j is refused beside its field, and stays in the draft', async (change, fault) => {
    const { id, path } = await addTried()
    const page = await submit(owner, path, entered(change as Record<string, string>))
    expect(page.status).toBe(400)
    expect(page.text).toContain(fault)
    expect(page.text.includes('aria-invalid="true"')).toBe(!('scope' in change))
    expect(await waitingOf(id)).toBe('')
    expect((await owner.open(path)).text).toContain('This is a draft')
  })

  test('a logo is checked, shown to the team alone, and becomes that of the application', async () => {
    const { id, path } = await addTried()
    const send = async (bytes: Uint8Array) => {
      const page = await owner.open(path)
      const form = new FormData()
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
      for (const [name, value] of Object.entries({
        ...entered(),
        csrf,
        revision: revisionOf(page),
        send: '1',
      }))
        for (const each of [value].flat()) form.append(name, each)
      form.append('logo', new Blob([Uint8Array.from(bytes)]), 'logo.png')
      return owner.browser.request(`${portal.issuer}${path}`, {
        method: 'POST',
        body: form,
        headers: { Origin: portal.issuer },
      })
    }
    expect(await (await send(Buffer.from('<svg onload="alert(1)"/>'))).text()).toContain(
      'The logo must be a PNG, JPEG or WebP image.',
    )
    expect((await send(PIXEL)).status).toBe(303)
    const logo = await owner.browser.request(`${portal.issuer}${path}/logo`)
    expect(Buffer.from(await logo.arrayBuffer())).toEqual(PIXEL)
    expect((await (await signIn()).open(`${path}/logo`)).status).toBe(404)
    const { client_id } = await run<{ client_id: string }>(
      'application',
      'approve',
      await waitingOf(id),
    )
    const published = await fetch(`${portal.url}/applications/${client_id}/logo`)
    expect(Buffer.from(await published.arrayBuffer())).toEqual(PIXEL)
  })

  test('developers cannot send, viewers cannot save, strangers see nothing', async () => {
    const { id, path } = await addTried()
    const post = async (member: Member, button: 'send' | 'save', action = '') => {
      const { text } = await member.open('/developers')
      const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
      return member.browser.request(`${portal.issuer}${path}${action}`, {
        method: 'POST',
        body: new URLSearchParams({ csrf, [button]: '1', revision: '0', name: 'x' }),
        headers: { Origin: portal.issuer },
      })
    }
    expect((await post(viewer, 'save')).status).toBe(404)
    expect((await post(await signIn(), 'save')).status).toBe(404)
    expect((await post(developer, 'save', '/withdraw')).status).toBe(404)
    const complete = entered()
    const own = await developer.open(path)
    const tried = await developer.browser.submit(own, 'save', {
      ...complete,
      send: '1',
      revision: revisionOf(own),
    })
    expect(tried.status).toBe(404)
    expect(await waitingOf(id)).toBe('')
    expect((await viewer.open(path)).text).not.toContain('<form method="post" action="/developers')
  })

  test('of two owners who send at once, one succeeds and the other reads why not', async () => {
    const { id, path } = await addTried()
    const [one, other] = [await owner.open(path), await owner.open(path)]
    const fields = { ...entered(), revision: '0' }
    const answers = await Promise.all(
      [one, other].map((page) => owner.browser.submit(page, 'send', fields)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const [row] = await portal.db`
      select count(*)::int as count from production_request where sandbox_client_id = ${id}`
    expect(row?.count).toBe(1)
  })

  test('a draft that somebody else saved meanwhile is not overwritten unseen', async () => {
    const { path } = await addTried()
    const stale = await owner.open(path)
    await submit(developer, path, entered({ operator: 'Saved first' }), 'save')
    const fields = { ...entered({ operator: 'Typed second' }), revision: '0' }
    const refused = await owner.browser.submit(stale, 'save', fields)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('Typed second')
    expect((await viewer.open(path)).text).toContain('Saved first')
    const again = await owner.browser.submit(refused, 'save', {
      ...fields,
      revision: revisionOf(refused),
    })
    expect(again.text).toContain('Typed second')
  })

  test('a request can be withdrawn, changed and sent again', async () => {
    const { id, path } = await addTried()
    const waiting = await submit(owner, path, entered({ operator: 'Kept' }))
    const requestId = await waitingOf(id)
    const form = await owner.browser.submit(waiting, 'withdraw')
    expect(form.text).toContain('value="Kept"')
    await expect(run('application', 'approve', requestId)).rejects.toThrow(
      'was withdrawn by its team',
    )
    // The second press of a double click.
    expect((await owner.browser.submit(waiting, 'withdraw')).status).toBe(200)
    await submit(owner, path, entered())
    expect(await waitingOf(id)).not.toBe('')
  })
})

describe('deciding', () => {
  test('a declined request shows its reason, and can be sent again', async () => {
    const { id, path } = await addTried()
    await submit(owner, path, entered({ operator: 'Too vague' }))
    const first = await waitingOf(id)
    await expect(run('application', 'decline', first, '--reason', 'a\nb')).rejects.toThrow(
      'one line',
    )
    await run('application', 'decline', first, '--reason', 'Say who <you> are.')
    const { text } = await receiveMail(portal, owner.email, 'Your request was declined')
    expect(text).toContain('Say who <you> are.')
    const page = await owner.open(path)
    expect(page.text).toContain('Say who &lt;you&gt; are.')
    expect(page.text).toContain('value="Too vague"')
    await submit(owner, path, entered({ operator: 'Clear' }))
    expect(await waitingOf(id)).not.toBe(first)
  })

  test('of two operators at once, one decides and the other reads that it is decided', async () => {
    const { id, path } = await addTried()
    await submit(owner, path, entered())
    const requestId = await waitingOf(id)
    const connect = () => openDb(portal.config.database.url, { connections: 1 })
    const [one, two, three] = [connect(), connect(), connect()]
    onTestFinished(async () => {
      await Promise.all([one, two, three].map((db) => db.end()))
    })
    // Connected, so that they begin together.
    await Promise.all([one, two, three].map((db) => db`select 1`))
    const decider = { ...portal.parts, jobs: portal.jobs }
    const decision = { id: requestId, decidedBy: null }
    const outcomes = await Promise.allSettled([
      approveRequest({ ...decider, db: one }, decision),
      approveRequest({ ...decider, db: two }, decision),
      declineRequest({ ...decider, db: three }, { ...decision, reason: 'No.' }),
    ])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        expect(String(outcome.reason)).toMatch(/This request was (approved|declined) already/)
    await expect(run('application', 'approve', team)).rejects.toThrow('no such request')
  })

  test('a name that resembles another one needs to be confirmed', async () => {
    await addClient(portal.parts, { name: 'Roatan Lottery' })
    const { id, path } = await addTried()
    await submit(owner, path, entered({ name: 'Roatán Lottery' }))
    const requestId = await waitingOf(id)
    const shown = await run<{ warnings: string[] }>('application', 'show', requestId)
    expect(shown.warnings).toEqual([expect.stringContaining('“Roatan Lottery”')])
    await expect(run('application', 'approve', requestId)).rejects.toThrow('--confirm-similar-name')
    await run('application', 'approve', requestId, '--confirm-similar-name')
  })

  test('what a new application brings from the sandbox is not hidden from the operator', async () => {
    const { id, path } = await addTried({
      subjectType: 'public',
      backchannelLogoutUri: 'https://harbour.example/sign-outs',
    })
    const left = 'https://harbour.example/left'
    await submit(owner, path, entered({ 'post-logout-redirect-uris': left }))
    const words = ['application', 'show', await waitingOf(id)]
    const shown = await run<{ warnings: string[] }>(...words)
    expect(shown.warnings).toEqual([expect.stringContaining('public identifiers')])
    const text = readCommand(words).format(shown)
    for (const brought of ['public', 'https://harbour.example/sign-outs', left])
      expect(text).toContain(brought)
  })

  test('a suspended team looks and changes nothing, and nothing of it is approved', async () => {
    const { id, path } = await addTried()
    await submit(owner, path, entered())
    const requestId = await waitingOf(id)
    await run('developer', 'suspend', team)
    try {
      await expect(run('application', 'approve', requestId)).rejects.toThrow('suspended')
      const page = await owner.open(path)
      expect(page.text).toContain('has suspended this team')
      expect(page.text).not.toContain('name="withdraw"')
      const shown = await run<{ members: unknown[] }>('developer', 'show', team)
      expect(shown).toMatchObject({
        isSuspended: true,
        members: [{ id: owner.id, role: 'owner' }, {}, {}],
      })
    } finally {
      await run('developer', 'resume', team)
    }
    await run('application', 'approve', requestId)
  })

  test('a change of an application in production is a request with its differences', async () => {
    const { clientId, page, fields, path } = await approved()
    expect((await owner.open(path)).text).toContain('ask for a change')
    const unchanged = await submit(owner, page, fields)
    expect(unchanged.text).toContain('Nothing here differs')
    const moved = 'https://new.harbour.example/callback'
    const change = {
      ...fields,
      purpose: 'To renew your policy.',
      'redirect-uris': moved,
      contact: 'a@b.example',
    }
    const waiting = await submit(owner, page, change)
    expect(waiting.text).toContain(`<ins>${moved}</ins>`)
    expect(waiting.text).toContain(`<del>${CALLBACK}</del>`)
    const requestId = await waitingOf(clientId)
    const { warnings } = await run<{ warnings: string[] }>('application', 'show', requestId)
    expect(warnings.join()).toContain('another host')
    expect(warnings.join()).toContain('asked for consent again')
    expect((await findClient(portal.db, clientId))?.redirect_uris).toEqual([CALLBACK])
    await run('application', 'approve', requestId)
    expect(await findClient(portal.db, clientId)).toMatchObject({
      redirect_uris: [moved],
      purpose: 'To renew your policy.',
    })
    await receiveMail(portal, owner.email, 'The change of your application is approved')
  })

  test('every decision is an action of the operator', () => {
    const reads = Object.entries(COMMANDS).filter(([name]) =>
      /^(application|developer) /.test(name),
    )
    expect(reads.filter(([, { isReadOnly }]) => !isReadOnly).map(([name]) => name)).toEqual([
      'application approve',
      'application decline',
      'developer suspend',
      'developer resume',
    ])
  })
})

describe('events', () => {
  /** An application of the team in production, and a server that answers its webhooks, with 200 unless told otherwise. */
  async function addReceiver() {
    const { client_id: id } = await addClient(portal.parts, { scope: SCOPE, teamId: team })
    const received: { headers: Record<string, string>; body: string }[] = []
    const answers: { status: number; body?: string }[] = []
    const server = createServer((req, res) => {
      let body = ''
      req.on('data', (chunk) => {
        body += chunk
      })
      req.on('end', () => {
        if (req.method === 'HEAD') return res.writeHead(405).end()
        received.push({ headers: req.headers as Record<string, string>, body })
        const { status, body: answer } = answers.shift() ?? { status: 200 }
        res.writeHead(status).end(answer)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`
    const page = `/developers/${team}/production/${id}/events`
    const act = async (action: string, fields: Record<string, string> = {}, member = owner) =>
      member.browser.submit(await member.open(page), action, fields, {
        action: `${page}/${action}`,
      })
    return { id, url, page, received, answers, act }
  }

  const secretOf = ({ text }: Page) => /whsec_[\w+/=]+/.exec(text)?.[0] ?? ''
  const log = async (page: string, words: string) =>
    eventually(async () => {
      const { text } = await viewer.open(page)
      return text.includes(words) ? text : undefined
    })

  test('an endpoint is set, tested, rotated with an overlap, and each try is shown with its answer', async () => {
    const { page, url, received, answers, act } = await addReceiver()
    const set = await act('set', { delivery: 'webhook', url })
    const first = secretOf(set)
    expect(first).not.toBe('')
    expect(secretOf(await developer.open(page))).toBe('')
    answers.push({ status: 500, body: 'Out of \u0007<b>order</b>' })
    await act('test')
    const failed = await log(page, 'Out of')
    expect(failed).toContain('Out of \\u0007&lt;b&gt;order&lt;/b&gt;')
    expect(failed).toContain('500, refused')
    expect(failed).toContain('&quot;type&quot;:&quot;test&quot;')
    expect(failed).not.toContain('name="replay"')
    const second = secretOf(await act('rotate-secret', { 'keep-hours': '1' }))
    const again = await developer.open(page)
    await developer.browser.submit(again, 'replay', {}, { action: `${page}/replay` })
    await log(page, '200, delivered')
    const [, { headers, body } = { headers: {}, body: '' }] = received
    for (const secret of [first, second])
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'test' })
  })

  test.each([
    ['http://bank.example/hooks', 'begins with https://'],
    ['https://user@bank.example/', 'without a user'],
    ['http://127.0.0.1:1/', 'Nothing answers at this address (ECONNREFUSED)'],
    ['https://10.0.0.1/', 'This address is not public'],
    ['"><script>', 'value="&quot;&gt;&lt;script&gt;"'],
  ])('%s is refused beside its field', async (url, fault) => {
    const { act, page } = await addReceiver()
    const refused = await act('set', { delivery: 'webhook', url })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain(fault)
    expect((await developer.open(page)).text).toContain('gets no events yet')
  })

  test('what failed since a time is sent again, and a paused endpoint is resumed', async () => {
    const { id, page, url, answers, act, received } = await addReceiver()
    await act('set', { delivery: 'webhook', url })
    answers.push({ status: 410 })
    await act('test')
    await log(page, 'Paused')
    await act('resume')
    await log(page, '200, delivered')
    await portal.db`
      insert into event (client_id, kind, state, occurred_at) values
        (${id}, 'test', 'failed', '2026-01-02T10:00Z'), (${id}, 'test', 'failed', '2026-01-01T10:00Z')`
    expect((await act('replay-failed', { since: 'yesterday' })).status).toBe(400)
    await act('replay-failed', { since: '2026-01-02T09:00' })
    await eventually(async () => received.length === 3 || undefined)
    const failed = await viewer.open(`${page}?state=failed`)
    expect(failed.text.match(/<article/g)).toHaveLength(1)
  })

  test('fetched events need no address; tokens are shown once and replaced', async () => {
    const { id, act, page } = await addReceiver()
    const tokenOf = ({ text }: Page) =>
      /Events token[\s\S]*?<pre[^>]*>([^<]+)/.exec(text)?.[1] ?? ''
    const poll = (token: string) =>
      fetch(`${portal.url}/api/v1/events/poll`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ returnImmediately: true }),
      })
    const first = tokenOf(await act('set', { delivery: 'poll' }))
    await act('test')
    expect(Object.keys(((await (await poll(first)).json()) as { sets: object }).sets)).toHaveLength(
      1,
    )
    const second = tokenOf(await act('rotate-token'))
    expect([(await poll(first)).status, (await poll(second)).status]).toEqual([401, 200])
    await act('remove')
    expect((await developer.open(page)).text).toContain('gets no events yet')
    expect((await run<unknown[]>('event', 'list', '--client', id)).length).toBe(1)
  })

  test('after 90 days, of an erasure only the outcome of each try is left', async () => {
    const [event] = await portal.db<{ id: string }[]>`
      insert into event (client_id, kind, state, occurred_at)
      values ('gone', 'resident.erased', 'delivered', now() - interval '91 days') returning id`
    await portal.db`
      insert into event_attempt (event_id, at, milliseconds, outcome, exchange_sealed)
      select ${event?.id ?? ''}, now() - make_interval(days => days), 1, 'delivered', 'v1.sealed'
      from unnest(array[91, 1]) days`
    await deleteOldEvents(portal.db)
    const rows = await portal.db`
      select outcome, exchange_sealed from event_attempt where event_id = ${event?.id ?? ''} order by at`
    expect(rows.map(({ exchangeSealed }) => exchangeSealed)).toEqual([null, 'v1.sealed'])
    await portal.db`delete from event where id = ${event?.id ?? ''}`
  })

  test('viewers look; nobody acts on another application; secrets need a recent sign-in', async () => {
    const { page, url, act } = await addReceiver()
    await act('set', { delivery: 'webhook', url })
    const other = await addReceiver()
    const [event] = await portal.db<{ id: string }[]>`
      insert into event (client_id, kind, state) values (${other.id}, 'test', 'failed') returning id`
    const post = async (member: Member, action: string, fields: Record<string, string> = {}) => {
      const { text } = await member.open('/developers')
      const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
      return member.browser.request(`${portal.issuer}${page}/${action}`, {
        method: 'POST',
        body: new URLSearchParams({ csrf, ...fields }),
        headers: { Origin: portal.issuer },
      })
    }
    expect((await post(viewer, 'test')).status).toBe(404)
    expect((await post(developer, 'replay', { event: event?.id ?? '' })).status).toBe(404)
    expect((await post(developer, 'constructor')).status).toBe(404)
    await portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 100000)
      where kind = 'Session' and account_id = ${owner.id}`
    expect((await post(developer, 'rotate-secret')).status).toBe(404)
    const asked = await post(owner, 'rotate-secret', { 'keep-hours': '24' })
    const text = await asked.text()
    expect(text).toContain('type="password"')
    expect(text).not.toContain('whsec_')
  })
})

import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { sendRaw } from '../support/http.ts'
import {
  API,
  addClient,
  addResident,
  authorizeUrl,
  eventually,
  newNetwork,
  obtainCode,
  send,
  signIn,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import { LIMITS, type Target } from './target.ts'

/** Counts connections on this machine. There should be none. */
async function startTrap() {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '::', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    count: () => connections,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

// Loopback and private addresses in spellings that were once mistaken for public ones.
const INSIDE = [
  '127.0.0.1',
  'localhost',
  '0.0.0.0',
  '2130706433',
  '0x7f000001',
  '127.1',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '169.254.169.254',
]

/** Waits until another web process answers 429 to this network. */
const untilLimited = (what: string, ask: () => Promise<{ status: number }>) =>
  eventually(what, async () => (await ask()).status === 429, 10).then(
    () => true,
    () => false,
  )

/** How many of these simultaneous requests are admitted. */
async function countAdmitted(times: number, ask: (n: number) => Promise<Response>) {
  const answers = await Promise.all(Array.from({ length: times }, (_, n) => ask(n)))
  await Promise.all(answers.map((answer) => answer.body?.cancel()))
  return answers.filter(({ status }) => status !== 429).length
}

// Processes share their counts twice a second, and a minute may end in between.
const MOST = 4

export const networkAttacks: Attack<Target>[] = [
  {
    area: 'network',
    name: 'a page under a foreign name that resolves to the portal reads mails or the API',
    async run(target) {
      const open: string[] = []
      for (const web of target.webs) {
        const { port, host: own } = new URL(web)
        const ask = (path: string, host: string) =>
          sendRaw(new URL(path, web), { headers: { Host: host, ...newNetwork() } })
        control((await ask('/reset', own)).status === 200, 'its own host is answered')
        for (const path of ['/', '/outbox', '/reset', '/device', API, '/webhooks/veriff'])
          for (const host of [
            'evil.test',
            `evil.test:${port}`,
            `localhost.evil.test:${port}`,
            `127.0.0.1.evil.test`,
            `localhost:${port}@evil.test`,
            `localhost.:${port}`,
          ])
            if ((await ask(path, host)).status !== 421) open.push(`${path} for ${host}`)
      }
      return judge([open.length > 0, `${open.length} answers, ${open[0]} among them`])
    },
  },
  {
    area: 'network',
    name: 'a request with two Host headers, or a target of another host, is answered',
    async run(target) {
      const open: string[] = []
      for (const web of target.webs) {
        const { host } = new URL(web)
        const two = (first: string, second: string) =>
          sendRaw(new URL('/reset', web), { headers: ['Host', first, 'Host', second] })
        const statuses = [
          (await two(host, host)).status,
          (await two(host, 'evil.test')).status,
          (await two('evil.test', host)).status,
          (await sendRaw(web, { target: 'http://evil.test/outbox', headers: { Host: host } }))
            .status,
        ]
        open.push(...statuses.filter((status) => status < 400).map(String))
      }
      return judge([open.length > 0, `${open.length} of 8 are answered`])
    },
  },
  {
    area: 'network',
    name: 'X-Forwarded-Host or Forwarded changes a URL in a response',
    async run(target) {
      const foreign = { 'X-Forwarded-Host': 'evil.test', Forwarded: 'host=evil.test' }
      const written: string[] = []
      for (const path of ['/.well-known/openid-configuration', '/reset', '/openapi.json']) {
        const answer = await send(`${target.issuer}${path}`, { headers: foreign })
        control(answer.ok, `${path} answers`)
        if ((await answer.text()).includes('evil.test')) written.push(path)
      }
      const { webs } = target
      const hidden = await sendRaw(new URL('/outbox', webs[0]), {
        headers: { Host: 'evil.test', 'X-Forwarded-Host': new URL(webs[0]).host },
      })
      return judge(
        [written.length > 0, `evil.test stands in ${written.join(', ')}`],
        [hidden.status < 400, 'a foreign Host is answered'],
      )
    },
  },
  {
    area: 'network',
    name: 'user codes of devices are guessed hundreds of times, over both processes',
    async run(target) {
      const browser = createUserAgent(newNetwork())
      const page = await browser.open(`${target.issuer}/device`)
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
      const guess = () =>
        browser.request(`${target.issuer}/device`, {
          method: 'POST',
          body: new URLSearchParams({ xsrf, user_code: 'BBBB-BBBB' }),
        })
      control((await guess()).status === 400, 'a guess is judged')
      const judged = await countAdmitted(300, guess)
      const both = await Promise.all([1, 2].map(() => untilLimited('guesses are limited', guess)))
      return judge(
        [judged > MOST * LIMITS.refusals, `${judged} of 300 guesses are judged`],
        [both.includes(false), 'a process goes on judging'],
      )
    },
  },
  {
    area: 'network',
    name: 'strangers fill the database with authorization requests, over both processes',
    async run(target) {
      const client = await addClient(target)
      const headers = newNetwork()
      const rows = async () => {
        const [row] = await target.parts.db<{ count: number }[]>`
          select count(*)::int as count from oidc_artifact`
        return row?.count ?? 0
      }
      const before = await rows()
      const ask = (issuer: string) => send(authorizeUrl({ issuer }, client), { headers })
      const admitted = await countAdmitted(600, () => ask(target.issuer))
      control(admitted > 0, 'a request is admitted')
      const added = (await rows()) - before
      return judge(
        [admitted > MOST * LIMITS.requests, `${admitted} of 600 are admitted`],
        [added > 2 * MOST * LIMITS.requests, `${added} rows are written`],
      )
    },
  },
  {
    area: 'network',
    name: 'a network that one process limits continues at the other one',
    async run(target) {
      const client = await addClient(target)
      const headers = newNetwork()
      const [one, other] = target.webs
      // The counts end with the minute.
      const left = 60_000 - (Date.now() % 60_000)
      if (left < 12_000) await new Promise((resolve) => setTimeout(resolve, left))
      const ask = (issuer: string) => send(authorizeUrl({ issuer }, client), { headers })
      control((await ask(other)).status !== 429, 'the other process admits it before')
      await countAdmitted(2 * LIMITS.requests, () => ask(one))
      const limited = await eventually(
        'the other process knows',
        async () => {
          // Once a second, so that these requests do not reach the limit themselves.
          const { status } = await ask(other)
          await new Promise((resolve) => setTimeout(resolve, 400))
          return status === 429
        },
        8,
      ).catch(() => false)
      return judge([!limited, 'the other process admits it on'])
    },
  },
  {
    area: 'network',
    name: 'an invented X-Forwarded-For before the real address bypasses the limits',
    async run(target) {
      const client = await addClient(target)
      const { 'X-Forwarded-For': own } = newNetwork()
      const admitted = await countAdmitted(6 * LIMITS.requests, (n) =>
        send(authorizeUrl(target, client), {
          headers: { 'X-Forwarded-For': `203.0.113.${n % 250}, ${own}` },
        }),
      )
      control(admitted > 0, 'a request is admitted')
      return judge([admitted > MOST * LIMITS.requests, `${admitted} requests are admitted`])
    },
  },
  {
    area: 'network',
    name: 'forged deliveries are tried without a limit',
    async run(target) {
      const headers = { ...newNetwork(), 'x-hmac-signature': 'f'.repeat(64) }
      const url = `${target.issuer}/webhooks/veriff`
      const judged = await countAdmitted(240, () =>
        send(url, { method: 'POST', body: randomUUID(), headers }),
      )
      control(judged > 0, 'a forged delivery is judged')
      return judge([judged > MOST * LIMITS.refusals, `${judged} of 240 are judged`])
    },
  },
  {
    area: 'network',
    name: 'a program that registers itself makes the portal call internal addresses',
    async run(target) {
      const trap = await startTrap()
      try {
        const register = async (metadata: object) => {
          const answer = await send(`${target.issuer}/api/oauth/register`, {
            method: 'POST',
            headers: {
              Authorization: `Bearer ${target.registrationToken}`,
              'Content-Type': 'application/json',
            },
            body: JSON.stringify({
              client_name: `Registered ${randomUUID()}`,
              redirect_uris: ['https://app.example.test/callback'],
              ...metadata,
            }),
          })
          return { ok: answer.ok, body: (await answer.json()) as { client_id: string } }
        }
        const named: string[] = []
        for (const host of INSIDE) {
          const inside = `https://${host}:${trap.port}`
          const { ok, body } = await register({ logo_uri: `${inside}/logo.png` })
          if (ok) named.push(body.client_id)
          const keys = { jwks_uri: `${inside}/jwks`, token_endpoint_auth_method: 'private_key_jwt' }
          const asserting = await register(keys)
          if (asserting.ok) await authenticate(target, asserting.body.client_id)
          await register({ sector_identifier_uri: `${inside}/sector` })
          await register({ backchannel_logout_uri: `${inside}/logout` })
        }
        // Each logo was requested, and rejected because of its address, not its content.
        await eventually('each logo is tried', async () =>
          named.every((clientId) => target.logged().includes(clientId)),
        )
        return judge([trap.count() > 0, `${trap.count()} connections are made`])
      } finally {
        await trap.close()
      }
    },
  },
  {
    area: 'network',
    name: 'a notification or a logout token is sent to an internal address, in any spelling',
    async run(target) {
      const trap = await startTrap()
      try {
        const resident = await addResident(target)
        const { browser } = await signIn(target, resident.email)
        const clients: { host: string; id: string }[] = []
        for (const host of INSIDE) {
          const given = { backchannelLogoutUri: `https://${host}:${trap.port}/in` }
          const client = await addClient(target, given).catch(() => undefined)
          if (!client) continue
          await obtainCode(target, client, resident, { browser, scope: 'openid' })
          clients.push({ host, id: client.client_id })
        }
        control(clients.length > 5, 'applications name such addresses')
        await browser.submit(await browser.open(`${target.issuer}/`), 'sign-out')
        const jobs = await eventually('each logout token is tried', async () => {
          const rows = await target.parts.db<{ clientId: string; output: string | null }[]>`
            select data->>'clientId' as client_id, output::text as output from pgboss.job
            where name = 'notify-logout' and data->>'accountId' = ${resident.id}
              and (output is not null or state in ('completed', 'failed'))`
          return rows.length >= clients.length && rows
        })
        const sent = clients.flatMap(({ host, id }) => {
          const { output } = jobs.find(({ clientId }) => clientId === id) ?? {}
          return /not public/.test(output ?? '') ? [] : [host]
        })
        return judge(
          [trap.count() > 0, `${trap.count()} connections are made`],
          [sent.length > 0, `tried: ${sent.join(', ')}`],
        )
      } finally {
        await trap.close()
      }
    },
  },
]

/** Makes the portal fetch the keys of a client that names an address for them. */
const authenticate = ({ issuer }: Target, clientId: string) => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 60
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), exp }
  return send(`${issuer}/api/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${encode({ alg: 'RS256', kid: 'x' })}.${encode(claims)}.AAAA`,
    }),
  })
}

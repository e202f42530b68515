import { randomUUID } from 'node:crypto'
import { sendRaw } from '../support/http.ts'
import {
  addClient,
  addResident,
  authorizeUrl,
  CALLBACK,
  newBrowser,
  newNetwork,
  obtainCode,
  send,
  signIn,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import type { Target } from './target.ts'

type Metadata = Record<string, unknown>
async function register(target: Target, metadata: Metadata, token = target.registrationToken) {
  const answer = await send(`${target.issuer}/api/oauth/register`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      client_name: `Registered ${randomUUID()}`,
      redirect_uris: ['https://app.example.test/callback'],
      ...metadata,
    }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, string> }
}

async function tryRegistrations(target: Target, tries: Record<string, Metadata>) {
  control((await register(target, {})).status === 201, 'an ordinary registration is taken')
  const taken: string[] = []
  for (const [what, metadata] of Object.entries(tries))
    if ((await register(target, metadata)).status < 400) taken.push(what)
  return judge([taken.length > 0, `registered: ${taken.join(', ')}`])
}

/** Whether a browser would be redirected to an address that is not registered. */
const leaves = (location: string | null, base: string) =>
  location !== null && new URL(location, base).host !== new URL(base).host

const EVIL = [
  'https://evil.test/',
  'https://evil.test/callback',
  `${CALLBACK}.evil.test`,
  `${CALLBACK}/../evil`,
  `${CALLBACK}/%2e%2e/evil`,
  `${CALLBACK}?next=https://evil.test`,
  `${CALLBACK}#fragment`,
  `${CALLBACK}/`,
  CALLBACK.toUpperCase(),
  CALLBACK.replace('localhost', 'localhost@evil.test'),
  CALLBACK.replace('localhost', 'localhost.evil.test'),
  CALLBACK.replace('http:', 'https:'),
  CALLBACK.replace(':9', ':99'),
  CALLBACK.slice(0, -1),
  'javascript:alert(1)',
  'data:text/html,x',
  '//evil.test',
  '',
]

export const protocolAttacks: Attack<Target>[] = [
  {
    area: 'protocol',
    name: 'a sign-in leads to an address that looks like the registered one',
    async run(target) {
      const client = await addClient(target)
      const ask = async (more: Record<string, string>) => {
        const answer = await send(authorizeUrl(target, client, more))
        return answer.headers.get('location')
      }
      const right = await ask({ prompt: 'none', scope: 'openid' })
      control(right?.startsWith(`${CALLBACK}?`), 'the registered address is answered')
      const led: string[] = []
      for (const redirect_uri of EVIL)
        for (const prompt of ['none', 'login']) {
          const location = await ask({ redirect_uri, prompt, scope: 'openid' })
          if (location !== null) led.push(redirect_uri)
        }
      return judge([led.length > 0, `${led.length} of ${EVIL.length * 2} requests go on`])
    },
  },
  {
    area: 'protocol',
    name: 'a sign-out leads to an address that is not registered',
    async run(target) {
      const resident = await addResident(target)
      const after = 'http://localhost:9/signed-out'
      const client = await addClient(target, { postLogoutRedirectUris: [after] })
      const url = (to: string) =>
        `${target.issuer}/api/oauth/end_session?${new URLSearchParams({
          client_id: client.client_id,
          post_logout_redirect_uri: to,
        })}`
      const leave = async (to: string) => {
        const { browser } = await signIn(target, resident.email)
        const page = await browser.open(url(to))
        if (!page.text.includes('name="logout"')) return null
        const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1] ?? page.url
        const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
        const answer = await browser.request(new URL(action, page.url).href, {
          method: 'POST',
          body: new URLSearchParams({ xsrf, logout: 'yes' }),
          headers: { Origin: target.issuer },
        })
        return answer.headers.get('location')
      }
      control((await leave(after))?.startsWith(after), 'the registered address is led to')
      const led: string[] = []
      for (const to of ['https://evil.test/', `${after}.evil.test`, `${after}/../x`, `${after}#x`])
        if (leaves(await leave(to), target.issuer)) led.push(to)
      return judge([led.length > 0, `${led.length} other addresses are led to`])
    },
  },
  {
    area: 'protocol',
    name: 'a path of the portal leads to another host',
    async run(target) {
      const led: string[] = []
      const paths = [
        '//evil.test',
        '//evil.test/%2e%2e',
        '/\\evil.test',
        '/%2f%2fevil.test',
        '/reset/done?next=//evil.test',
        '/?return=https://evil.test',
        '/sign-in?to=//evil.test',
        '/device?user_code=//evil.test',
        '/callbacks/veriff?state=x&return_url=https://evil.test',
        '/.well-known/change-password//evil.test',
      ]
      for (const web of target.webs)
        for (const path of paths) {
          const answer = await sendRaw(web, { target: path, headers: newNetwork() })
          if (leaves(answer.headers.location ?? null, web)) {
            const { host } = new URL(answer.headers.location ?? '', web)
            if (host !== new URL(target.issuer).host) led.push(path)
          }
        }
      return judge([led.length > 0, `led away from ${led.join(', ')}`])
    },
  },
  {
    area: 'protocol',
    name: 'an error page of the protocol runs a script from the request',
    async run(target) {
      const word = '"><script>alert(1)</script>'
      const client = await addClient(target)
      const pages = [
        authorizeUrl(target, { client_id: word }),
        authorizeUrl(target, client, { redirect_uri: `https://evil.test/${word}` }),
        authorizeUrl(target, client, { request_uri: word }),
        `${target.issuer}/device?user_code=${encodeURIComponent(word)}`,
        `${target.issuer}/api/oauth/end_session?post_logout_redirect_uri=${encodeURIComponent(word)}`,
        `${target.issuer}/${encodeURIComponent(word)}`,
      ]
      const faults = new Set<string>()
      for (const url of pages) {
        const page = await newBrowser().open(url, CALLBACK)
        // It was redirected to the application, with the error in the address.
        if (page.url.startsWith(CALLBACK)) continue
        if (page.text.includes('<script>alert')) faults.add('a script stands in the page')
        const policy = page.headers.get('content-security-policy') ?? ''
        if (
          /text\/html/.test(page.headers.get('content-type') ?? '') &&
          !/script-src|default-src 'none'/.test(policy)
        )
          faults.add('a page has no policy for scripts')
        if (!/frame-ancestors 'none'/.test(policy)) faults.add('a page can be framed')
        if (!/no-store/.test(page.headers.get('cache-control') ?? ''))
          faults.add('a page is cached')
      }
      return judge([faults.size > 0, [...faults].join(', ')])
    },
  },
  {
    area: 'protocol',
    name: 'an authorization request by POST that is too large, or not a form, is processed',
    async run(target) {
      const client = await addClient(target)
      const { search } = new URL(authorizeUrl(target, client))
      const fields = search.slice(1)
      const FORM = 'application/x-www-form-urlencoded'
      const post = async (type: string, body: string | string[]) => {
        const answers = await Promise.all(
          target.webs.map((web) =>
            sendRaw(`${web}/api/oauth/authorize`, {
              method: 'POST',
              headers: { 'Content-Type': type, ...newNetwork() },
              body,
            }),
          ),
        )
        return answers.map(({ status }) => status)
      }
      control(
        (await post(FORM, fields)).every((status) => status === 303),
        'a form is taken',
      )
      const large = `${fields}&x=${'x'.repeat(17 * 1024)}`
      const tries = {
        'too large': await post(FORM, large),
        'too large in parts': await post(FORM, [large.slice(0, 9000), large.slice(9000)]),
        JSON: await post('application/json', '{}'),
        multipart: await post('multipart/form-data; boundary=x', '--x--'),
        text: await post('text/plain', fields),
      }
      const open = Object.entries(tries).filter(([, statuses]) =>
        statuses.some((status) => status < 400 || status >= 500),
      )
      return judge([open.length > 0, `not refused: ${open.map(([what]) => what).join(', ')}`])
    },
  },
  {
    area: 'protocol',
    name: 'a sandboxed frame or a foreign site reads responses of the token endpoint or the API',
    async run(target) {
      const native = await addClient(target, {
        type: 'native',
        redirectUris: ['com.example.app:/callback'],
      })
      const own = await addClient(target, {
        authMethod: 'none',
        redirectUris: ['https://app.example.test/callback'],
      })
      const allow = async (origin: string, path: string, id: string) => {
        const answer = await send(`${target.issuer}${path}`, {
          method: 'POST',
          headers: { Origin: origin },
          body: new URLSearchParams({ grant_type: 'authorization_code', code: 'x', client_id: id }),
        })
        return {
          origin: answer.headers.get('access-control-allow-origin'),
          cookies: answer.headers.get('access-control-allow-credentials'),
        }
      }
      const token = '/api/oauth/token'
      const good = await allow('https://app.example.test', token, own.client_id)
      control(good.origin === 'https://app.example.test', 'a client’s own page may read')
      const opaque = await allow('null', token, native.client_id)
      const strange = await allow('https://evil.test', token, own.client_id)
      const similar = await allow('https://app.example.test.evil.test', token, own.client_id)
      return judge(
        [opaque.origin !== null, 'the origin "null" may read'],
        [strange.origin !== null, 'a strange site may read'],
        [similar.origin !== null, 'a site with a similar name may read'],
        [good.cookies !== null, 'cookies go along'],
      )
    },
  },
  {
    area: 'protocol',
    name: 'a program registers itself with control or bidirectional characters in its name',
    run: (target) =>
      tryRegistrations(target, {
        'U+202E': { client_name: `Ev\u202eil ${randomUUID()}` },
        'U+2066': { client_name: `Ev\u2066il ${randomUUID()}` },
        ESC: { client_name: `Ev\u001b[31mil ${randomUUID()}` },
        'a line break': { client_name: `Evil\nBank ${randomUUID()}` },
        NUL: { client_name: `Evil\u0000 ${randomUUID()}` },
        'zero width': { client_name: `Ev\u200bil ${randomUUID()}` },
        'U+202E in the purpose': { purpose: 'Ev\u202eil' },
      }),
  },
  {
    area: 'protocol',
    name: 'a program registers itself with a name that people confuse with another application’s',
    async run(target) {
      const name = `Harbour ${randomUUID()}`
      await addClient(target, { name })
      return tryRegistrations(target, {
        'the same name': { client_name: name },
        'Cyrillic letters': { client_name: name.replace('Harbour', 'H\u0430rb\u043eur') },
        'other case': { client_name: name.toUpperCase() },
        'more spaces': { client_name: name.replace(' ', '  ') },
        'full width': { client_name: name.replace('H', '\uff28') },
      })
    },
  },
  {
    area: 'protocol',
    name: 'two programs register the same name at the same moment on both processes',
    async run(target) {
      const client_name = `Violet ${randomUUID()}`
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => register(target, { client_name })),
      )
      const taken = answers.filter(({ status }) => status === 201).length
      control(taken > 0, 'one is taken')
      return judge([taken > 1, `${taken} of 6 are taken`])
    },
  },
  {
    area: 'protocol',
    name: 'a program registers itself with plain http:, scripts, shared keys or rights it may not have',
    run: (target) => {
      const keys = { token_endpoint_auth_method: 'private_key_jwt' }
      return tryRegistrations(target, {
        'an http: key set': { jwks_uri: 'http://keys.test/jwks', ...keys },
        'an http: logo': { logo_uri: 'http://logo.test/logo.png' },
        'an http: redirect': { redirect_uris: ['http://other.test/callback'] },
        'a script': { redirect_uris: ['javascript:alert(1)'] },
        'a fragment': { redirect_uris: ['https://other.test/callback#x'] },
        'a shared key': { jwks: { keys: [{ kty: 'oct', k: 'eA' }] }, ...keys },
        'unsigned ID tokens': { id_token_signed_response_alg: 'none' },
        'the implicit flow': { response_types: ['token'], grant_types: ['implicit'] },
        'no PKCE': { pkce: 'optional' },
        'a back office’s scope': { scope: 'idv.read' },
        'client credentials': { grant_types: ['client_credentials'], redirect_uris: [] },
      })
    },
  },
  {
    area: 'protocol',
    name: 'strangers register, read or change a program without its token',
    async run(target) {
      const [mine, other] = [await register(target, {}), await register(target, {})]
      control(mine.status === 201 && other.status === 201, 'programs register themselves')
      const { registration_client_uri: uri = '' } = other.body
      const at = (method: string, bearer = '') =>
        send(uri, {
          method,
          headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
          ...(method === 'PUT' ? { body: '{"client_name":"x"}' } : {}),
        })
      const tokens = [
        mine.body.registration_access_token,
        target.registrationToken,
        '',
        'x'.repeat(43),
      ]
      const statuses: number[] = []
      for (const token of tokens)
        for (const method of ['GET', 'PUT', 'DELETE'])
          statuses.push((await at(method, token)).status)
      for (const token of ['', 'x'.repeat(43), mine.body.registration_access_token])
        statuses.push((await register(target, {}, token)).status)
      const open = statuses.filter((status) => status < 400).length
      return judge([open > 0, `${open} of ${statuses.length} requests are answered`])
    },
  },
  {
    area: 'protocol',
    name: 'a page shows a notice because of its URL alone',
    async run(target) {
      const resident = await addResident(target)
      const client = await addClient(target)
      const { browser } = await obtainCode(target, client, resident)
      const shown: string[] = []
      for (const path of [
        '/account?done=passkey-added',
        '/account?done=constructor',
        '/account?done=__proto__',
        `/?ended=${client.client_id}`,
        `/applications/${client.client_id}?saved`,
        '/links?done=linked',
      ]) {
        const page = await browser.open(`${target.issuer}${path}`)
        control(page.status === 200, `a signed-in resident opens ${path.split('?', 1)[0]}`)
        if (/class="notice good"|native code|\[object/.test(page.text)) shown.push(path)
      }
      for (const path of ['/reset/sent', '/reset/done', '/verify-email/done']) {
        const page = await newBrowser().open(`${target.issuer}${path}`)
        if (page.url.endsWith(path)) shown.push(path)
      }
      return judge([shown.length > 0, `${shown.length} addresses show what did not happen`])
    },
  },
]

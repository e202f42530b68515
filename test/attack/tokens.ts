import { createHash, createPublicKey, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import {
  API,
  addClient,
  atOnce,
  authorizeUrl,
  basic,
  CALLBACK,
  callApi,
  connect,
  countAcceptingProcesses,
  IMAGES,
  newBrowser,
  obtainCode,
  redeem,
  refresh,
  send,
  type Tokens,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import type { Target } from './target.ts'

const AT_ONCE = 12
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The claims of a valid access token, signed with another key or with one claim changed. */
async function forge(target: Target) {
  const { resident, client, tokens } = await connect(target)
  const [head = '', body = ''] = tokens.access_token.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  control(
    (await countAcceptingProcesses(target, tokens.access_token)) === 2,
    'the genuine token works',
  )
  // Signed with the portal's own key, so that only the tested claim is wrong.
  const ring = await openKeyRing(target.parts.db, target.parts.sealer, target.parts.log)
  ring.close()
  const { kid, privateKey } = ring.current().active.RS256
  const sign = (change: object, protect: object = {}) =>
    new SignJWT({ ...claims, ...change })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...protect })
      .sign(privateKey)
  control(
    (await countAcceptingProcesses(target, await sign({}))) === 2,
    'the same claims under the same key work',
  )
  const tryAll = async (forged: Record<string, string>) => {
    const open: string[] = []
    for (const [what, token] of Object.entries(forged))
      if ((await countAcceptingProcesses(target, token)) > 0) open.push(what)
    return judge([open.length > 0, `taken: ${open.join(', ')}`])
  }
  return { resident, client, tokens, header, claims, privateKey, sign, tryAll }
}

/** A service client with a key pair, and its client assertion (RFC 7523 §2.2). */
async function createAsserting(target: Target) {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk: JWK = await exportJWK(publicKey)
  const { client_id } = await addClient(target, {
    type: 'service',
    scope: 'idv.read',
    jwks: { keys: [{ ...jwk, alg: 'ES256' }] },
  })
  const claims = (change: object = {}) => ({
    iss: client_id,
    sub: client_id,
    aud: target.issuer,
    jti: randomUUID(),
    exp: inSeconds(60),
    ...change,
  })
  const sign = (change: object = {}) =>
    new SignJWT(claims(change)).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
  const ask = (web: string, assertion: string, headers: Record<string, string> = {}) =>
    send(`${web}/api/oauth/token`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    })
  const proof = (change: object = {}) =>
    new SignJWT({
      jti: randomUUID(),
      iat: inSeconds(0),
      htm: 'POST',
      htu: `${target.issuer}/api/oauth/token`,
      ...change,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey)
  return { client_id, jwk, claims, sign, ask, proof }
}

const countAccepted = (answers: Response[]) => answers.filter(({ ok }) => ok).length

export const tokenAttacks: Attack<Target>[] = [
  {
    area: 'tokens',
    name: 'an access token with another audience, issuer or type, or without a grant, is accepted',
    async run(target) {
      const { sign, tryAll } = await forge(target)
      return tryAll({
        'another audience': await sign({ aud: 'https://other.test' }),
        'no audience': await sign({ aud: undefined }),
        'another issuer': await sign({ iss: 'https://other.test' }),
        'type JWT': await sign({}, { typ: 'JWT' }),
        'no type': await sign({}, { typ: undefined }),
        'a type of events': await sign({}, { typ: 'secevent+jwt' }),
        'an unknown jti': await sign({ jti: randomUUID() }),
        expired: await sign({ exp: inSeconds(-60) }),
      })
    },
  },
  {
    area: 'tokens',
    name: 'a token that is unsigned, or signed with a foreign key or with the public key as a secret, is accepted',
    async run(target) {
      const { claims, header, privateKey, tryAll } = await forge(target)
      const stranger = await generateKeyPair('RS256')
      const jwk = await exportJWK(stranger.publicKey)
      const publicKey = createPublicKey(privateKey)
      const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))
      const der = Buffer.from(publicKey.export({ type: 'spki', format: 'der' }))
      const byStranger = (protect: object) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', ...protect })
          .sign(stranger.privateKey)
      const bySecret = (secret: Uint8Array) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: header.kid })
          .sign(secret)
      return tryAll({
        'alg none': `${encode({ alg: 'none', typ: 'at+jwt', kid: header.kid })}.${encode(claims)}.`,
        'a stranger’s key': await byStranger({ kid: header.kid }),
        'a key in the header': await byStranger({ jwk }),
        'a key by address': await byStranger({ jku: 'http://127.0.0.1:9/jwks', kid: 'x' }),
        'the public key (PEM) as a secret': await bySecret(pem),
        'the public key (DER) as a secret': await bySecret(der),
      })
    },
  },
  {
    area: 'tokens',
    name: 'an ID token, a refresh token, a code or a token in the query opens the API',
    async run(target) {
      const { resident, client, tokens, tryAll } = await forge(target)
      const { code } = await obtainCode(target, client, resident)
      const query = await send(`${target.issuer}${API}?access_token=${tokens.access_token}`)
      const verdict = await tryAll({
        'an ID token': tokens.id_token,
        'a refresh token': tokens.refresh_token,
        'a code': code,
      })
      return verdict === 'refused' ? judge([query.ok, 'a token in the query is taken']) : verdict
    },
  },
  {
    area: 'tokens',
    name: 'a scope that begins with, ends with or contains the needed one opens documents',
    async run(target) {
      const { resident, tokens } = await connect(target)
      const open: string[] = []
      for (const scope of [`${IMAGES}.x`, `x${IMAGES}`, IMAGES.slice(0, -1), `${IMAGES}s openid`]) {
        // No client can register such a scope, so change the stored token.
        await target.parts.db`
          update oidc_artifact set scope = ${scope}
          where kind = 'AccessToken' and account_id = ${resident.id}`
        if ((await countAcceptingProcesses(target, tokens.access_token)) > 0) open.push(scope)
      }
      await target.parts.db`
        update oidc_artifact set scope = ${`openid ${IMAGES}`}
        where kind = 'AccessToken' and account_id = ${resident.id}`
      control(
        (await countAcceptingProcesses(target, tokens.access_token)) === 2,
        'the scope itself opens them',
      )
      return judge([open.length > 0, `${open.length} scopes that only look alike`])
    },
  },
  {
    area: 'tokens',
    name: 'a token with fewer scopes reads documents, details or other data',
    async run(target) {
      const { tokens, client, resident } = await connect(target, { scope: 'openid email' })
      const paths = [API, `${API}/images`, `${API}/status`, '/api/v1/me/natural-person']
      const answers = await Promise.all(
        paths.map((path) => callApi(target.issuer, tokens.access_token, path)),
      )
      const wider = await send(`${target.issuer}/api/oauth/token`, {
        method: 'POST',
        headers: basic(client),
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          scope: IMAGES,
          sub: resident.id,
        }),
      })
      return judge(
        [answers.some(({ status }) => status < 400), 'the API answers'],
        [wider.ok, 'client credentials give a resident’s scope'],
      )
    },
  },
  {
    area: 'tokens',
    name: 'a client uses another client’s refresh token, code or access token',
    async run(target) {
      const { resident, client, tokens } = await connect(target)
      const thief = await addClient(target)
      const code = await obtainCode(target, client, resident)
      const post = (path: string, token: string) =>
        send(`${target.issuer}/api/oauth/${path}`, {
          method: 'POST',
          headers: basic(thief),
          body: new URLSearchParams({ token }),
        })
      const renewed = await refresh(target.issuer, thief, tokens.refresh_token)
      const redeemed = await redeem(target.issuer, thief, code)
      const looked = (await (await post('introspect', tokens.access_token)).json()) as object
      await post('revoke', tokens.access_token)
      const open = await countAcceptingProcesses(target, tokens.access_token)
      control(
        (await refresh(target.issuer, client, tokens.refresh_token)).ok,
        'the client itself renews its token',
      )
      return judge(
        [renewed.ok, 'the refresh token is renewed'],
        [redeemed.ok, 'the code is redeemed'],
        ['sub' in looked, 'introspection tells whose token it is'],
        [open < 2, 'the access token is revoked'],
      )
    },
  },
  {
    area: 'tokens',
    name: `a code is redeemed more than once, of ${AT_ONCE} tries at one instant over both processes`,
    async run(target) {
      const { resident, client } = await connect(target)
      const counts: number[] = []
      let open = 0
      for (let round = 0; round < 4; round++) {
        const code = await obtainCode(target, client, resident)
        const answers = await atOnce(target, AT_ONCE, (web) => redeem(web, client, code))
        counts.push(countAccepted(answers))
        for (const winner of answers.filter(({ ok }) => ok))
          open += await countAcceptingProcesses(
            target,
            ((await winner.json()) as Tokens).access_token,
          )
      }
      return judge(
        [counts.some((count) => count !== 1), `redeemed ${counts.join(', ')} times`],
        [open > 0, 'what the replayed code gave is not revoked (RFC 6749 §4.1.2)'],
      )
    },
  },
  {
    area: 'tokens',
    name: 'a code is redeemed without its verifier, with another one, or at another address',
    async run(target) {
      const { resident, client } = await connect(target)
      const tries = []
      for (const change of [
        { code_verifier: '' },
        { code_verifier: 'v'.repeat(43) },
        { redirect_uri: `${CALLBACK}/other` },
      ] as Record<string, string>[]) {
        const { code, verifier } = await obtainCode(target, client, resident)
        const fields = { code, redirect_uri: CALLBACK, code_verifier: verifier, ...change }
        tries.push(
          await send(`${target.issuer}/api/oauth/token`, {
            method: 'POST',
            headers: basic(client),
            body: new URLSearchParams({ grant_type: 'authorization_code', ...fields }),
          }),
        )
      }
      const asked = []
      for (const more of [
        { code_challenge_method: 'plain' },
        { challenge: '' },
        { response_type: 'token' },
        { response_type: 'code id_token' },
      ] as Record<string, string>[]) {
        const page = await newBrowser().open(authorizeUrl(target, client, more), CALLBACK)
        if (page.text.includes('name="login"')) asked.push(more)
      }
      return judge(
        [countAccepted(tries) > 0, `${countAccepted(tries)} of 3 are redeemed`],
        [asked.length > 0, `${asked.length} weak requests lead to the sign-in`],
      )
    },
  },
  {
    area: 'tokens',
    name: `a refresh token splits into two families, of ${AT_ONCE} uses at one instant over both processes`,
    async run(target) {
      const { client, tokens } = await connect(target)
      const answers = await atOnce(target, AT_ONCE, (web) =>
        refresh(web, client, tokens.refresh_token),
      )
      const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as Tokens[]
      const successors = new Set(bodies.flatMap((body) => body.refresh_token ?? []))
      control(successors.size > 0, 'a refresh token is renewed')
      const [successor = ''] = successors
      const revoked = await send(`${target.issuer}/api/oauth/revoke`, {
        method: 'POST',
        headers: basic(client),
        body: new URLSearchParams({ token: successor }),
      })
      control(revoked.ok, 'the successor is revoked')
      let open = 0
      for (const { access_token: token } of bodies)
        open += await countAcceptingProcesses(target, token)
      return judge(
        [successors.size > 1, `${successors.size} successors are given`],
        [open > 0, `${open} answers to access tokens after all were revoked`],
      )
    },
  },
  {
    area: 'tokens',
    name: 'a revoked access token works on the process that did not revoke it',
    async run(target) {
      const { client, tokens } = await connect(target)
      control(
        (await countAcceptingProcesses(target, tokens.access_token)) === 2,
        'the token works before',
      )
      await send(`${target.webs[0]}/api/oauth/revoke`, {
        method: 'POST',
        headers: basic(client),
        body: new URLSearchParams({ token: tokens.access_token }),
      })
      return judge([
        (await countAcceptingProcesses(target, tokens.access_token)) > 0,
        'it works on',
      ])
    },
  },
  {
    area: 'tokens',
    name: `a client assertion is accepted more than once, of ${AT_ONCE} at one instant over both processes`,
    async run(target) {
      const { sign, ask } = await createAsserting(target)
      const counts: number[] = []
      for (let round = 0; round < 4; round++) {
        const assertion = await sign()
        counts.push(countAccepted(await atOnce(target, AT_ONCE, (web) => ask(web, assertion))))
      }
      return judge([counts.some((count) => count !== 1), `accepted ${counts.join(', ')} times`])
    },
  },
  {
    area: 'tokens',
    name: `a DPoP proof is accepted more than once, of ${AT_ONCE} at one instant over both processes`,
    async run(target) {
      const { sign, ask, proof } = await createAsserting(target)
      const counts: number[] = []
      for (let round = 0; round < 4; round++) {
        const DPoP = await proof()
        const answers = await atOnce(target, AT_ONCE, async (web) =>
          ask(web, await sign(), { DPoP }),
        )
        counts.push(countAccepted(answers))
      }
      return judge([counts.some((count) => count !== 1), `accepted ${counts.join(', ')} times`])
    },
  },
  {
    area: 'tokens',
    name: 'a client assertion from the future, of another client or for another audience is accepted',
    async run(target) {
      const { sign, ask, jwk, claims, client_id } = await createAsserting(target)
      control((await ask(target.issuer, await sign())).ok, 'a right one is accepted')
      const shared = Buffer.from(JSON.stringify(jwk).padEnd(64))
      const stranger = await generateKeyPair('ES256')
      const tries: Record<string, string> = {
        'issued a day ahead': await sign({ iat: inSeconds(86_400), exp: inSeconds(86_460) }),
        'issued a day ahead, short': await sign({ iat: inSeconds(86_400) }),
        'not valid yet': await sign({ nbf: inSeconds(120) }),
        expired: await sign({ exp: inSeconds(-60) }),
        'valid for a day': await sign({ exp: inSeconds(86_400) }),
        'no jti': await sign({ jti: undefined }),
        'another audience': await sign({ aud: 'https://other.test' }),
        'another subject': await sign({ sub: 'other' }),
        'alg none': `${encode({ alg: 'none' })}.${encode(claims())}.`,
        'the public key as a secret': await new SignJWT(claims())
          .setProtectedHeader({ alg: 'HS256' })
          .sign(shared),
        'a stranger’s key': await new SignJWT(claims())
          .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(stranger.publicKey) })
          .sign(stranger.privateKey),
      }
      const taken: string[] = []
      for (const [what, assertion] of Object.entries(tries))
        if ((await ask(target.issuer, assertion)).ok) taken.push(what)
      const plain = await send(`${target.issuer}/api/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'client_credentials', client_id }),
      })
      return judge(
        [taken.length > 0, `accepted: ${taken.join(', ')}`],
        [plain.ok, 'no authentication is needed'],
      )
    },
  },
  {
    area: 'tokens',
    name: 'a DPoP-bound token is used as a bearer token, with another key, method, address or time',
    async run(target) {
      const { resident, client } = await connect(target)
      const pair = await generateKeyPair('ES256')
      const thief = await generateKeyPair('ES256')
      const proof = async (keys: typeof pair, claims: object) =>
        new SignJWT({ jti: randomUUID(), iat: inSeconds(0), ...claims })
          .setProtectedHeader({
            alg: 'ES256',
            typ: 'dpop+jwt',
            jwk: await exportJWK(keys.publicKey),
          })
          .sign(keys.privateKey)
      const code = await obtainCode(target, client, resident)
      const at = { htm: 'POST', htu: `${target.issuer}/api/oauth/token` }
      const answer = await redeem(target.issuer, client, code, { DPoP: await proof(pair, at) })
      const { access_token: token } = (await answer.json()) as Tokens
      const ath = createHash('sha256').update(token).digest('base64url')
      const here = { htm: 'GET', htu: `${target.issuer}${API}`, ath }
      const use = async (Authorization: string, keys = pair, change: object = {}) =>
        (
          await send(`${target.issuer}${API}`, {
            headers: { Authorization, DPoP: await proof(keys, { ...here, ...change }) },
          })
        ).ok
      control(await use(`DPoP ${token}`), 'with its key the token works')
      const bearer = (await callApi(target.issuer, token)).status < 400
      return judge(
        [bearer || (await use(`Bearer ${token}`)), 'as a bearer token'],
        [await use(`DPoP ${token}`, thief), 'with another key'],
        [await use(`DPoP ${token}`, pair, { htm: 'POST' }), 'with another method'],
        [await use(`DPoP ${token}`, pair, { htu: `${target.issuer}/other` }), 'at another address'],
        [await use(`DPoP ${token}`, pair, { iat: inSeconds(-3600) }), 'an hour later'],
        [await use(`DPoP ${token}`, pair, { ath: 'x'.repeat(43) }), 'for another token'],
      )
    },
  },
]

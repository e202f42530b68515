import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import * as oauth from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT = '4000' } = process.env
const REDIRECT_URI = `http://localhost:${PORT}/callback`
const SCOPE = 'openid offline_access eprospera:person.id_verification.read'

const issuer = new URL(ISSUER)
const isLoopback = ['localhost', '127.0.0.1'].includes(issuer.hostname)
const config = await oauth.discovery(issuer, CLIENT_ID, CLIENT_SECRET, undefined, {
  execute: isLoopback ? [oauth.allowInsecureRequests] : [],
})
// Also checks the signature of ID tokens.
oauth.enableNonRepudiationChecks(config)

/** By session cookie: what a sign-in has to check, then the tokens. Use a database, and seal what it stores. */
const sessions = new Map()

async function startSignIn(response) {
  const id = randomUUID()
  const checks = {
    expectedState: oauth.randomState(),
    expectedNonce: oauth.randomNonce(),
    pkceCodeVerifier: oauth.randomPKCECodeVerifier(),
  }
  sessions.set(id, { checks })
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const cookie = `session=${id}; HttpOnly; SameSite=Lax; Path=/`
  response.writeHead(302, { Location: url.href, 'Set-Cookie': cookie }).end()
}

async function finishSignIn(request, response, session) {
  const { checks } = session ?? {}
  if (!checks) throw new Error('This browser did not start a sign-in.')
  // One try for each sign-in.
  delete session.checks
  const current = new URL(request.url, REDIRECT_URI)
  store(session, await oauth.authorizationCodeGrant(config, current, checks))
  response.writeHead(302, { Location: '/' }).end()
}

function store(session, tokens) {
  session.accessToken = tokens.access_token
  // A refresh token works once; the answer has the next one.
  session.refreshToken = tokens.refresh_token ?? session.refreshToken
  session.expiresAt = Date.now() + tokens.expiresIn() * 1000
}

async function showDocuments(response, session) {
  if (session.expiresAt < Date.now() + 10_000)
    store(session, await oauth.refreshTokenGrant(config, session.refreshToken))
  const url = new URL('/api/v1/me/natural-person/id-verification', issuer)
  const answer = await oauth.fetchProtectedResource(config, session.accessToken, url, 'GET')
  response.writeHead(answer.status, { 'Content-Type': 'application/json' })
  response.end(await answer.text())
}

createServer(async (request, response) => {
  const [, id] = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '') ?? []
  const session = sessions.get(id)
  try {
    if (request.url.startsWith('/callback?')) await finishSignIn(request, response, session)
    else if (request.url !== '/') response.writeHead(404).end()
    else if (session?.accessToken) await showDocuments(response, session)
    else await startSignIn(response)
  } catch (error) {
    // The person said no, or it took too long: `error.error` is the portal's code.
    sessions.delete(id)
    response.writeHead(400).end(`The sign-in failed: ${error.error ?? error.message}`)
  }
}).listen(Number(PORT), () => console.log(`listening on http://localhost:${PORT}`))

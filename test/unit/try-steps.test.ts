import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { errorOf, requestText } from '../../src/developers/try-exchange.ts'
import { challengeOf, toCurl } from '../../src/developers/try-requests.ts'
import type { Run, ShownAnswer } from '../../src/developers/try-runs.ts'
import { ACTIONS } from '../../src/developers/try-steps.ts'

const ISSUER = 'https://sandbox.portal.example'
const RUN: Run = {
  wanted: { scope: ['openid'], prompt: '', acrValues: '', claims: '', isPushed: false },
  client: { id: 'client', secret: 'a secret' },
  redirectUri: 'https://portal.example/developers/try/callback',
  ...{ verifier: 'verifier', state: 'state', nonce: 'nonce', exchanges: [] },
}
const answering = (body: unknown): ShownAnswer => ({
  ...{ status: 200, headers: [] },
  body: JSON.stringify(body),
})

describe('discovery', () => {
  const discover = (send: () => Promise<ShownAnswer>) => {
    const [action] = ACTIONS.discover ?? []
    return action?.({ send, issuer: ISSUER, given: () => '', letHourPass: async () => {} }, RUN)
  }

  test('of a sandbox that does not answer says so', async () => {
    const run = await discover(() => Promise.reject(new Error('connect ECONNREFUSED')))
    expect(run?.endpoints).toBeUndefined()
    expect(run?.exchanges).toMatchObject([{ answer: expect.stringContaining('ECONNREFUSED') }])
  })

  test('that is of another issuer is shown, and not used', async () => {
    const run = await discover(async () => answering({ issuer: 'https://elsewhere.example' }))
    expect(run?.endpoints).toBeUndefined()
    expect(run?.exchanges).toHaveLength(1)
  })

  test('that is of this issuer is used', async () => {
    const run = await discover(async () => answering({ issuer: ISSUER }))
    expect(run?.endpoints).toEqual({ issuer: ISSUER })
  })
})

test('the challenge is the one of RFC 7636, appendix B', () => {
  expect(challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  )
})

test('a shell reads the command as it was meant, whatever was typed', () => {
  const claims = `{"a":"'; $(echo run) \`echo run\` $ACCESS_TOKEN\\""}`
  const command = toCurl({
    method: 'POST',
    url: `${ISSUER}/par?a=b&c=d'e`,
    headers: [
      ['Accept', 'application/json'],
      ['Authorization', 'Basic $CREDENTIALS'],
    ],
    form: [
      ['claims', claims],
      ['typed', '$(echo run)$ACCESS_TOKEN'],
      ['token', '$ACCESS_TOKEN'],
    ],
  })
  const read = execFileSync('sh', ['-c', command.replace('curl', `printf '%s\\n'`)], {
    env: { PATH: process.env.PATH, CLIENT_ID: 'id', CLIENT_SECRET: 'se"cret', ACCESS_TOKEN: 'at' },
    encoding: 'utf8',
  })
  expect(read.trimEnd().split('\n')).toEqual([
    ...['-i', `${ISSUER}/par?a=b&c=d'e`, '-H', 'Accept: application/json', '-u', 'id:se"cret'],
    ...['--data-urlencode', `claims=${claims}`],
    ...['--data-urlencode', 'typed=$(echo run)$ACCESS_TOKEN', '--data-urlencode', 'token=at'],
  ])
})

test('a request is shown with one parameter on each line', () => {
  const url = `${ISSUER}/authorize?scope=openid+profile&state=x`
  expect(requestText({ method: 'GET', url, headers: [] })).toBe(
    `GET ${ISSUER}/authorize\n  ?scope=openid profile\n  &state=x`,
  )
})

test.each([
  [{ headers: [['www-authenticate', 'Bearer error="invalid_token", x="y"']] }, 'invalid_token'],
  [{ body: '{"error":"missing_scopes: a b"}' }, 'missing_scopes'],
  [{ body: 'a page' }, undefined],
  [{ status: 200, body: '{"error":"none"}' }, undefined],
] as [Partial<ShownAnswer>, string | undefined][])('%o names %s', (answer, error) => {
  expect(errorOf({ status: 401, headers: [], body: '', ...answer })).toBe(error)
})

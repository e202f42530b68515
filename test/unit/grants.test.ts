import { expect, test } from 'vitest'
import { SCOPES } from '../../src/clients/scopes.ts'
import { limitToConsent, scopesOfClaims, toGrantTerms } from '../../src/oauth/grants.ts'

const EMAIL = ['email', 'email_verified']

test('claims of a scope that the client is not registered for count as refused', () => {
  const consent = { scopes: ['openid', 'profile'], declined: [] }
  expect(toGrantTerms(consent, 'openid profile').rejected.openid.claims).toEqual(
    expect.arrayContaining(EMAIL),
  )
  const { openid, rejected } = toGrantTerms(consent, 'openid profile email')
  for (const claim of EMAIL) {
    expect(rejected.openid.claims).not.toContain(claim)
    expect(openid.claims).not.toContain(claim)
  }
})

test('a scope that was consented to and is not registered any more is not granted, nor are its claims', () => {
  const consent = { scopes: ['openid', 'profile', 'email'], declined: [] }
  const { openid, rejected } = toGrantTerms(consent, 'openid profile')
  expect(openid.scope).toBe('openid profile')
  expect(rejected.openid.claims).toEqual(expect.arrayContaining(EMAIL))
  for (const claim of EMAIL) expect(openid.claims).not.toContain(claim)
})

test('a registered scope whose name only contains another’s is not that one', () => {
  const consent = { scopes: ['openid'], declined: [] }
  const registered = 'openid emailx xemail profile.x'
  expect(toGrantTerms(consent, registered).rejected.openid.claims).toEqual(
    expect.arrayContaining([...EMAIL, 'name']),
  )
})

test('what was declined is refused with its claims, and what was allowed is granted with its own', () => {
  const consent = { scopes: ['openid', 'email'], declined: ['profile', 'offline_access'] }
  const { openid, rejected } = toGrantTerms(consent, Object.keys(SCOPES).join(' '))
  expect(openid.scope).toBe('openid email')
  expect(openid.claims).toEqual(expect.arrayContaining(['sub', ...EMAIL]))
  expect(rejected.openid.scope.split(' ')).toEqual(
    expect.arrayContaining(['profile', 'offline_access', 'eprospera:entity.read']),
  )
  expect(rejected.openid.claims).toEqual(
    expect.arrayContaining(['name', 'given_name', 'family_name', 'verified_claims']),
  )
  for (const claim of EMAIL) expect(rejected.openid.claims).not.toContain(claim)
})

test('a grant keeps what is still consented to, by whole words', () => {
  const grant = {
    accountId: 'a',
    openid: { scope: 'openid email profile', claims: ['sub', 'email', 'name'] },
  }
  expect(limitToConsent(grant, ['openid', 'xprofile', 'email'])).toEqual({
    accountId: 'a',
    openid: { scope: 'openid email', claims: ['sub', 'email'] },
  })
  expect(limitToConsent(grant, [])).toMatchObject({ openid: { scope: '', claims: [] } })
  expect(limitToConsent({ openid: {} }, ['openid'])).toEqual({ openid: { scope: '' } })
  expect(limitToConsent({ accountId: 'a' }, [])).toEqual({ accountId: 'a' })
})

test('verified claims go with either scope of the verification, and are left out silently without one', () => {
  const all = Object.keys(SCOPES).join(' ')
  for (const scope of [
    'eprospera:person.id_verification.read',
    'eprospera:person.id_verification.status.read',
  ]) {
    const { openid, rejected } = toGrantTerms({ scopes: [scope], declined: ['email'] }, all)
    expect(openid).toEqual({ scope, claims: ['verified_claims'] })
    expect(rejected.openid.claims).toEqual(EMAIL)
  }
  const { openid, rejected } = toGrantTerms({ scopes: ['email'], declined: [] }, all)
  expect(openid).toEqual({ scope: 'email', claims: EMAIL })
  expect(rejected.openid.claims).toEqual(['verified_claims'])
})

test('asking for one claim is asking for its scope', () => {
  const asked = (claims: object) => scopesOfClaims(JSON.stringify(claims))
  expect(asked({ userinfo: { email: null } })).toEqual(['email'])
  expect(asked({ id_token: { family_name: { essential: true } } })).toEqual(['profile'])
  expect(asked({ userinfo: { email_verified: null }, id_token: { name: null } })).toEqual([
    'profile',
    'email',
  ])
  // Every answer has these, and nobody decides about them.
  expect(asked({ userinfo: { sub: null }, id_token: { acr: null, auth_time: null } })).toEqual([])
  expect(asked({})).toEqual([])
  expect(scopesOfClaims(undefined)).toEqual([])
})

import { hash } from '@node-rs/argon2'
import { expect, test } from 'vitest'
import { normalizeEmail } from '../../src/accounts/accounts.ts'
import { findPasswordFault } from '../../src/accounts/password-strength.ts'
import { hashPassword, verifyPassword } from '../../src/accounts/passwords.ts'
import { TooBusyError } from '../../src/platform/errors.ts'
import { LANGUAGES, LOCALES } from '../../src/web/texts/languages.ts'

const ANA = {
  email: 'ana.mejia@harbour.test',
  givenName: 'Ana',
  surname: 'Mejía',
  issuer: 'https://id.freeport.example',
}

test.each([
  ['short', 'it is short'],
  ['passwordpassword', 'a listed password'],
  ['iloveyou1234567', 'a listed password and a row of digits'],
  ['ILoveYou1234567!', 'the same in other letters, with a symbol'],
  ['ＩＬＯＶＥＹＯＵ１２３４５６７', 'the same in full-width letters'],
  ['i-love-you-1234567', 'the same with separators'],
  ['iloveyou84719203', 'a listed password and eight digits'],
  ['password1234567', 'the most common one'],
  ['P@$$w0rd2024!!!!', 'substituted letters and a year'],
  ['football2025football2025', 'a repetition'],
  ['monkeydragonstarwars', 'three of the most common ones'],
  ['aaaaaaaaaaaaaaaaaaaa', 'one letter'],
  ['!!!!!!!!!!!!!!!!', 'one symbol'],
  ['123456789012345', 'a row of digits'],
  ['abcdefghijklmnop', 'the alphabet'],
  ['qwertyuiopasdfgh', 'a row of keys'],
  ['1q2w3e4r5t6y7u8i', 'a pattern of keys'],
  ['prospera-prospera', 'the name of the place'],
  ['Pröspera 123456!!', 'the same with an accent'],
  ['identityportal2026', 'the name of the portal'],
  ['id.freeport.example', 'the host of the portal'],
  ['Ana.Mejia@Harbour.TEST', 'the e-mail address'],
  ['ana.mejia@harbour.test2026', 'the e-mail address and a year'],
  ['AnaMejía-19850412', 'the name and a birthday'],
  ['harbour harbour 1', 'the domain of the address'],
])('the password %s is refused: %s', async (password) => {
  expect(await findPasswordFault(password, ANA)).toBeTypeOf('function')
})

test.each([
  'lantern orchard violet drum',
  'ein langes Passwort über Bäume',
  'correct horse battery staple',
  '一二三四五六七八九十甲乙丙丁戊己',
  '🦊🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆🦅🦉🦇🐺',
  'xkqmwzvgtrbnhyl',
  'xK9$mQ2vL7pR4wZ',
  'mejia lantern orchard violet 1985',
  'my prospera lantern orchard',
  'iloveyou lantern orchard violet',
])('the password %s is taken: there are no rules of composition', async (password) => {
  expect(await findPasswordFault(password, ANA)).toBeUndefined()
})

test('what is somebody’s own name is a good word in somebody else’s password', async () => {
  const bob = { ...ANA, email: 'bob@quay.test', givenName: 'Bob', surname: 'Ortega' }
  const password = 'ana mejia harbour 84'
  expect(await findPasswordFault(password, ANA)).toBeTypeOf('function')
  expect(await findPasswordFault(password, bob)).toBeUndefined()
})

test('a password has 256 characters at most, however many bytes they are', async () => {
  const long = 'lantern orchard violet drum '.repeat(10)
  expect(await findPasswordFault(long.slice(0, 256), ANA)).toBeUndefined()
  const fault = await findPasswordFault(long.slice(0, 257), ANA)
  for (const locale of LOCALES) expect(fault?.(LANGUAGES[locale])).toContain('256')
})

test('two passwords that differ after their 72nd byte are different', async () => {
  const long = 'lantern orchard violet drum '.repeat(3)
  const hash = await hashPassword(`${long}a`, ANA)
  expect(hash).toMatch(/^\$argon2id\$/)
  expect(await verifyPassword(`${long}a`, hash)).toBe(true)
  expect(await verifyPassword(`${long}b`, hash)).toBe(false)
})

test('of very many passwords at once, two are checked at a time, some wait, and the rest is told to come back', async () => {
  // Quick to check: only how many are taken counts here.
  const quick = await hash('lantern orchard violet drum', { memoryCost: 8, timeCost: 1 })
  const answers = await Promise.allSettled(
    Array.from({ length: 230 }, () => verifyPassword('lantern orchard violet drum', quick)),
  )
  const refused = answers.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(28)
  for (const answer of refused) expect(answer).toMatchObject({ reason: expect.any(TooBusyError) })
  expect(await verifyPassword('lantern orchard violet drum', null)).toBe(false)
})

test('an account without a password is never signed in by one', async () => {
  expect(await verifyPassword('lantern orchard violet drum', null)).toBe(false)
  expect(await verifyPassword('', undefined)).toBe(false)
})

test('an e-mail is found in every spelling of its letters, and no other one is', () => {
  expect(normalizeEmail(' Ana@Example.TEST ')).toBe(normalizeEmail('ana@example.test'))
  expect(normalizeEmail('anа@example.test')).not.toBe(normalizeEmail('ana@example.test'))
})

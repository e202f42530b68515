import { expect, test } from 'vitest'
import { emailKey } from '../../src/accounts/accounts.ts'
import {
  hashPassword,
  passwordFault,
  TooBusyError,
  verifyPassword,
} from '../../src/accounts/passwords.ts'

test.each([
  'short',
  'passwordpassword',
  'prospera-prospera',
  'aaaaaaaaaaaaaaaaaaaa',
  'Pröspera 123456!!',
  'password1234567',
])('the password %s is refused', (password) => {
  expect(passwordFault(password)).toBeTypeOf('string')
})

test.each([
  'lantern orchard violet drum',
  'ein langes Passwort über Bäume',
  'correct horse battery staple',
  '一二三四五六七八九十甲乙丙丁戊己',
])('the password %s is taken: there are no rules of composition', (password) => {
  expect(passwordFault(password)).toBeUndefined()
})

test('two passwords that differ after their 72nd byte are different', async () => {
  const long = 'lantern orchard violet drum '.repeat(3)
  const hash = await hashPassword(`${long}a`)
  expect(hash).toMatch(/^\$argon2id\$/)
  expect(await verifyPassword(`${long}a`, hash)).toBe(true)
  expect(await verifyPassword(`${long}b`, hash)).toBe(false)
})

test('of very many passwords at once, two are checked at a time, some wait, and the rest is told to come back', async () => {
  const answers = await Promise.allSettled(
    Array.from({ length: 230 }, () => verifyPassword('lantern orchard violet drum', null)),
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
  expect(emailKey(' Ana@Example.TEST ')).toBe(emailKey('ana@example.test'))
  expect(emailKey('anа@example.test')).not.toBe(emailKey('ana@example.test'))
})

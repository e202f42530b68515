import { type Letter, sign } from './mails.ts'

/** `code` is typed in the browser that asked, when the mail is read on another device. */
export const signUpMail =
  (given: { to: string; link: string; code: string; minutes: number; expiresAt: Date }): Letter =>
  (texts) => ({
    ...sign(texts, texts.mails.signUp(given)),
    expiresAt: given.expiresAt.toISOString(),
  })

/** The answer to a sign-up with the address of an account. */
export const accountExistsMail =
  (given: { to: string; issuer: string; expiresAt: Date }): Letter =>
  (texts) => ({
    ...sign(texts, texts.mails.accountExists(given)),
    expiresAt: given.expiresAt.toISOString(),
  })

export const invitationMail =
  (given: { to: string; link: string; days: number; expiresAt: Date }): Letter =>
  (texts) => ({
    ...sign(texts, texts.mails.invitation(given)),
    expiresAt: given.expiresAt.toISOString(),
  })

export const accountCreatedMail =
  (given: { to: string; issuer: string }): Letter =>
  (texts) =>
    sign(texts, texts.mails.accountCreated(given))

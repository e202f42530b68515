import type { Mail } from '../platform/mail.ts'
import { SIGNATURE } from './mails.ts'

/** `code` is typed in the browser that asked, when the mail is read on another device. */
export function signUpMail(
  to: string,
  { link, code, minutes }: { link: string; code: string; minutes: number },
): Mail {
  return {
    to,
    subject: 'Create your account',
    text: `Someone asked to create an account of the identity portal with the address ${to}.

If it was you, open this link in the browser in which you asked. It works once, for ${minutes} minutes:

${link}

Are you reading this on another device? Then type this code on the page that is still open in that browser:

${code}

Never tell anyone the code. If it was not you, you need not do anything: without the link or the code no account is created.

${SIGNATURE}
`,
  }
}

/** The answer to a sign-up with the address of an account. */
export function accountExistsMail(to: string, issuer: string): Mail {
  return {
    to,
    subject: 'You already have an account',
    text: `Someone asked to create an account of the identity portal with the address ${to}. You have one already, and it has not changed.

If it was you, go back to the page and choose "I already have an account", or sign in here:

${issuer}/

If you do not know your password, set a new one:

${issuer}/reset

If it was not you, you need not do anything.

${SIGNATURE}
`,
  }
}

export function invitationMail(to: string, { link, days }: { link: string; days: number }): Mail {
  return {
    to,
    subject: 'You are invited to create an account',
    text: `The people who run the identity portal invite you to create an account with the address ${to}.

Open this link to choose how you sign in. It works once, for ${days} days:

${link}

If you do not want an account, you need not do anything: without this link none is created.

${SIGNATURE}
`,
  }
}

export function accountCreatedMail(to: string, issuer: string): Mail {
  return {
    to,
    subject: 'Your account was created',
    text: `Your account of the identity portal was created. You sign in as ${to}:

${issuer}/

If it was not you, set a new password at once, and write to the people who run the portal:

${issuer}/reset

${SIGNATURE}
`,
  }
}

import type { Mail } from '../mail.ts'

const SIGNED = 'The identity portal'

export function resetMail(to: string, link: string, minutes: number): Mail {
  return {
    to,
    subject: 'Set a new password',
    text: `Someone asked to set a new password for the identity portal account of ${to}.

If it was you, open this link in the browser in which you asked. It works once, for ${minutes} minutes:

${link}

If it was not you, you need not do anything: without this link nothing changes.

${SIGNED}
`,
  }
}

export function confirmEmailMail(to: string, link: string, hours: number): Mail {
  return {
    to,
    subject: 'Confirm your e-mail address',
    text: `Someone asked to use ${to} for an account of the identity portal.

If it was you, open this link in the browser in which you asked. It works once, for ${hours} hours:

${link}

If it was not you, you need not do anything: without this link the address is not used.

${SIGNED}
`,
  }
}

export function emailChangedMail(to: string, now: string): Mail {
  return {
    to,
    subject: 'Your e-mail address was changed',
    text: `From now on you sign in to the identity portal as ${now}; ${to} is not used any more.

If it was not you, write at once to the people who run the portal.

${SIGNED}
`,
  }
}

export function passwordChangedMail(to: string): Mail {
  return {
    to,
    subject: 'Your password was changed',
    text: `A new password was set for your account of the identity portal, and every session was ended.

If it was not you, ask for a new password at once, and write to the people who run the portal.

${SIGNED}
`,
  }
}

export function passkeyAddedMail(to: string): Mail {
  return {
    to,
    subject: 'A passkey was added',
    text: `A passkey was added to your account of the identity portal: you can sign in with it from now on.

If it was not you, sign in, remove it on the page of your account, and set a new password.

${SIGNED}
`,
  }
}

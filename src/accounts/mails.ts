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

const FACTOR_CHANGES = {
  'totp-added': ['An authenticator app was added', 'An authenticator app was added to'],
  'totp-removed': ['An authenticator app was removed', 'The authenticator app was removed from'],
  'passkey-removed': ['A passkey was removed', 'A passkey was removed from'],
  'recovery-codes-made': [
    'You have new recovery codes',
    'New recovery codes were made, and the old ones ended, for',
  ],
  reset: [
    'Your second steps were removed',
    'The people who run the portal removed every passkey, authenticator app and recovery code from',
  ],
} as const

/** A second factor was added or removed. */
export function factorChangedMail(to: string, change: keyof typeof FACTOR_CHANGES): Mail {
  const [subject, happened] = FACTOR_CHANGES[change]
  return {
    to,
    subject,
    text: `${happened} your account of the identity portal.

If you did not do or ask for this, set a new password at once, and write to the people who run the portal.

${SIGNED}
`,
  }
}

export function recoveryCodeUsedMail(to: string, left: number): Mail {
  return {
    to,
    subject: 'A recovery code was used',
    text: `Somebody signed in to your account of the identity portal with your password and a recovery code. ${left} of your recovery codes are left.

If it was not you, set a new password at once, and write to the people who run the portal.

${SIGNED}
`,
  }
}

export function wrongCodesMail(to: string): Mail {
  return {
    to,
    subject: 'Somebody knows your password',
    text: `Somebody typed the right password of your account of the identity portal, and then several wrong codes. They did not get in.

If it was not you, set a new password at once.

${SIGNED}
`,
  }
}

import type { Mail } from '../platform/mail.ts'

export const SIGNATURE = 'The identity portal'

const MOMENT = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** Removes line breaks from text that others chose, such as an application's name. */
const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ')

export function resetMail(to: string, link: string, minutes: number): Mail {
  return {
    to,
    subject: 'Set a new password',
    text: `Someone asked to set a new password for the identity portal account of ${to}.

If it was you, open this link in the browser in which you asked. It works once, for ${minutes} minutes:

${link}

If it was not you, you need not do anything: without this link nothing changes.

${SIGNATURE}
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

${SIGNATURE}
`,
  }
}

export function emailChangedMail(to: string, now: string): Mail {
  return {
    to,
    subject: 'Your e-mail address was changed',
    text: `From now on you sign in to the identity portal as ${now}; ${to} is not used any more.

If it was not you, write at once to the people who run the portal.

${SIGNATURE}
`,
  }
}

/**
 * `applications`: those that had access, each with the page where it can be ended. `passkeys`: those that open the account right
 * after the new password, and the page where they can be removed.
 */
export function passwordChangedMail(
  to: string,
  applications: readonly { name: string; page: string }[],
  passkeys: { list: readonly KnownPasskey[]; page: string } = { list: [], page: '' },
): Mail {
  const list = applications.map(({ name, page }) => `- ${oneLine(name)}: ${page}`).join('\n')
  return {
    to,
    subject: 'Your password was changed',
    text: `A new password was set for your account of the identity portal, and every session was ended.
${
  applications.length === 0
    ? ''
    : `
These applications were connected to your account and are disconnected now. What you allowed them is remembered for when you sign in there again. If you do not know one of them, end its access:

${list}
`
}${
  passkeys.list.length === 0
    ? ''
    : `
These passkeys belong to your account. Each opens it again once it was used right after the new password:

${passkeys.list.map(describePasskey).join('\n')}

If you do not know one of them, sign in, remove it and make new recovery codes:

${passkeys.page}

If signing in requires a passkey or a code that you do not have, write to the people who run the portal.
`
}
If it was not you, ask for a new password at once, and write to the people who run the portal.

${SIGNATURE}
`,
  }
}

type KnownPasskey = { name: string; createdAt: Date; usedAt: Date | null }

const describePasskey = ({ name, createdAt, usedAt }: KnownPasskey): string =>
  `- ${oneLine(name)}, added on ${DAY.format(createdAt)}${usedAt ? `, last used on ${DAY.format(usedAt)}` : ', never used'}`

export function passkeyAddedMail(to: string): Mail {
  return {
    to,
    subject: 'A passkey was added',
    text: `A passkey was added to your account of the identity portal: you can sign in with it from now on.

If it was not you, sign in, remove it on the page of your account, and set a new password.

${SIGNATURE}
`,
  }
}

export function newSignInMail(
  to: string,
  signIn: { device: string; at: Date; link: string; days: number },
): Mail {
  return {
    to,
    subject: 'New sign-in to your account',
    text: `Someone signed in to your account of the identity portal in a browser that we do not know: ${signIn.device}, on ${MOMENT.format(signIn.at)} UTC.

If it was you, you need not do anything.

If it was not you, open this link. It works once, for ${signIn.days} days, without signing in, and ends that session:

${signIn.link}

${SIGNATURE}
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
  disowned: [
    'Second steps were removed',
    'Because you reported a sign-in, every passkey, authenticator app and recovery code that was added since then was removed from',
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

${SIGNATURE}
`,
  }
}

export function newConsentMail(
  to: string,
  consent: {
    clientName: string
    /** Titles of the newly allowed scopes. */
    opened: readonly string[]
    endsAt: Date | null
    at: Date
    link: string
    page: string
    days: number
  },
): Mail {
  const name = oneLine(consent.clientName)
  return {
    to,
    subject: 'An application may see your data',
    text: `On ${MOMENT.format(consent.at)} UTC your account of the identity portal allowed "${name}", ${
      consent.endsAt ? `until ${DAY.format(consent.endsAt)}` : 'until you end it'
    }:

${consent.opened.map((title) => `- ${title}`).join('\n')}

If it was not you, open this link. It works once, for ${consent.days} days, without signing in, and stops the application:

${consent.link}

If it was you, you need not do anything. You can change or end it at any time:

${consent.page}

${SIGNATURE}
`,
  }
}

export function recoveryCodeUsedMail(to: string, left: number): Mail {
  return {
    to,
    subject: 'A recovery code was used',
    text: `Somebody signed in to your account of the identity portal with your password and a recovery code. ${left} of your recovery codes are left.

If it was not you, set a new password at once, and write to the people who run the portal.

${SIGNATURE}
`,
  }
}

export function wrongCodesMail(to: string): Mail {
  return {
    to,
    subject: 'Somebody knows your password',
    text: `Somebody typed the right password of your account of the identity portal, and then several wrong codes. They did not get in.

If it was not you, set a new password at once.

${SIGNATURE}
`,
  }
}

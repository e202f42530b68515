import type { Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import { enqueueMail, type Mail } from '../platform/mail.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Texts } from '../web/texts/en.ts'
import {
  type Locale,
  momentInWords,
  type Setting,
  type Text,
  textsFor,
} from '../web/texts/languages.ts'
import type { Account } from './accounts.ts'
import type { DataKind, News } from './known-readers.ts'

/** A mail in whatever language its recipient reads. */
export type Letter = (texts: Texts) => Omit<Mail, 'to'>

export type MailContext = {
  jobs: Jobs
  sealer: Sealer
  /** `defaultLocale` and the zone of `site`: for accounts without a language or zone. */
  config: { defaultLocale: Locale; site: Setting }
}

/**
 * In the caller's transaction: enqueues a mail in the language and time zone of the account; where it has none yet, in the language of
 * the request or else the operator's default.
 */
export async function sendLetter(
  sql: Sql,
  context: MailContext,
  to: Pick<Account, 'email' | 'locale'> & {
    timeZone?: string | null
    requestLocale?: Locale | undefined
  },
  letter: Letter,
  options: { keptForSeconds?: number } = {},
): Promise<void> {
  const { defaultLocale, site } = context.config
  const texts = textsFor(to.locale ?? to.requestLocale ?? defaultLocale, {
    name: site.name,
    timeZone: to.timeZone ?? site.timeZone,
  })
  await enqueueMail(sql, context, { to: to.email, ...letter(texts) }, options)
}

/** Adds the signature. */
export const sign = ({ mails }: Texts, { subject, text }: { subject: string; text: string }) => ({
  subject,
  text: `${text}\n\n${mails.signature}\n`,
})

/** Removes line breaks from text that others chose, such as an application's name. */
const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ')

const asList = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n')

export const resetMail =
  (given: { to: string; link: string; code: string; minutes: number; expiresAt: Date }): Letter =>
  (texts) => ({
    ...sign(texts, texts.mails.reset(given)),
    expiresAt: given.expiresAt.toISOString(),
  })

export const confirmEmailMail =
  (given: { to: string; link: string; code: string; hours: number; expiresAt: Date }): Letter =>
  (texts) => ({
    ...sign(texts, texts.mails.confirmEmail(given)),
    expiresAt: given.expiresAt.toISOString(),
  })

/** Goes to the address `to`, which is not the account's any more. */
export const emailChangedMail =
  (given: { to: string; now: string }): Letter =>
  (texts) =>
    sign(texts, texts.mails.emailChanged(given))

/**
 * `applications`: those that had access, each with the page where it can be ended. `passkeys`: those that open the account right
 * after the new password, and the page where they can be removed.
 */
export const passwordChangedMail =
  (
    applications: readonly { name: string; page: string }[],
    passkeys: { list: readonly KnownPasskey[]; page: string } = { list: [], page: '' },
  ): Letter =>
  (texts) => {
    const { mails } = texts
    const connected = applications.map(({ name, page }) => `${oneLine(name)}: ${page}`)
    const kept = passkeys.list.map((passkey) => describePasskey(texts, passkey))
    return sign(
      texts,
      mails.passwordChanged({
        applications: connected.length === 0 ? '' : mails.disconnected({ list: asList(connected) }),
        passkeys:
          kept.length === 0 ? '' : mails.passkeysKept({ list: asList(kept), page: passkeys.page }),
      }),
    )
  }

type KnownPasskey = { name: string; createdAt: Date; usedAt: Date | null }

/** A passkey that opens the account after a reset, in one line of a mail or page. */
export function describePasskey(
  { format, reset }: Texts,
  { name, createdAt, usedAt }: KnownPasskey,
): string {
  const added = format.day(createdAt)
  return usedAt
    ? reset.passkeyUsed(oneLine(name), added, format.day(usedAt))
    : reset.passkeyNeverUsed(oneLine(name), added)
}

export const passkeyAddedMail = (): Letter => (texts) => sign(texts, texts.mails.passkeyAdded)

export const newSignInMail =
  (signIn: { device: Text; at: Date; link: string; days: number }): Letter =>
  (texts) =>
    sign(
      texts,
      texts.mails.newSignIn({
        ...signIn,
        device: signIn.device(texts),
        at: momentInWords(texts, signIn.at),
      }),
    )

/** A second factor was added or removed. */
export const factorChangedMail =
  (change: keyof Texts['mails']['factorChanged']): Letter =>
  (texts) => {
    const { subject, happened } = texts.mails.factorChanged[change]
    return sign(texts, { subject, text: `${happened}\n\n${texts.mails.factorHelp}` })
  }

export const newConsentMail =
  (consent: {
    clientName: string
    /** Titles of the newly allowed scopes. */
    opened: (texts: Texts) => readonly string[]
    endsAt: Date | null
    at: Date
    link: string
    page: string
    days: number
  }): Letter =>
  (texts) => {
    const { mails, format } = texts
    const { clientName, opened, endsAt, at, link, page, days } = consent
    return sign(
      texts,
      mails.newConsent({
        application: oneLine(clientName),
        at: momentInWords(texts, at),
        end: endsAt ? mails.until({ day: format.day(endsAt) }) : mails.untilYouEndIt,
        opened: asList(opened(texts)),
        link,
        page,
        days,
      }),
    )
  }

export const recoveryCodeUsedMail =
  (left: number): Letter =>
  (texts) =>
    sign(texts, texts.mails.recoveryCodeUsed({ left }))

export const wrongCodesMail = (): Letter => (texts) => sign(texts, texts.mails.wrongCodes)

/** After a resident's report of an entry. `frozen`: the name of the application that it froze. */
export const caseOpenedMail =
  ({ frozen, page }: { frozen: string | undefined; page: string }): Letter =>
  (texts) => {
    const { mails } = texts
    const effect = frozen
      ? mails.caseFroze({ application: oneLine(frozen) })
      : mails.caseFrozeNothing
    return sign(texts, mails.caseOpened({ effect, page }))
  }

/** The operator's answer to a report of an entry. `page`: where the resident reads the report with it. */
export const caseAnsweredMail =
  (given: { answer: string; page: string }): Letter =>
  (texts) =>
    sign(texts, texts.mails.caseAnswered(given))

/** What an application saw for the first time, or the first time after long. `at`: when it was the last of it. */
export const lookMail =
  (look: {
    application: string
    news: readonly Pick<News, 'kind' | 'since'>[]
    at: Date
    days: number
    link: string
    page: string
    issuer: string
  }): Letter =>
  (texts) => {
    const { mails, notifications, format } = texts
    const { news, at, days, link, page, issuer } = look
    const seen = news.map(({ kind, since }) =>
      since
        ? notifications.again(notifications.kinds[kind], format.day(since))
        : notifications.kinds[kind],
    )
    const application = oneLine(look.application)
    return sign(
      texts,
      mails.look({
        application,
        at: momentInWords(texts, at),
        seen: asList(seen),
        days,
        link,
        page,
        issuer,
      }),
    )
  }

/** What applications saw since the last summary. */
export const summaryMail =
  (summary: {
    applications: readonly { application: string; kinds: readonly DataKind[] }[]
    since: Date
    issuer: string
  }): Letter =>
  (texts) => {
    const { mails, notifications } = texts
    const lines = summary.applications.flatMap(({ application, kinds }) =>
      kinds.map((kind) => notifications.sawKind(oneLine(application), notifications.kinds[kind])),
    )
    const { since, issuer } = summary
    return sign(
      texts,
      mails.summary({ since: momentInWords(texts, since), list: asList(lines), issuer }),
    )
  }

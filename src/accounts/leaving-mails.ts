import { momentInWords } from '../web/texts/languages.ts'
import { type Letter, sign } from './mails.ts'

/** `page`: where the signed-in resident downloads the archive. */
export const exportReadyMail =
  (given: { page: string; hours: number }): Letter =>
  (texts) =>
    sign(texts, texts.mails.exportReady(given))

/** `page`: where the signed-in resident keeps the account. */
export const erasureRequestedMail =
  (given: { at: Date; page: string }): Letter =>
  (texts) =>
    sign(
      texts,
      texts.mails.erasureRequested({ at: momentInWords(texts, given.at), page: given.page }),
    )

/** A day before the erasure. `page` as above. */
export const erasureReminderMail =
  (given: { at: Date; page: string }): Letter =>
  (texts) =>
    sign(
      texts,
      texts.mails.erasureReminder({ at: momentInWords(texts, given.at), page: given.page }),
    )

/** `link`: to the proof, without an account. */
export const erasedMail =
  (given: { link: string; days: number }): Letter =>
  (texts) =>
    sign(texts, texts.mails.erased(given))

import { type Letter, sign } from './mails.ts'

/** `page`: where the signed-in resident downloads the archive. */
export const exportReadyMail =
  (given: { page: string; hours: number }): Letter =>
  (texts) =>
    sign(texts, texts.mails.exportReady(given))

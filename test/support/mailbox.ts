import { listOutbox, type OutboxMail } from '../../src/platform/mail.ts'
import type { TestPortal } from './portal.ts'
import { eventually } from './sandbox.ts'

/** Waits for a mail to this address with this subject, and returns the newest. */
export async function receiveMail(
  { db, parts }: TestPortal,
  to: string,
  subject: string,
): Promise<OutboxMail & { link: string }> {
  const mail = await eventually(async () =>
    (await listOutbox(db, parts.sealer)).find((each) => each.to === to && each.subject === subject),
  )
  return { ...mail, link: /https?:\/\/\S+/.exec(mail.text)?.[0] ?? '' }
}

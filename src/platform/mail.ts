import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Sql } from './db.ts'
import { type JobData, type Jobs, jobMember } from './jobs.ts'
import type { Log } from './log.ts'
import { isLoopback } from './loopback.ts'
import type { SealedColumn } from './resealing.ts'
import type { Sealer } from './secrets.ts'

/** The mail server, and the sender of mails. */
export type MailConfig = { smtpUrl: string; from: string }

const mailSchema = z.object({
  to: z.string(),
  subject: z.string(),
  /** Plain text. The outbox page shows lines that are links as links. */
  text: z.string(),
  /** The mail is not sent after this time. */
  expiresAt: z.iso.datetime().optional(),
})
export type Mail = z.infer<typeof mailSchema>

const SEALED_FOR = 'mail'
export const SEALED_MAILS: SealedColumn[] = [
  { table: 'outbox_mail', column: 'mail_sealed', key: ['id'], contextOf: () => SEALED_FOR },
  jobMember('mailSealed', SEALED_FOR),
]
const SOCKET_MS = 30_000
// Somebody waits for it.
const VERIFY_MS = 10_000

/** In the caller's transaction. The mail is sealed until it is sent, because it may contain a link that opens an account. */
export async function enqueueMail(
  sql: Sql,
  { jobs, sealer }: { jobs: Jobs; sealer: Sealer },
  mail: Mail,
  options: { keptForSeconds?: number } = {},
): Promise<void> {
  const mailSealed = sealer.seal(JSON.stringify(mail), SEALED_FOR)
  await jobs.enqueue(sql, 'send-mail', { mailId: randomUUID(), mailSealed }, options)
}

const unsealMail = (sealer: Sealer, mailSealed: string): Mail =>
  mailSchema.parse(JSON.parse(sealer.open(mailSealed, SEALED_FOR)))

/** Sends enqueued mails by the mail server, or stores them in the local outbox where none is configured. */
export async function startMail(parts: {
  db: Sql
  sealer: Sealer
  jobs: Jobs
  log: Log
  mail: MailConfig | undefined
}): Promise<{ close(): void }> {
  const { db, sealer, jobs, log } = parts
  const server = parts.mail && (await createMailServer(parts.mail))

  async function send({ mailId, mailSealed }: JobData<'send-mail'>) {
    const mail = unsealMail(sealer, mailSealed)
    if (mail.expiresAt && new Date(mail.expiresAt) < new Date()) {
      log.warn('mail expired before it was sent', { mailId })
      return
    }
    if (server) {
      const refused = await server.send(mailId, mail)
      if (refused) log.warn('mail rejected by the server', { mailId, code: refused })
      else log.info('mail sent', { mailId })
      return
    }
    await db`
      insert into outbox_mail (id, mail_sealed) values (${mailId}, ${mailSealed}) on conflict do nothing`
    log.info('mail stored in the outbox', { mailId })
  }

  await jobs.work('send-mail', 2, send)
  return { close: () => server?.close() }
}

const REFUSALS: Readonly<Record<string, string>> = {
  EAUTH: 'the server rejects the login',
  ETLS: 'the server offers no TLS, or its certificate is not valid',
  EDNS: 'its host is unknown',
  ECONNECTION: 'nothing answers at its address',
  ESOCKET: 'nothing answers at its address, or its certificate is not valid',
  ETIMEDOUT: 'it does not answer in time',
}

/** Connects to the mail server, with TLS and login as for a mail, and sends none. `failure` says what did not succeed. */
export async function verifyMailServer(
  config: MailConfig,
): Promise<{ failure?: string; isEncrypted: boolean; isAuthenticated: boolean }> {
  const url = new URL(config.smtpUrl)
  const server = await createMailServer(config, VERIFY_MS)
  const found = {
    isEncrypted: url.protocol === 'smtps:' || !isLoopback(config.smtpUrl),
    isAuthenticated: url.username !== '',
  }
  try {
    await server.verify()
    return found
  } catch (error) {
    const { code = 'unknown' } = error as { code?: string }
    return { ...found, failure: REFUSALS[code] ?? `the server answers ${code}` }
  } finally {
    server.close()
  }
}

/** SMTP with TLS: on `smtp:` STARTTLS is required, except for a server on this machine. */
async function createMailServer({ smtpUrl, from }: MailConfig, socketMs = SOCKET_MS) {
  const { createTransport } = await import('nodemailer')
  const url = new URL(smtpUrl)
  if (url.protocol === 'smtp:' && !isLoopback(smtpUrl) && !url.searchParams.has('requireTLS'))
    url.searchParams.set('requireTLS', 'true')
  const transport = createTransport({
    url: url.href,
    connectionTimeout: socketMs,
    greetingTimeout: socketMs,
    socketTimeout: socketMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const host = /@([^@>]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'
  return {
    /** Returns the server's code when it permanently rejects the mail; throws when a retry may succeed. */
    async send(mailId: string, { to, subject, text }: Mail): Promise<string | undefined> {
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: to },
          subject,
          text,
          // A mail that is sent twice has the same id, so that a mailbox shows it once.
          messageId: `<${mailId}@${host}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
        return undefined
      } catch (error) {
        // The library's own message contains the recipient's address.
        const { code = 'unknown', responseCode } = error as { code?: string; responseCode?: number }
        const reason = [code, responseCode].filter(Boolean).join(' ')
        const isPermanent = ['EENVELOPE', 'EMESSAGE'].includes(code) && (responseCode ?? 0) >= 500
        if (isPermanent) return reason
        throw new Error(`the mail server did not accept the mail: ${reason}`)
      }
    },
    verify: () => transport.verify(),
    close: () => transport.close(),
  }
}

export type OutboxMail = { id: string; createdAt: Date } & Mail

/** The mails that a portal without a mail server would have sent, newest first. */
export async function listOutbox(sql: Sql, sealer: Sealer): Promise<OutboxMail[]> {
  const rows = await sql<{ id: string; createdAt: Date; mailSealed: string }[]>`
    select id, created_at, mail_sealed from outbox_mail order by created_at desc, id limit 50`
  return rows.map(({ id, createdAt, mailSealed }) => ({
    id,
    createdAt,
    ...unsealMail(sealer, mailSealed),
  }))
}

/** Deletes mails of the outbox after a week. */
export async function deleteOldMail(sql: Sql): Promise<void> {
  await sql`delete from outbox_mail where created_at < now() - interval '7 days'`
}

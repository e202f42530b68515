import { randomUUID } from 'node:crypto'
import { SMTPServer } from 'smtp-server'
import { afterAll, expect, test } from 'vitest'
import { createJobs } from '../../src/platform/jobs.ts'
import { enqueueMail } from '../../src/platform/mail.ts'
import { startPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

type Received = { from: string; to: string[]; text: string; user: string | undefined }

/** A real SMTP server; `refuse` answers 550 for addresses that hold it, and `away` answers 421 to the first so many. */
async function startMailbox({ refuse = 'refused', away = 0 } = {}) {
  const received: Received[] = []
  let turnedAway = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username }, _session, answer) => answer(null, { user: username }),
    onRcptTo: ({ address }, _session, answer) => {
      const fail = (responseCode: number) =>
        answer(Object.assign(new Error(`no ${address}`), { responseCode }))
      if (address.includes(refuse)) fail(550)
      else if (turnedAway++ < away) fail(421)
      else answer()
    },
    onData: (stream, session, answer) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        received.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
          user: session.user as string | undefined,
        })
        answer()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as { port: number }
  return {
    port,
    received,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const opened: { close(): Promise<void> }[] = []
afterAll(async () => {
  for (const each of opened.reverse()) await each.close()
})

async function startMailing(options: { away?: number; user?: string } = {}) {
  const mailbox = await startMailbox(options)
  const credentials = options.user ? `${options.user}:pass%20word@` : ''
  const portal = await startPortal({
    worker: true,
    mail: {
      smtpUrl: `smtp://${credentials}127.0.0.1:${mailbox.port}`,
      from: 'Identity portal <portal@id.test>',
    },
  })
  const jobs = await createJobs(portal.config.database.url, portal.parts.log)
  opened.push(mailbox, portal, { close: () => jobs.stop() })
  const send = (to: string, change: { expiresAt?: string } = {}) =>
    enqueueMail(
      portal.db,
      { jobs, sealer: portal.parts.sealer },
      { to, subject: 'Próspera', text: 'https://id.test/reset/canary-token', ...change },
    )
  return { mailbox, portal, jobs, send }
}

test('a mail is sent once, by a server that asks who we are, from whom it should be', async () => {
  const { mailbox, send } = await startMailing({ user: 'portal' })
  await send('ana@example.test')
  const mail = await eventually(async () => mailbox.received[0])
  expect(mail).toMatchObject({ from: 'portal@id.test', to: ['ana@example.test'], user: 'portal' })
  expect(mail.text).toContain('From: Identity portal <portal@id.test>')
  expect(mail.text).toMatch(/^Subject: =\?UTF-8\?/m)
  expect(mail.text).toMatch(/^Message-ID: <[0-9a-f-]{36}@id\.test>/m)
  expect(mail.text).toContain('Auto-Submitted: auto-generated')
  expect(mail.text).toContain('https://id.test/reset/canary-token')
})

test('a server that is busy is tried again; one that says no for good is not', async () => {
  const { mailbox, portal, send } = await startMailing({ away: 1 })
  await send('later@example.test')
  await eventually(async () => mailbox.received.length === 1)
  await send('refused@example.test')
  await eventually(async () => portal.logged().includes('mail rejected by the server'))
  expect(mailbox.received).toHaveLength(1)
})

test('a mail whose time is over is not sent, and an address with a line break reaches nobody else', async () => {
  const { mailbox, portal, send } = await startMailing()
  await send('late@example.test', { expiresAt: new Date(Date.now() - 1000).toISOString() })
  await eventually(async () => portal.logged().includes('mail expired before it was sent'))
  await send('one@example.test\r\nBcc: two@example.test')
  await send('last@example.test')
  await eventually(async () => mailbox.received.some(({ to }) => to[0] === 'last@example.test'))
  const others = mailbox.received.flatMap(({ to }) => to)
  expect(others).not.toContain('late@example.test')
  expect(others).not.toContain('two@example.test')
  expect(mailbox.received.map(({ text }) => text).join()).not.toMatch(/^Bcc:/im)
})

test('neither the queue nor the log holds an address or a link, also when the server refuses', async () => {
  const { portal, send } = await startMailing({ away: 2 })
  const name = `canary-${randomUUID()}`
  await send(`${name}@example.test`)
  await send(`refused-${name}@example.test`)
  await eventually(async () => portal.logged().includes('mail rejected by the server'))
  await eventually(async () => portal.logged().includes('job failed, will be retried'))
  const rows = await portal.db`select row_to_json(job)::text as text from pgboss.job`
  const kept = rows.map(({ text }) => text).join('\n') + portal.logged()
  expect(kept).toContain('mailSealed')
  for (const secret of [name, 'canary-token']) expect(kept).not.toContain(secret)
})

test('without a mail server mails land in the outbox, and nowhere when there is none', async () => {
  const portal = await startPortal({ worker: true })
  // Others can connect to it.
  const another = await startPortal({ host: '0.0.0.0' })
  const jobs = await createJobs(portal.config.database.url, portal.parts.log)
  opened.push(portal, another, { close: () => jobs.stop() })
  const parts = { jobs, sealer: portal.parts.sealer }
  await enqueueMail(portal.db, parts, {
    to: 'ana@example.test',
    subject: 'First',
    text: '<b>x</b>',
  })
  await eventually(async () => (await portal.db`select 1 from outbox_mail`).length === 1)
  await enqueueMail(portal.db, parts, {
    to: 'ana@example.test',
    subject: 'Second',
    text: 'Open\n\nhttps://id.test/reset/canary-token\n',
  })
  const page = await eventually(async () => {
    const text = await (await fetch(`${portal.issuer}/outbox`)).text()
    return text.includes('Second') && text
  })
  expect(page.indexOf('Second')).toBeLessThan(page.indexOf('First'))
  expect(page).toContain('<a href="https://id.test/reset/canary-token">')
  expect(page).not.toContain('<b>')
  const rows = await portal.db`select row_to_json(outbox_mail)::text as text from outbox_mail`
  expect(rows.map(({ text }) => text).join()).not.toMatch(/canary|ana@/)
  expect((await fetch(`${another.issuer}/outbox`)).status).toBe(404)
})

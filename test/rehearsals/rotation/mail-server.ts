import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A mail server whose accepted passwords may change. It keeps the `Message-Id` of each mail, and how often it came. */
export async function startMailServer(accepted: Set<string>) {
  const received = new Map<string, number>()
  let refused = 0
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, answer) {
      if (accepted.has(password ?? '')) return answer(null, { user: username ?? '' })
      refused++
      answer(new Error('the password is wrong'))
    },
    onData(stream, _session, answer) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const mail = Buffer.concat(chunks)
        const id = /^message-id: *(\S+)/im.exec(mail.toString())?.[1]
        const key = id ?? createHash('sha256').update(mail).digest('hex')
        received.set(key, (received.get(key) ?? 0) + 1)
        answer()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    received,
    countRefused: () => refused,
    urlOf: (password: string) => `smtp://portal:${password}@127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

import { rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

// An owner answers when it has started, and a first start takes its time.
const ANSWER_MS = 30_000

const ownerSchema = z.object({
  pid: z.number(),
  mode: z.enum(['own', 'attach-or-own']),
  databasePort: z.number().optional(),
  s3Endpoint: z.string().optional(),
})
export type Owner = z.infer<typeof ownerSchema>

export type Lock = { announce(owner: Owner): void; release(): void }

// A socket that only one process can hold, and that goes with it, however it ends: no stale file, no reused number.
// It is named after the directory itself, which may have several paths.
export async function lockAddress(dir: string): Promise<string> {
  const { dev, ino } = await stat(dir, { bigint: true })
  const name = `identity-portal-${dev}-${ino}`
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
}

export async function takeLock(address: string): Promise<Lock | undefined> {
  const server = await listenOn(address)
  if (!server) return undefined
  let owner: Owner | undefined
  const asking: Socket[] = []
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    if (owner) socket.end(JSON.stringify(owner))
    else asking.push(socket)
  })
  server.unref()
  return {
    // Who asks while we start waits for the answer.
    announce(announced) {
      owner = announced
      for (const socket of asking.splice(0)) socket.end(JSON.stringify(owner))
    },
    release() {
      for (const socket of asking.splice(0)) socket.destroy()
      server.close()
    },
  }
}

async function listenOn(address: string): Promise<Server | undefined> {
  const server = createServer()
  const attempt = () =>
    new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      )
      server.listen(address, () => resolve(true))
    })
  if (await attempt()) return server
  if (address.startsWith('\0') || (await ask(address)) !== undefined) return undefined
  // A file that nobody listens on was left by a process that was killed.
  await rm(address, { force: true })
  return (await attempt()) ? server : undefined
}

export async function askOwner(address: string): Promise<Owner | undefined> {
  const answer = await ask(address)
  return answer === undefined ? undefined : ownerSchema.parse(JSON.parse(answer))
}

/** What the holder of the lock says; `undefined` when there is none, or it ended before it could say. */
function ask(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('error', () => resolve(undefined))
    socket.setTimeout(ANSWER_MS, () => socket.destroy())
    text(socket).then(
      (answer) => resolve(answer || undefined),
      () => resolve(undefined),
    )
  })
}

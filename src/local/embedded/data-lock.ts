import { rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { createNonce, isNonce, isProof, proofOf, readLockKey } from './lock-proof.ts'

// An owner answers only after it has started, and a first start takes long.
const ANSWER_MS = 30_000
// The proof comes at once.
const PROOF_MS = 5_000
const MAX_TEXT_LENGTH = 1_000
const MAX_CONNECTIONS = 100

const ownerSchema = z.object({
  pid: z.number(),
  mode: z.enum(['own', 'attach-or-own']),
  databasePort: z.number().optional(),
  s3Endpoint: z.string().optional(),
})
export type Owner = z.infer<typeof ownerSchema>

export type Lock = { announce(owner: Owner): void; release(): void }

/** A data directory, and the address of its lock. */
export type LockPlace = { dir: string; address: string }

// The lock is a socket: only one process can hold it, and it disappears with that process, so there is no stale file and no
// reused pid. Its name comes from the directory's inode, because a directory can have several paths. Any user of the machine
// can take the name first, or connect to it. So neither side sends anything before the other has proven that it can read the
// directory's key.
export async function findLock(dir: string): Promise<LockPlace> {
  const { dev, ino } = await stat(dir, { bigint: true })
  const name = `identity-portal-${dev}-${ino}`
  return {
    dir,
    address: process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`),
  }
}

export async function takeLock(place: LockPlace): Promise<Lock | undefined> {
  const server = await listenOn(place)
  if (!server) return undefined
  server.maxConnections = MAX_CONNECTIONS
  let owner: Owner | undefined
  const open = new Set<Socket>()
  const waiting = new Set<(owner: Owner) => void>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    admit(place, socket).then(
      (answer) => {
        if (!answer) return socket.destroy()
        if (owner) return answer(owner)
        waiting.add(answer)
        socket.once('close', () => waiting.delete(answer))
      },
      () => socket.destroy(),
    )
  })
  server.unref()
  return {
    // Connections that came during the start get their response now.
    announce(announced) {
      owner = announced
      for (const answer of waiting) answer(announced)
      waiting.clear()
    },
    release() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

/**
 * Proves to the peer that we hold the key, and verifies the same of the peer. Returns the function that responds, or
 * `undefined`.
 */
async function admit({ dir, address }: LockPlace, socket: Socket) {
  const limit = endAfter(socket, PROOF_MS)
  const lines = linesOf(socket)
  const theirs = await lines.next()
  if (!isNonce(theirs)) return undefined
  const key = await readLockKey(dir)
  const nonces: [string, string] = [theirs, createNonce()]
  socket.write(`${nonces[1]} ${proofOf(key, { by: 'holder', address, nonces })}\n`)
  if (!isProof(await lines.next(), proofOf(key, { by: 'asker', address, nonces }))) return undefined
  limit.cancel()
  return (owner: Owner) => {
    const text = JSON.stringify(owner)
    socket.end(`${proofOf(key, { by: 'answer', address, nonces, text })} ${text}\n`)
  }
}

async function listenOn(place: LockPlace): Promise<Server | undefined> {
  const { address } = place
  const server = createServer()
  const attempt = () =>
    new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      )
      server.listen(address, () => resolve(true))
    })
  if (await attempt()) return server
  if (address.startsWith('\0') || !(await isUnused(address))) return undefined
  // Nobody listens on this file: it was left by a process that was killed.
  await rm(address, { force: true })
  return (await attempt()) ? server : undefined
}

const isUnused = (address: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(address, () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT'),
    )
  })

/**
 * Returns the owner that the holder of the lock announced. `undefined`: there is no holder, or it ended before it announced
 * one. `unproven`: the holder did not prove that it can read the directory's key.
 */
export async function queryOwner(place: LockPlace): Promise<Owner | 'unproven' | undefined> {
  const { dir, address } = place
  const key = await readLockKey(dir)
  const socket = connect(address)
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  if (!connected) return undefined
  socket.on('error', () => {})
  const limit = endAfter(socket, PROOF_MS)
  try {
    const lines = linesOf(socket)
    const ours = createNonce()
    socket.write(`${ours}\n`)
    const greeting = await lines.next()
    // The holder closed the connection because it released the lock.
    if (greeting === '') return limit.isLate() ? 'unproven' : undefined
    const [theirs = '', proof = ''] = greeting.split(' ')
    const nonces: [string, string] = [ours, theirs]
    if (!isNonce(theirs) || !isProof(proof, proofOf(key, { by: 'holder', address, nonces })))
      return 'unproven'
    limit.cancel()
    endAfter(socket, ANSWER_MS)
    socket.write(`${proofOf(key, { by: 'asker', address, nonces })}\n`)
    const answer = await lines.next()
    if (answer === '') return undefined
    const text = answer.slice(65)
    if (!isProof(answer.slice(0, 64), proofOf(key, { by: 'answer', address, nonces, text })))
      return 'unproven'
    return ownerSchema.parse(JSON.parse(text))
  } finally {
    socket.destroy()
  }
}

/** Reads line by line. Returns an empty line when the peer has ended the connection or sent too much. */
function linesOf(socket: Socket): { next(): Promise<string> } {
  let text = ''
  let isOver = false
  let resume = () => {}
  const end = () => {
    isOver = true
    resume()
  }
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > MAX_TEXT_LENGTH) socket.destroy()
    else resume()
  })
  socket.once('end', end)
  socket.once('close', end)
  return {
    async next() {
      for (;;) {
        const end = text.indexOf('\n')
        if (end >= 0) {
          const line = text.slice(0, end)
          text = text.slice(end + 1)
          return line
        }
        if (isOver) {
          const rest = text
          text = ''
          return rest
        }
        await new Promise<void>((resolve) => {
          resume = resolve
        })
      }
    },
  }
}

/** Closes the connection after this time, even if data still arrives. */
function endAfter(socket: Socket, milliseconds: number): { isLate(): boolean; cancel(): void } {
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    socket.destroy()
  }, milliseconds)
  const cancel = () => clearTimeout(timer)
  socket.once('close', cancel)
  return { isLate: () => isLate, cancel }
}

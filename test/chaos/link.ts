import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** The faults of a connection; `{}` means none. */
type LinkFaults = {
  /** Refuses new connections, and closes open ones. */
  isAway?: boolean
  /** Delays each chunk of a response by a random time up to this. */
  delayMs?: number
  /** In this direction, about one in this many chunks has a flipped bit. */
  flipOneIn?: number
}

export type Link = {
  port: number
  set(faults: LinkFaults): void
  countFlips(): number
  close(): Promise<void>
}

/** A proxy on loopback to `targetPort` that can refuse, delay, and flip bits. */
export async function startLink(targetPort: number, random: () => number): Promise<Link> {
  let faults: LinkFaults = {}
  let flips = 0
  const open = new Set<Socket>()
  const server = createServer((near) => {
    if (faults.isAway) return void near.destroy()
    const far = connect(targetPort, '127.0.0.1')
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (piece) => far.write(damage(piece)))
    far.on('data', (piece) => {
      const { delayMs } = faults
      if (delayMs === undefined) return void near.write(damage(piece))
      far.pause()
      setTimeout(() => {
        near.write(damage(piece))
        far.resume()
      }, random() * delayMs)
    })
    near.once('end', () => far.end())
    // Write delayed chunks before the end.
    far.once('end', () => near.end())
  })

  function damage(piece: Buffer): Buffer {
    const { flipOneIn } = faults
    // Small chunks contain only headers. Faults of real networks affect bodies, which are longer.
    if (!flipOneIn || piece.length < 1024 || random() * flipOneIn >= 1) return piece
    flips++
    const at = Math.floor(random() * piece.length)
    piece[at] = (piece[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    return piece
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    set(given) {
      faults = given
      if (given.isAway) for (const socket of open) socket.destroy()
    },
    countFlips: () => flips,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

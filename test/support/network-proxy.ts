import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** What the network does: it works, it swallows every byte, or it refuses every connection. */
export type Weather = 'clear' | 'black-hole' | 'refusing'

/** A TCP proxy on loopback in front of a port, for trying what a network can do to connections. */
export async function startNetworkProxy(targetPort: number) {
  let weather: Weather = 'clear'
  const pairs = new Set<Pair>()
  const server = createServer((client) => {
    client.on('error', () => {})
    if (weather === 'refusing') {
      client.resetAndDestroy()
      return
    }
    const target = connect(targetPort, '127.0.0.1')
    target.on('error', () => {})
    const pair: Pair = { client, target, held: [], isForgotten: false }
    pairs.add(pair)
    client.on('data', (bytes) => pass(pair, target, bytes))
    target.on('data', (bytes) => pass(pair, client, bytes))
    client.on('close', () => {
      pairs.delete(pair)
      target.destroy()
    })
    target.on('close', () => {
      if (!pair.isForgotten) client.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    /** Changes the weather. Bytes that a black hole held back arrive when it clears, as after a retransmission. */
    become(next: Weather) {
      weather = next
      if (next === 'refusing') for (const { client } of pairs) client.resetAndDestroy()
      if (next === 'clear')
        for (const { held } of pairs) for (const { to, bytes } of held.splice(0)) to.write(bytes)
    },
    /** Loses what the existing connections carry, for ever, without a word, like a firewall that forgot them. */
    forget() {
      for (const pair of pairs) pair.isForgotten = true
    },
    async close() {
      for (const { client } of pairs) client.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  function pass({ held, isForgotten }: Pair, to: Socket, bytes: Buffer) {
    if (isForgotten) return
    if (weather === 'black-hole') held.push({ to, bytes })
    else to.write(bytes)
  }
}

type Pair = {
  client: Socket
  target: Socket
  /** In the order of their arrival. */
  held: { to: Socket; bytes: Buffer }[]
  isForgotten: boolean
}

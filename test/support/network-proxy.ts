import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** What the network does: it works, it swallows every byte, or it refuses every connection. */
export type Weather = 'clear' | 'black-hole' | 'refusing'

/** A TCP proxy on loopback in front of a port, for trying what a network can do to connections. */
export async function startNetworkProxy(targetPort: number) {
  let weather: Weather = 'clear'
  const pairs = new Set<{ client: Socket; target: Socket }>()
  const server = createServer({ pauseOnConnect: true }, (client) => {
    client.on('error', () => {})
    if (weather === 'refusing') {
      client.resetAndDestroy()
      return
    }
    const target = connect(targetPort, '127.0.0.1')
    target.on('error', () => {})
    const pair = { client, target }
    pairs.add(pair)
    client.on('close', () => {
      pairs.delete(pair)
      target.destroy()
    })
    target.on('close', () => client.destroy())
    forward(pair)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    /** Changes the weather. Bytes that a black hole held back arrive when it clears, as after a retransmission. */
    become(next: Weather) {
      weather = next
      if (next === 'refusing') for (const { client } of pairs) client.resetAndDestroy()
      else for (const pair of pairs) forward(pair)
    },
    /** Loses what the existing connections carry, for ever, without a word, like a firewall that forgot them. */
    forget() {
      for (const pair of pairs) {
        pair.client.unpipe()
        pair.target.unpipe()
        pair.client.resume()
        pair.target.pause()
        pairs.delete(pair)
      }
    },
    async close() {
      for (const { client, target } of pairs) {
        client.destroy()
        target.destroy()
      }
      await new Promise((resolve) => server.close(resolve))
    },
  }

  function forward({ client, target }: { client: Socket; target: Socket }) {
    if (weather === 'clear') {
      client.pipe(target, { end: true })
      target.pipe(client, { end: true })
    } else {
      client.unpipe()
      target.unpipe()
      client.pause()
      target.pause()
    }
  }
}

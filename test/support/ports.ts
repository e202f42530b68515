import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Finds ports for servers whose address must be known before they start. They are below those that the system gives to a
 * server on port 0, so that no other server gets one meanwhile.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

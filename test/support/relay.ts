import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'

type Relayed = { method: string; path: string; headers: IncomingHttpHeaders }

/** Passes requests on to an origin as they are, except for added headers, and keeps what it saw of them. */
export async function startRelay(target: string, added: Record<string, string> = {}) {
  const relayed: Relayed[] = []
  const server = createServer((req, res) => {
    const { method = 'GET', url: path = '/', headers } = req
    relayed.push({ method, path, headers })
    const onward = request(`${target}${path}`, { method, headers: { ...headers, ...added } })
    onward.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    relayed,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

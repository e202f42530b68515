import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export type Balancer = Awaited<ReturnType<typeof startBalancer>>

/** A proxy in front of the web processes, like an operator's: each request goes to the next process, and is never tried again. */
export async function startBalancer(port: number) {
  const upstreams = new Map<number, { agent: Agent; underWay: number }>()
  let turn = 0

  function pass(req: IncomingMessage, res: ServerResponse) {
    const ports = [...upstreams.keys()]
    const next = ports[turn++ % ports.length]
    const upstream = next === undefined ? undefined : upstreams.get(next)
    if (next === undefined || !upstream) return void res.writeHead(502).end()
    upstream.underWay++
    res.once('close', () => upstream.underWay--)
    const { method, url: path, headers } = req
    const passed = request(
      { host: '127.0.0.1', port: next, method, path, headers, agent: upstream.agent },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(res)
      },
    )
    passed.once('error', () => {
      if (res.headersSent) res.destroy()
      else res.writeHead(502).end()
    })
    req.pipe(passed)
  }

  const server = createServer(pass)
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    add(port: number) {
      // Idle connections end here before the process ends them.
      upstreams.set(port, { agent: new Agent({ keepAlive: true, timeout: 2_000 }), underWay: 0 })
    },
    /** Sends a process nothing more, and resolves when it has answered everything. */
    async remove(port: number) {
      const upstream = upstreams.get(port)
      upstreams.delete(port)
      while (upstream && upstream.underWay > 0) await wait(10)
      upstream?.agent.destroy()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      for (const { agent } of upstreams.values()) agent.destroy()
    },
  }
}

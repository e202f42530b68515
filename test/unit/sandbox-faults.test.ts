import type { AddressInfo } from 'node:net'
import { type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { sendBytes } from '../../src/local/sandbox/faults.ts'

test('an endless image goes on until the caller hangs up, also where the server has replaced the global Response', async () => {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.get('/', (c) => sendBytes(c, Buffer.alloc(50), { 'content-type': 'image/jpeg' }, 'endless'))
  // Replaces it before the first request.
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 })
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const { body } = await fetch(`http://127.0.0.1:${port}`)
    let size = 0
    for await (const chunk of body ?? []) {
      size += chunk.length
      if (size > 3_000_000) break
    }
    expect(size).toBeGreaterThan(3_000_000)
  } finally {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  }
})

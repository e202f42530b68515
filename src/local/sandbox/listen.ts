import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { OperatorError } from '../../platform/errors.ts'

/**
 * Serves an app on 127.0.0.1 only; port 0 picks a free one. Throws OperatorError when it cannot listen on the port. `close`
 * also closes open connections.
 */
export async function listenOnLoopback(
  app: Pick<Parameters<typeof createAdaptorServer>[0], 'fetch'>,
  port: number,
  what: string,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new OperatorError(`${what} cannot listen on port ${port}: ${why(cause)}.`, { cause }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}

function why(error: Error): string {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return 'another program uses it. Stop that program or choose another port'
  if (code === 'EACCES') return 'this user may not use it. Choose one above 1023'
  return error.message
}

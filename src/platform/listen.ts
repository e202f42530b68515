import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OperatorError } from './errors.ts'

/** Binds the address that `variable` configures, and returns the port. Throws OperatorError when it is taken. */
export async function listenOn(
  server: Server,
  { host, port, variable }: { host: string; port: number; variable: string },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new OperatorError(
              `Port ${port} is taken. Stop the program that uses it, or choose another: ${variable}=${port + 1}`,
            )
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

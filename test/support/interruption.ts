import { constants } from 'node:os'
import { closeDeployments } from './deployment.ts'
import { listDescendants, signalAll } from './operating-system.ts'

const CLOSE_LIMIT_MS = 60_000

/**
 * On SIGINT or SIGTERM: closes all deployments, kills what this program started and still runs, and ends it. A second signal does not
 * wait for the deployments. What returns resolves at once, or never when such a signal has come: await it before the program would end
 * by itself, or start something else.
 */
export function endOnSignal(say: (line: string) => void): () => Promise<void> {
  let isEnding = false
  const end = async (signal: 'SIGINT' | 'SIGTERM') => {
    if (!isEnding) {
      isEnding = true
      say(`${signal}: stopping what was started`)
      const limit = new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS))
      await Promise.race([closeDeployments(), limit])
    }
    signalAll(await listDescendants(process.pid), 'SIGKILL')
    process.exit(128 + constants.signals[signal])
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(signal))
  return () => (isEnding ? new Promise(() => {}) : Promise.resolve())
}

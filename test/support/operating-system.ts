import { execFile as execFileWithCallback } from 'node:child_process'
import { promisify } from 'node:util'

const execFile = promisify(execFileWithCallback)

/** The ids of the processes that `parent` started. */
export async function listChildren(parent: number): Promise<number[]> {
  const { stdout } = await execFile('ps', ['-A', '-o', 'pid=,ppid='])
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []))
}

/** Sends the signal to each of them that still runs. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended.
    }
}

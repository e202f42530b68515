import { execFile as execFileWithCallback } from 'node:child_process'
import { promisify } from 'node:util'

const execFile = promisify(execFileWithCallback)

/** The ids of the processes that `parent` started. */
export async function listChildren(parent: number): Promise<number[]> {
  return childrenOf(parent, await listParents())
}

/** The ids of the processes that `ancestor` started, of those that they started, and so on. */
export async function listDescendants(ancestor: number): Promise<number[]> {
  const parents = await listParents()
  const descend = (parent: number): number[] =>
    childrenOf(parent, parents).flatMap((pid) => [pid, ...descend(pid)])
  return descend(ancestor)
}

/** Each process's id and its parent's. */
async function listParents(): Promise<number[][]> {
  const { stdout } = await execFile('ps', ['-A', '-o', 'pid=,ppid='])
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
}

const childrenOf = (parent: number, parents: readonly number[][]) =>
  parents.flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []))

/** Sends the signal to each of them that still runs. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended.
    }
}

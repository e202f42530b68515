import { type ChildProcess, fork } from 'node:child_process'
import autocannon from 'autocannon'
import type { Task } from './target.ts'

/*
 * Compares server CPU time per request (all threads) with that of a bare server in the same run: request rates vary with the
 * machine, CPU per request is repeatable. The servers are separate processes, this one generates the load, and the slices of
 * the compared servers alternate.
 */

export const CONNECTIONS = 50

/** A server under load, in a process of its own. */
export type Target = {
  url: string
  cpuMicroseconds(): Promise<number>
  residentBytes(): Promise<number>
  stop(): void
}
export type Request = {
  method?: 'POST'
  path?: string
  headers?: Record<string, string>
  body?: string
}
type Done = { done: number; errors: number; seconds: number }
/** What is sent to a target: single requests, or work of several requests each. */
export type Load = { name: string; target: Target; before?: () => Promise<void> } & (
  | { nextRequest: () => Request }
  | { run: (seconds: number) => Promise<Done> }
)

export const say = (line: string) => process.stderr.write(`${line}\n`)

export async function startTarget(task: Task): Promise<Target> {
  const child = fork(new URL('./target.ts', import.meta.url))
  const { url } = await ask<{ url: string }>(child, task)
  return {
    url,
    cpuMicroseconds: async () => (await ask<{ microseconds: number }>(child, 'cpu')).microseconds,
    residentBytes: async () => (await ask<{ bytes: number }>(child, 'cpu')).bytes,
    stop: () => child.kill(),
  }
}

function ask<T>(child: ChildProcess, message: Task | 'cpu'): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('a benchmarked server ended early'))
    child.once('exit', ended)
    child.once('message', (answer) => {
      child.off('exit', ended)
      resolve(answer as T)
    })
    child.send(message)
  })
}

/** Puts the load on its target for this time, and returns what one request cost there. */
export async function measureSlice(load: Load, seconds: number) {
  const { target } = load
  await load.before?.()
  const before = await target.cpuMicroseconds()
  const run = 'run' in load ? await load.run(seconds) : await sendRequests(load, seconds)
  const cpu = (await target.cpuMicroseconds()) - before
  return {
    requestsPerSecond: run.done / run.seconds,
    cpuMicroseconds: cpu / Math.max(run.done, 1),
    errors: run.errors,
  }
}

async function sendRequests(
  { target, nextRequest }: { target: Target; nextRequest: () => Request },
  seconds: number,
): Promise<Done> {
  const run = await autocannon({
    url: target.url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [{ setupRequest: (request: object) => ({ ...request, ...nextRequest() }) }],
  })
  return { done: run['2xx'], errors: run.non2xx + run.errors, seconds: run.duration }
}

export function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** Returns one after the other, and then the first again. */
export function around<T>(all: T[]): () => T {
  let next = 0
  return () => all[next++ % all.length] as T
}

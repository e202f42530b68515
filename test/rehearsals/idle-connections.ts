import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Fleet, withFleet } from '../support/fleet.ts'
import { countStatuses, startProbe } from '../support/probe.ts'
import type { Rehearsal } from './rehearsal.ts'

const CONNECTIONS = 10_000
const MAX_GROWTH_MIB = 400

export const rehearsal: Rehearsal = {
  summary:
    'open ten thousand connections that send nothing; others are served, and they are closed',
  run: ({ short, say }) =>
    withFleet({}, (fleet) => openMany(fleet, { count: short ? 2_000 : CONNECTIONS, short, say })),
}

async function openMany(
  { urls, read, processes }: Fleet,
  { count, short, say }: { count: number; short: boolean; say(line: string): void },
): Promise<string[]> {
  const [web] = processes
  const port = Number(new URL(urls[0] ?? '').port)
  const before = await residentMebibytes(web?.pid)
  const sockets: Socket[] = []
  let closed = 0
  try {
    while (sockets.length < count) {
      // Few at a time: what waits to be accepted is limited.
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = await open(port)
          socket.once('close', () => closed++)
          sockets.push(socket)
        }),
      )
    }
    const held = await residentMebibytes(web?.pid)
    say(`${sockets.length} connections are open`)
    const probe = startProbe(20, read)
    await wait(short ? 2_000 : 5_000)
    await probe.stop()
    if (!short) {
      say('waiting until they are closed')
      for (let seconds = 0; closed < count && seconds < 180; seconds++) await wait(1_000)
    }
    const figures = [
      `${count} connections without a request: ${held - before} MiB more in the process (${before} before)`,
      `reads meanwhile: ${countStatuses(probe.answers)}`,
      ...(short ? [] : [`${closed} were closed by the portal`]),
    ]
    const isKept =
      probe.answers.every(({ status }) => status === 200) &&
      held - before < MAX_GROWTH_MIB &&
      (short || closed === count)
    if (!isKept) throw new Error(figures.join('\n'))
    return figures
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
    // So that the end of the other side is noticed.
    socket.resume()
  })
}

async function residentMebibytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
}

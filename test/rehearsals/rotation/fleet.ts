import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { Environment } from '../../support/environment.ts'
import { findFreePorts } from '../../support/ports.ts'
import type { Balancer } from './balancer.ts'

export type Role = 'web' | 'worker'
export type Fleet = Awaited<ReturnType<typeof startFleet>>
type Running = { role: Role; port: number; child: ChildProcess }

const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname
const START_MS = 120_000

/** Two web processes behind the balancer and one worker, which are restarted one after another with a changed environment. */
export async function startFleet(balancer: Balancer, envOf: (role: Role) => Environment) {
  const env: Record<Role, Environment> = { web: envOf('web'), worker: envOf('worker') }
  const errors: string[] = []
  const ports = await findFreePorts(2)
  let starts = 0

  async function start(role: Role, port: number): Promise<Running> {
    starts++
    const child = spawn(process.execPath, [MAIN, 'serve'], {
      env: { ...env[role], ROLE: role, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stdout.on('data', (text) => {
      said += text
    })
    createInterface(child.stderr).on('line', (line) => {
      // Warnings are expected: a call that a vendor refuses, say, or the AWS SDK's word about a slow answer.
      if (!/"level":"(debug|info|warn)"|\[WARN\]/.test(line)) errors.push(`${role}: ${line}`)
    })
    for (const end = Date.now() + START_MS; !/ is ready/.test(said); await wait(50)) {
      if (child.exitCode !== null) throw new Error(`a ${role} process ended: ${errors.join('\n')}`)
      if (Date.now() > end) throw new Error(`a ${role} process did not start`)
    }
    if (role === 'web') {
      while (!(await isReady(port))) await wait(50)
      balancer.add(port)
    }
    return { role, port, child }
  }

  async function stop({ role, port, child }: Running) {
    if (role === 'web') await balancer.remove(port)
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`a ${role} process had ended: ${errors.join('\n')}`)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }

  const restart = async (index: number) => {
    const before = running[index]
    if (!before) return
    await stop(before)
    running[index] = await start(before.role, before.port)
  }

  const [first = 0, second = 0] = ports
  // The first one creates what the others find.
  const running = [await start('web', first)]
  running.push(...(await Promise.all([start('web', second), start('worker', 0)])))

  return {
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    /** What the processes logged as errors, and wrote to standard error. */
    errors,
    countStarts: () => starts,
    /** The environment of a role, with which the operator's commands run too. */
    envOf: (role: Role) => env[role],
    /** Changes the environment, and restarts the processes of these roles: one web process after the other, the worker with the first. */
    async roll(change: Partial<Record<Role, Environment>>) {
      for (const role of ['web', 'worker'] as const) env[role] = { ...env[role], ...change[role] }
      await Promise.all([change.web && restart(0), change.worker && restart(2)])
      if (change.web) await restart(1)
    },
    async close() {
      await Promise.all(running.map((each) => stop(each).catch(() => {})))
    },
  }
}

const isReady = async (port: number) =>
  (await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined))?.status === 200

import { type ChildProcess, spawn } from 'node:child_process'
import { Agent, createServer, request } from 'node:http'
import { readCommand } from '../../src/cli/commands.ts'
import type { AppContext } from '../../src/context.ts'
import { createInitialAccessToken } from '../../src/oauth/registration.ts'
import { startDeployment } from '../support/deployment.ts'
import { findFreePorts } from '../support/ports.ts'
import { startVendor, type VendorStandIn } from './vendor.ts'

/** Requests per minute and network in the attacked portal: low, so that a flood is short. */
export const LIMITS = { requests: 60, refusals: 30 }

/** A portal of two web processes and a worker, each a process of the operating system, started like an operator does. */
export type Target = {
  /** The balancer: two requests in a row go to different web processes. */
  issuer: string
  /** The address of each web process. */
  webs: readonly [string, string]
  /** Only to arrange things, and to see what an attack left behind. */
  parts: AppContext
  vendor: VendorStandIn
  /** The token with which programs register themselves (RFC 7591). */
  registrationToken: string
  /** The operator's command line. */
  run<T = Record<string, unknown>>(...words: string[]): Promise<T>
  /** The log lines of the three processes so far. */
  logged(): string
  close(): Promise<void>
}

export const MAIN = new URL('../../src/main.ts', import.meta.url).pathname

export const startTarget = (): Promise<Target> =>
  startDeployment(async ({ env: shared, parts, later, close }) => {
    const [front = 0, first = 0, second = 0] = await findFreePorts(3)
    const issuer = `http://localhost:${front}`
    const env = {
      ...shared,
      LOG_LEVEL: 'info',
      // Every attack comes from a network of its own, set by a header of the proxy.
      TRUSTED_PROXIES: '127.0.0.1,::1',
      RATE_LIMIT_NETWORK: String(LIMITS.requests),
      RATE_LIMIT_REFUSALS: String(LIMITS.refusals),
      ISSUER: issuer,
    }
    let logged = ''
    const start = async (role: 'web' | 'worker', port: number) =>
      later(
        await startProcess({ ...env, ROLE: role, PORT: String(port) }, (lines) => {
          logged += lines
        }),
        (each) => each.close(),
      )
    await Promise.all([start('web', first), start('web', second), start('worker', 0)])
    const webs = [`http://127.0.0.1:${first}`, `http://127.0.0.1:${second}`] as const
    later(await startBalancer(front, [first, second]), (each) => each.close())
    const vendor = later(await startVendor(parts), (each) => each.close())
    const { initial_access_token: registrationToken } = await createInitialAccessToken(parts.db, {
      expiresInDays: 1,
    })
    return {
      issuer,
      webs,
      parts,
      vendor,
      registrationToken,
      run: async <T>(...words: string[]) =>
        (await readCommand(words).run({ ...parts, issuer })) as T,
      logged: () => logged,
      close,
    }
  })

/** Starts `node src/main.ts serve`, and waits until it logs that it is ready. */
async function startProcess(env: Record<string, string>, onLines: (lines: string) => void) {
  const child = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    let said = ''
    const listen = (lines: Buffer) => {
      said += lines
      onLines(String(lines))
      if (/ is ready/.test(said)) resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`a process ended: ${said.slice(-500)}`)))
  })
  return { close: () => end(child, ended) }
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(late)
}

/** Forwards each request unchanged to the next of these ports. */
async function startBalancer(port: number, ports: readonly number[]) {
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  const server = createServer((req, res) => {
    const to = ports[turn++ % ports.length]
    const sent = request(
      {
        host: '127.0.0.1',
        port: to,
        method: req.method,
        path: req.url,
        headers: req.rawHeaders as unknown as Record<string, string>,
        agent,
      },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(res)
      },
    )
    sent.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()))
    req.pipe(sent)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    async close() {
      server.closeAllConnections()
      agent.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

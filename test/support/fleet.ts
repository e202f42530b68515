import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Deployment, startDeployment } from './deployment.ts'
import { type Environment, UNLIMITED } from './environment.ts'
import { prepareLoad } from './mixed-load.ts'
import { startNetworkProxy } from './network-proxy.ts'
import { findFreePorts } from './ports.ts'
import { startServerProcess } from './server-process.ts'

export type Fleet = Awaited<ReturnType<typeof start>>

/** Two web processes and a worker of the operating system, over a network that can fail on the way to the database. */
export function withFleet<T>(
  options: { web?: Environment; residents?: number },
  work: (fleet: Fleet) => Promise<T>,
): Promise<T> {
  return startDeployment(async (deployment) => {
    try {
      const fleet = await start(deployment, options)
      const result = await work(fleet)
      for (const each of fleet.processes) {
        const end = each.unplannedEnd()
        if (end !== undefined) throw new Error(`a process ended: ${end}`)
      }
      return result
    } finally {
      await deployment.close()
    }
  })
}

async function start(
  deployment: Deployment,
  { web = {}, residents = 4 }: { web?: Environment; residents?: number },
) {
  const { dir, parts, later, env: shared } = deployment
  const databaseUrl = new URL(shared.DATABASE_URL ?? '')
  const network = later(await startNetworkProxy(Number(databaseUrl.port)), (each) => each.close())
  const ports = await findFreePorts(2)
  const issuer = `http://localhost:${ports[0]}`
  const env = {
    ...shared,
    ...UNLIMITED,
    LOG_LEVEL: 'warn',
    ISSUER: issuer,
    DATABASE_URL: Object.assign(databaseUrl, { port: String(network.port) }).href,
  }
  const startOne = async (given: Environment) =>
    later(await startServerProcess({ ...env, ...given }), (each) => each.close())
  const processes = await Promise.all([
    ...ports.map((port) => startOne({ ...web, ROLE: 'web', PORT: String(port) })),
    startOne({ ROLE: 'worker' }),
  ])
  const urls = ports.map((port) => `http://localhost:${port}`)
  const load = await prepareLoad({ parts, issuer, urls, residents })
  return {
    ...deployment,
    env,
    network,
    urls,
    processes,
    load,
    startOne,
    /** Reads the documents of a resident whose tokens nobody refreshes, from each web process in turn. */
    async read(signal: AbortSignal): Promise<Response> {
      const turn = reads++
      const person = load.people[load.people.length - 1]
      const response = await fetch(
        `${urls[turn % urls.length]}/api/v1/me/natural-person/id-verification`,
        { headers: { Authorization: `Bearer ${person?.access}` }, signal },
      )
      await response.arrayBuffer()
      return response
    },
    /** The process that all others of PostgreSQL are children of. */
    async findPostmaster(): Promise<number> {
      const [pid] = (await readFile(join(dir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
      return Number(pid)
    },
  }
}

let reads = 0

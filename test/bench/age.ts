import type { Deployment } from './deployment.ts'
import { basic, type Flows, obtainTokens, runFlows, type Tokens } from './flow.ts'
import { around, type Load, measureSlice, median, say } from './load.ts'
import { credentialsRequest, deliveries, portalFlows, readRequest } from './population.ts'

const SLICE_SECONDS = 2
const MAX_RATIO = 1.1

/** The CPU time of one request, by path, in the order of the rounds. */
type Ages = Map<string, { at: number; cpuMicroseconds: number; errors: number }[]>

/**
 * Puts each kind of load on one portal in turn for this many minutes, and compares what a request costs in the last minute with what
 * it cost in the first, each against a bare server in the same minute. Throws when one became a tenth dearer, or failed.
 */
export async function measureAge(deployment: Deployment, minutes: number): Promise<void> {
  const { portal, hello } = deployment
  const loads: Load[] = [
    { name: 'bare Hono handler', target: hello, nextRequest: () => ({ path: '/' }) },
    ...(await mixedLoads(deployment)),
  ]
  say('warming up')
  for (const load of loads) await measureSlice(load, SLICE_SECONDS)
  const ages: Ages = new Map(loads.map(({ name }) => [name, []]))
  const began = performance.now()
  const elapsed = () => (performance.now() - began) / 60_000
  const memory = [await portal.residentBytes()]
  while (elapsed() < minutes) {
    const at = elapsed()
    for (const load of loads) {
      const { cpuMicroseconds, errors } = await measureSlice(load, SLICE_SECONDS)
      ages.get(load.name)?.push({ at, cpuMicroseconds, errors })
    }
    say(`  minute ${at.toFixed(1)} of ${minutes}`)
  }
  memory.push(await portal.residentBytes())
  report(ages, memory)
}

async function mixedLoads(deployment: Deployment): Promise<Load[]> {
  const { portal, issuer, tokens, clients, veriff } = deployment
  const flows = await portalFlows(issuer, clients, SCOPE)
  const live = await Promise.all(
    flows.browsers.map(async (browser) => {
      const tokens = await obtainTokens(flows, browser, SCOPE)
      if (!tokens?.refresh_token) throw new Error('no refresh token was issued')
      return tokens
    }),
  )
  const deliver = deliveries(veriff)
  return [
    {
      name: 'documents',
      target: portal,
      nextRequest: around(tokens.map((token) => readRequest(token))),
    },
    {
      name: 'userinfo',
      target: portal,
      nextRequest: around(
        live.map(({ access_token }) => readRequest(access_token, '/api/oauth/userinfo')),
      ),
    },
    {
      name: 'code flow',
      target: portal,
      run: (seconds) => runFlows(flows, seconds),
    },
    { name: 'refresh', target: portal, run: (seconds) => runRefreshes(flows, live, seconds) },
    {
      name: 'client credentials',
      target: portal,
      nextRequest: () => credentialsRequest(clients.service, '/api/oauth/token'),
    },
    {
      name: 'deliveries',
      target: portal,
      nextRequest: () => ({ ...deliver(), path: '/webhooks/veriff' }),
    },
  ]
}

const SCOPE = 'openid email offline_access'

/** Redeems each refresh token for its successor, repeatedly. */
async function runRefreshes({ token, client }: Flows, live: Tokens[], seconds: number) {
  const began = performance.now()
  let done = 0
  let errors = 0
  await Promise.all(
    live.map(async (tokens) => {
      while (performance.now() - began < seconds * 1000) {
        const answer = await fetch(token, {
          method: 'POST',
          headers: { Authorization: basic(client) },
          body: new URLSearchParams({
            grant_type: 'refresh_token',
            refresh_token: tokens.refresh_token ?? '',
          }),
        })
        const body = (await answer.json()) as Tokens
        if (answer.ok) {
          tokens.refresh_token = body.refresh_token
          done++
        } else errors++
      }
    }),
  )
  return { done, errors, seconds: (performance.now() - began) / 1000 }
}

function report(ages: Ages, memory: number[]): void {
  const last = Math.max(...[...ages.values()].flat().map(({ at }) => at))
  const inMinute = (name: string, from: number) =>
    median(
      (ages.get(name) ?? [])
        .filter(({ at }) => at >= from && at < from + 1)
        .map(({ cpuMicroseconds }) => cpuMicroseconds),
    )
  const [bare = ''] = ages.keys()
  const grown: string[] = []
  for (const name of ages.keys()) {
    const first = inMinute(name, 0)
    const end = inMinute(name, last - 0.999)
    const ratio = end / first / (inMinute(bare, last - 0.999) / inMinute(bare, 0))
    const errors = (ages.get(name) ?? []).reduce((sum, each) => sum + each.errors, 0)
    process.stdout.write(
      `${name.padEnd(20)} ${first.toFixed(1).padStart(8)} us CPU a request in the first minute  ${end.toFixed(1).padStart(8)} in the last  ratio ${ratio.toFixed(2)}  ${errors} errors\n`,
    )
    if (ratio > MAX_RATIO || errors > 0) grown.push(name)
  }
  const mebibytes = memory.map((bytes) => Math.round(bytes / 1024 / 1024))
  process.stdout.write(
    `memory ${mebibytes[0]} MiB at the beginning, ${mebibytes.at(-1)} MiB at the end\n`,
  )
  if (grown.length > 0)
    throw new Error(`became more than a tenth dearer, or failed: ${grown.join(', ')}`)
}

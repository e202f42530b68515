import { setTimeout as wait } from 'node:timers/promises'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { type Fleet, withFleet } from '../support/fleet.ts'
import { type Answer, countStatuses, startProbe } from '../support/probe.ts'
import type { Rehearsal } from './rehearsal.ts'

const AT_ONCE = 100
const MAX_MEDIAN_MS = 3_000

export const rehearsal: Rehearsal = {
  summary: 'try passwords from thousands of addresses; reads and other sign-ins go on',
  run: ({ short, say }) =>
    withFleet({ web: { TRUSTED_PROXIES: '127.0.0.1', ...DEFAULT_LIMITS } }, (fleet) =>
      flood(fleet, { seconds: short ? 5 : 30, say }),
    ),
}

/** The limits of a process by its defaults: an empty variable counts as not set. */
const DEFAULT_LIMITS = { RATE_LIMIT_NETWORK: '', RATE_LIMIT_REFUSALS: '' }

async function flood(
  { read, load, urls }: Fleet,
  { seconds, say }: { seconds: number; say(line: string): void },
): Promise<string[]> {
  const calm = startProbe(50, read)
  await wait(seconds * 500)
  await calm.stop()

  say('the flood begins')
  const probe = startProbe(50, read)
  const { signIns, ...flooding } = startFlood(urls[0] ?? '', AT_ONCE)
  // One resident signs in meanwhile, and is asked to come again where too many passwords are being checked.
  const { flow } = await load.run(seconds, { read: 0, refresh: 0, flow: 1, delivery: 0 })
  await flooding.stop()
  await probe.stop()
  const figures = [
    `${AT_ONCE} browsers, each sign-in from another address: ${countStatuses(signIns)} in ${seconds} s`,
    `reads meanwhile: ${countStatuses(probe.answers)}; median ${median(probe.answers)} ms, ${median(calm.answers)} ms before`,
    `a resident with a session went through the code flow ${flow.done} times, ${flow.failed} failed`,
  ]
  const isKept =
    probe.answers.every(({ status }) => status === 200) &&
    median(probe.answers) < MAX_MEDIAN_MS &&
    signIns.every(({ status }) => [401, 429, 503].includes(status)) &&
    flow.failed === 0
  if (!isKept) throw new Error(`${figures.join('\n')}\n${flow.failures.join('\n')}`)
  return figures
}

/** Browsers that try passwords of many accounts, each time from another network, at the process that has the issuer's address. */
function startFlood(url: string, atOnce: number) {
  const signIns: Answer[] = []
  let isStopped = false
  let address = 0
  const nextAddress = () => {
    address++
    return `198.${18 + (address >> 16)}.${(address >> 8) & 255}.${address & 255}`
  }
  async function tryOnce() {
    const browser = createUserAgent({ 'X-Forwarded-For': nextAddress() })
    const at = performance.now()
    const page = await browser.open(`${url}/`)
    const answer = await browser.submit(page, 'login', {
      email: `somebody-${address}@example.test`,
      password: 'not the right password',
    })
    signIns.push({ at, milliseconds: performance.now() - at, status: answer.status })
  }
  const running = Array.from({ length: atOnce }, async () => {
    while (!isStopped)
      await tryOnce().catch(() =>
        signIns.push({ at: performance.now(), milliseconds: 0, status: 0 }),
      )
  })
  return {
    signIns,
    async stop() {
      isStopped = true
      await Promise.all(running)
    },
  }
}

function median(answers: readonly Answer[]): number {
  const sorted = answers.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b)
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)
}

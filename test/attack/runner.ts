import { once } from 'node:events'

/** `refused`, or what got through, as a clause without secrets. */
export type Verdict = 'refused' | { through: string }

/** One attack that must not succeed. It throws when it could not run. */
export type Attack<T> = {
  area: string
  /** A sentence that describes the attack. */
  name: string
  run(target: T): Promise<Verdict>
}

export type Result = {
  area: string
  name: string
  outcome: 'refused' | 'got through' | 'failed to run'
  /** What got through, or why it could not run. */
  detail?: string
  milliseconds: number
}

/** Returns the facts that are true but must not be. */
export function judge(...facts: [isSo: boolean, what: string][]): Verdict {
  const found = facts.filter(([isSo]) => isSo).map(([, what]) => what)
  return found.length === 0 ? 'refused' : { through: found.join('; ') }
}

/** Throws unless the legitimate counterpart of an attack works, because otherwise a refusal proves nothing. */
export function control(works: unknown, what: string): asserts works {
  if (!works) throw new Error(`the control failed: ${what}`)
}

/**
 * Runs the attacks of each area one after the other, several areas at a time. Each attack may take `secondsEach`, all of
 * them `secondsInAll`. The results have the order of the attacks.
 */
export async function runAttacks<T>(
  attacks: readonly Attack<T>[],
  target: T,
  options: {
    areasAtOnce: number
    secondsEach: number
    secondsInAll: number
    onResult?: (result: Result) => void
  },
): Promise<Result[]> {
  const allOver = new AbortController()
  const timer = setTimeout(() => allOver.abort(), options.secondsInAll * 1000)
  const results = new Map<Attack<T>, Result>()
  const areas = [...new Set(attacks.map(({ area }) => area))]

  async function runNextAreas(): Promise<void> {
    for (let area = areas.shift(); area !== undefined; area = areas.shift())
      for (const attack of attacks.filter((each) => each.area === area)) {
        const began = performance.now()
        const judged = await judgeOne(attack, target, options.secondsEach, allOver.signal)
        const took = Math.round(performance.now() - began)
        const result = { area, name: attack.name, ...judged, milliseconds: took }
        results.set(attack, result)
        options.onResult?.(result)
      }
  }
  await Promise.all(Array.from({ length: options.areasAtOnce }, runNextAreas))
  clearTimeout(timer)
  return attacks.flatMap((attack) => results.get(attack) ?? [])
}

async function judgeOne<T>(
  attack: Attack<T>,
  target: T,
  seconds: number,
  allOver: AbortSignal,
): Promise<Pick<Result, 'outcome' | 'detail'>> {
  if (allOver.aborted) return { outcome: 'failed to run', detail: 'no time was left' }
  const clock = new AbortController()
  const timer = setTimeout(() => clock.abort(), seconds * 1000)
  const late = once(AbortSignal.any([clock.signal, allOver]), 'abort').then(() => {
    throw new Error(clock.signal.aborted ? `no verdict after ${seconds} s` : 'no time was left')
  })
  try {
    const verdict = await Promise.race([attack.run(target), late])
    if (verdict === 'refused') return { outcome: 'refused' }
    return { outcome: 'got through', detail: withoutSecrets(verdict.through) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { outcome: 'failed to run', detail: withoutSecrets(message) }
  } finally {
    clearTimeout(timer)
  }
}

// Errors of libraries can quote addresses and responses, which contain codes and tokens.
const withoutSecrets = (text: string) =>
  (text.split('\n', 1)[0] ?? '').replaceAll(/[\w~+/=-]{32,}/g, '…').slice(0, 300)

/** One line for each attack, for people. */
export function describeResult({ outcome, area, name, detail }: Result): string {
  if (outcome === 'refused') return `✓ refused      ${area}: ${name}`
  const word = outcome === 'got through' ? '✗ got through ' : '✗ did not run '
  return `${word} ${area}: ${name}\n                 ${detail ?? ''}`
}

export type Summary = { refused: number; gotThrough: number; failedToRun: number; isGood: boolean }

/** `isGood`: at least one attack ran, and all were refused. */
export function summarize(results: readonly Result[]): Summary {
  const count = (outcome: Result['outcome']) =>
    results.filter((result) => result.outcome === outcome).length
  const refused = count('refused')
  return {
    refused,
    gotThrough: count('got through'),
    failedToRun: count('failed to run'),
    isGood: refused > 0 && refused === results.length,
  }
}

export function describeSummary({ refused, gotThrough, failedToRun }: Summary): string {
  const counted = `${refused} attacks refused, ${gotThrough} got through`
  return failedToRun === 0 ? counted : `${counted}, ${failedToRun} failed to run`
}

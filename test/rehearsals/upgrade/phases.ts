import type { Answered } from './load.ts'

/** The name of the phase in which the schema is migrated. */
export const MIGRATE = 'migrate'
// A migration waits for a lock for a second; the rest is for a busy machine.
const STALL_MS = 3_000
// Processes that start need the processors for seconds.
const STARTS_STALL_MS = 5_000

/** Measures the reads of each phase of the upgrade. */
export function watchPhases(answers: readonly Answered[], say: (line: string) => void) {
  const phases: { name: string; from: number; to: number }[] = []
  const end = () => {
    const current = phases.at(-1)
    if (current) current.to = performance.now()
  }
  return {
    begin(name: string) {
      end()
      say(name)
      phases.push({ name, from: performance.now(), to: Infinity })
    },
    end,
    /** One line for each phase. Throws when a read took so much longer than the longest one of the first phase. */
    report(): string[] {
      const measured = phases.map(({ name, from, to }) => {
        const reads = answers
          .filter(({ kind, at }) => kind === 'read' && at >= from && at < to)
          .map(({ milliseconds }) => milliseconds)
          .sort((a, b) => a - b)
        const longest = Math.round(reads.at(-1) ?? 0)
        const median = Math.round(reads[Math.floor(reads.length / 2)] ?? 0)
        return { name, reads: reads.length, median, longest }
      })
      const before = measured[0]?.longest ?? 0
      for (const { name, longest } of measured)
        if (longest > before + (name === MIGRATE ? STALL_MS : STARTS_STALL_MS))
          throw new Error(
            `a read took ${longest} ms (${name}), and before the upgrade ${before} ms at most`,
          )
      return measured.map(
        ({ name, reads, median, longest }) =>
          `${name}: ${reads} reads, median ${median} ms, longest ${longest} ms`,
      )
    },
  }
}

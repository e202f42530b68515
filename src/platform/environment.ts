import { readFileSync, statSync } from 'node:fs'

/** Environment variables by name; an empty one counts as not set. */
export type Variables = Readonly<Record<string, string | undefined>>

// Kubernetes lets the pods of a group read a secret, and so does systemd's access list. Others may not, and nobody but the owner writes.
const FORBIDDEN_MODE = 0o037

/**
 * Adds the variables whose values are in files: for each of `secrets`, `NAME_FILE` may name a file instead of `NAME`. One newline at
 * the end of a file is not part of the value. `faults` names each variable that could not be read, never a value or a path, because
 * somebody may have put the secret itself there.
 */
export function readSecretFiles(
  variables: Variables,
  secrets: readonly string[],
): { variables: Variables; faults: string[]; unread: string[] } {
  const read: Record<string, string> = {}
  const faults: string[] = []
  const unread: string[] = []
  for (const name of secrets) {
    const path = variables[`${name}_FILE`]
    if (!path) continue
    const { value, fault } = variables[name]
      ? { value: undefined, fault: `and ${name} are both set: keep one` }
      : readSecret(path)
    if (value === undefined) {
      faults.push(`${name}_FILE ${fault}`)
      unread.push(name)
    } else read[name] = value
  }
  return { variables: { ...variables, ...read }, faults, unread }
}

function readSecret(
  path: string,
): { value: string; fault?: never } | { value?: never; fault: string } {
  try {
    const file = statSync(path)
    if (!file.isFile()) return { fault: 'names something that is not a file' }
    if (file.mode & FORBIDDEN_MODE)
      return {
        fault: `names a file of mode ${(file.mode & 0o777).toString(8).padStart(4, '0')}, which too many can read or change: chmod it to 0400, or 0440`,
      }
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    return value === '' ? { fault: 'names a file that is empty' } : { value }
  } catch (error) {
    return { fault: `names a file that cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
}

/**
 * The variables that were probably meant for us and do not exist: those of our `namespaces`, and those that differ from one of `known` by
 * a letter or two. Each with the name that is nearest.
 */
export function findUnknownVariables(
  variables: Variables,
  known: readonly string[],
  namespaces: RegExp,
): { name: string; nearest: string }[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    if (!value || known.includes(name) || isServiceLink(name, value)) return []
    const [nearest] = known
      .map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
      .sort((a, b) => a.distance - b.distance)
    if (!nearest) return []
    const { candidate, distance } = nearest
    const isMisspelt = distance <= (candidate.length < 10 ? 1 : 2) && !FOREIGN.test(name)
    return isMisspelt || namespaces.test(name) ? [{ name, nearest: candidate }] : []
  })
}

// The AWS SDK and Node read variables of their own.
const FOREIGN = /^(AWS|NODE)_/

/** Whether Kubernetes or Docker set it for a service whose name begins like one of our variables. */
const isServiceLink = (name: string, value: string): boolean =>
  /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)/.test(name) ||
  (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))

/** How many letters must be inserted, deleted, replaced or exchanged with their neighbour. */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isExchange = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          (row[j - 1] ?? 0) + 1,
          (last[j] ?? 0) + 1,
          (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
          isExchange ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

import { readFileSync } from 'node:fs'

/**
 * The oldest version whose code works on the schema of this version. From 0.2.0 on it is the release before this one, because a
 * schema works with the code of two versions (docs/upgrades.md).
 */
export const OLDEST_COMPATIBLE_VERSION = '0.2.0'

/** The version of this code, from package.json. */
export function readVersion(): string {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  return version
}

/** Whether the version comes before the other, both as `MAJOR.MINOR.PATCH`. */
export function isOlder(version: string, other: string): boolean {
  const [numbers, others] = [version, other].map((each) => each.split('.').map(Number))
  for (const [place, number] of (numbers ?? []).entries()) {
    const difference = number - (others?.[place] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'vitest'

/** The path of a program, also where only root's PATH has it; `undefined` when it is not installed. */
export const findTool = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/go/bin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

/** Skips the test, and says so, where a tool is missing. In CI it fails instead, unless the tool is `optional`. */
export function requireTools(
  { skip }: TestContext,
  names: readonly string[],
  { optional = false } = {},
): void {
  const missing = names.filter((name) => findTool(name) === undefined)
  if (missing.length === 0) return
  const words = `not tried: there is no ${missing.join(', ')} on this machine`
  if (process.env.CI && !optional) throw new Error(words)
  process.stderr.write(`${words}\n`)
  skip(words)
}

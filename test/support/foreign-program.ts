import { type SpawnOptions, spawn } from 'node:child_process'
import type { Page, UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { kill } from './program.ts'
import { eventually } from './sandbox.ts'

/** A program that is not the portal's. Its output is in the error of a wait that fails. */
export function startForeign(command: string, words: readonly string[], options: SpawnOptions) {
  const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let heard = 0
  const listeners = new Set<() => void>()
  const read = (chunk: Buffer) => {
    output += chunk
    for (const listener of listeners) listener()
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  const ended = new Promise<{ output: string; status: number | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ output, status }))
  })
  // Whoever waits for its words hears of it there.
  ended.catch(() => {})
  return {
    ended,
    /** Waits until it has said this, after what it said when it was asked before. */
    says: async (pattern: RegExp): Promise<string> => {
      const said = new Promise<string>((resolve) => {
        const look = () => {
          const found = pattern.exec(output.slice(heard))
          if (!found) return
          heard += found.index + found[0].length
          listeners.delete(look)
          resolve(found[0])
        }
        listeners.add(look)
        look()
      })
      const silent = ended.then(({ status }) => {
        throw new Error(`${command} ended with ${status} before it said ${pattern}:\n${output}`)
      })
      return await Promise.race([said, silent])
    },
    /** Waits until it answers at this address. */
    reaches: async (url: string): Promise<void> => {
      await eventually(async () => {
        if (child.exitCode !== null) return true
        return await fetch(url, { method: 'HEAD', redirect: 'manual' }).then(
          () => true,
          () => false,
        )
      })
      if (child.exitCode !== null) throw new Error(`${command} ended:\n${output}`)
    },
    close: () => kill(child),
  }
}

/** Runs a program to its end, and returns its output. Throws with that when it fails. */
export async function runForeign(
  command: string,
  words: readonly string[],
  options: SpawnOptions = {},
): Promise<string> {
  const { output, status } = await startForeign(command, words, options).ended
  if (status !== 0)
    throw new Error(`${command} ${words.join(' ')} ended with ${status}:\n${output}`)
  return output
}

/** Signs in with these fields and allows everything, until the browser is at a page that is not the portal's. */
export async function signInFrom(
  browser: UserAgent,
  start: Page,
  { issuer, login }: { issuer: string; login: Record<string, string> },
): Promise<Page> {
  let page = start
  for (let step = 0; step < 4 && page.url.startsWith(`${issuer}/`); step++) {
    if (page.text.includes('name="login"')) page = await browser.submit(page, 'login', login)
    else page = await browser.submit(page, 'allow')
  }
  return page
}

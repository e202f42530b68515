import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The path of a Chromium, or `undefined`: then the caller skips with a message. In CI a missing browser is a failure. */
export function findChromium(): string | undefined {
  const path = PATHS.find(existsSync)
  if (path) return path
  const message =
    'No Chromium on this machine: the browser tests do NOT run. On Debian: apt-get install chromium'
  if (process.env.CI) throw new Error(message)
  process.stderr.write(
    `\n${'!'.repeat(message.length)}\n${message}\n${'!'.repeat(message.length)}\n\n`,
  )
  return undefined
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

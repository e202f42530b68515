import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { createApplication } from './application.ts'
import { addClient, type TestPortal } from './portal.ts'

// The shell is the same browser without its windows, for a third less of the processor.
const PATHS = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

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

/** A camera that shows a test picture, which every page may use that asks. */
export const FAKE_CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']

export function launchChromium(
  executablePath: string,
  args: readonly string[] = [],
): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      ...args,
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

/** Answers every question of a consent's form as a resident who agrees to everything. */
export async function agreeToEverything(page: Page): Promise<void> {
  for (const question of await page.locator('input[name=asked]').all()) {
    const scope = await question.getAttribute('value')
    await page.locator(`input[name="permission ${scope}"][value="${scope}"]`).check()
  }
  for (const photo of await page.locator('input[name=image]').all()) await photo.check()
}

export type EmptyApplication = Awaited<ReturnType<typeof startEmptyApplication>>

/** An application that answers every request with an empty page: where a browser is sent back to has to be there. */
export async function startEmptyApplication() {
  const server = createServer((_req, res) => res.setHeader('Content-Type', 'text/html').end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const redirectUri = `http://localhost:${(server.address() as AddressInfo).port}/callback`
  return {
    redirectUri,
    /** Of a request by a new client. */
    async authorizationUrl({ issuer, parts }: TestPortal, scope: string): Promise<string> {
      const client = await addClient(parts, { redirectUris: [redirectUri] })
      const application = await createApplication(issuer, client)
      return (await application.authorizationRequest(scope, { redirect_uri: redirectUri })).url
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

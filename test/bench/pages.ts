import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openContext } from '../../src/context.ts'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { createLog } from '../../src/platform/log.ts'
import { readEnvironment } from '../support/environment.ts'
import { createWorld, PAGES, type Visit, type World } from '../support/pages.ts'
import { BUCKET, type Deployment } from './deployment.ts'
import { median, say } from './load.ts'

const MAX_MILLISECONDS = 50
const WARM_UP = 10
const REQUESTS = 40

/** How long each page takes, one request after the other, as one resident sees it. Throws when a median is too long. */
export async function measurePages({ env, start }: Deployment): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'portal-pages-'))
  const s3 = await startS3Server({ ...BUCKET, dir, port: 0, production: false })
  try {
    const own = { ...env, S3_ENDPOINT: s3.endpoint }
    const portal = await start({ be: 'portal', env: own })
    const issuer = portal.url.replace('127.0.0.1', 'localhost')
    const parts = await openContext(readEnvironment(own), createLog('error'))
    // No worker sends mails here, so the pages behind their links are left out.
    const world = await createWorld({ issuer, parts }, async () => '')
    const measured: { name: string; milliseconds: number }[] = []
    for (const [route, visits] of Object.entries(PAGES))
      for (const visit of visits) {
        const path = visit.act ? '' : await pathOf(visit, world)
        if (!path) continue
        // A request of an application leads to the page that is measured.
        const { url } = await world.browserOf(visit.who).open(new URL(path, issuer).href)
        const milliseconds = await measure(url, cookiesOf(visit, world))
        measured.push({ name: `${route} (${visit.who})`, milliseconds })
        say(`${milliseconds.toFixed(1).padStart(7)} ms  ${route} (${visit.who})`)
      }
    await parts.close()
    const slow = measured.filter(({ milliseconds }) => milliseconds >= MAX_MILLISECONDS)
    if (slow.length > 0)
      throw new Error(`over ${MAX_MILLISECONDS} ms: ${slow.map(({ name }) => name).join(', ')}`)
    say(`all ${measured.length} pages take less than ${MAX_MILLISECONDS} ms at the median`)
  } finally {
    await s3.close()
    await rm(dir, { recursive: true, force: true })
  }
}

const pathOf = ({ path }: Visit, world: World) => (typeof path === 'string' ? path : path(world))

const cookiesOf = ({ who }: Visit, world: World): string =>
  world
    .cookiesOf(who)
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')

/** The median time from a request to the end of its response. */
async function measure(url: string, cookies: string): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < WARM_UP + REQUESTS; count++) {
    const before = performance.now()
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { Accept: 'text/html', ...(cookies ? { Cookie: cookies } : {}) },
    })
    await answer.text()
    if (answer.status >= 500) throw new Error(`${url} answers ${answer.status}`)
    if (count >= WARM_UP) times.push(performance.now() - before)
  }
  return median(times)
}

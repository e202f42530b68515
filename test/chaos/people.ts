import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { StartedVerification } from '../../src/id-verification/operations.ts'
import type { VendorName } from '../../src/id-verification/vendors/vendor-names.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { type History, SLOTS, type Slot } from './history.ts'
import { HOLDER } from './vendors.ts'
import { sha256Of, type World } from './world.ts'

export type Resident = { accountId: string; token: string }

const CALLBACK = 'http://localhost:9/callback'
const SCOPE = 'eprospera:person.id_verification.read'
const PASSWORD = 'lantern orchard violet drum'

/** Residents who have each allowed an application to read their documents, through the pages, before the faults begin. */
export async function prepareResidents(world: World, count: number): Promise<Resident[]> {
  const { parts, createAccount, createClient } = world.operator()
  const { client_id: id, client_secret: secret = '' } = await createClient(parts.db, {
    name: 'Bluewater Bank',
    redirectUris: [CALLBACK],
    scope: `openid ${SCOPE}`,
  })
  const residents: Resident[] = []
  for (let number = 0; number < count; number++) {
    const email = `resident-${randomUUID()}@example.test`
    const account = await createAccount(parts, {
      email,
      ...HOLDER,
      password: PASSWORD,
    })
    residents.push({
      accountId: account.id,
      token: await obtainToken(world, { id, secret }, email),
    })
  }
  return residents
}

async function obtainToken(
  { issuer }: World,
  client: { id: string; secret: string },
  email: string,
): Promise<string> {
  const verifier = 'v'.repeat(43)
  const browser = createUserAgent()
  const request = new URLSearchParams({
    client_id: client.id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: `openid ${SCOPE}`,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  let page = await browser.open(`${issuer}/api/oauth/authorize?${request}`, CALLBACK)
  page = await browser.submit(page, 'login', { email, password: PASSWORD })
  page = await browser.submit(page, 'allow', {}, { leaveAt: CALLBACK })
  const answer = await fetch(`${issuer}/api/oauth/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: new URL(page.url).searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token?: string }
  if (!token) throw new Error(`no token was given (${answer.status})`)
  return token
}

/** Starts sessions at all vendors, one after the other, until `signal`. Each continues on its own. */
export async function runSessions(
  world: World,
  history: History,
  residents: Resident[],
  given: {
    random: () => number
    everyMs: number
    signal: AbortSignal
    /** Only this vendor's sessions. */
    vendor: VendorName | undefined
  },
): Promise<void> {
  const { random, everyMs, signal } = given
  const vendors = world.vendors.filter(({ name }) => name === (given.vendor ?? name))
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const underWay = new Set<Promise<void>>()
  for (let number = 0; !signal.aborted; number++) {
    // All vendors in turn, so that a short run includes each of them.
    const vendor = vendors[number % vendors.length] as World['vendors'][number]
    const course = pick(vendor.courses)
    const { accountId } = pick(residents)
    const pauses = course.map(() => random())
    const work = runSession(world, history, { vendor, course, accountId, pauses }).finally(() =>
      underWay.delete(work),
    )
    underWay.add(work)
    await wait(everyMs * (0.5 + random()), undefined, { signal }).catch(() => {})
  }
  await Promise.all(underWay)
}

async function runSession(
  world: World,
  history: History,
  given: {
    vendor: World['vendors'][number]
    course: string[]
    accountId: string
    pauses: number[]
  },
): Promise<void> {
  const { vendor, course, accountId, pauses } = given
  const { parts, startVerification } = world.operator()
  let started: StartedVerification
  try {
    started = await startVerification(
      { ...parts, issuer: world.issuer },
      { vendor: vendor.name, accountId },
    )
  } catch {
    // The database or the vendor is unreachable: the person gets an error, and there is no session.
    return
  }
  const sessionId = started.vendorSessionId
  history.sessions.push({ verificationId: started.id, accountId, vendor: vendor.name, sessionId })
  for (const [index, status] of course.entries()) {
    await wait(200 + (pauses[index] ?? 0) * 4_000)
    history.said.push({ sessionId, status, at: Date.now() })
    await vendor.decide(sessionId, status)
  }
}

/** Applications that read repeatedly and download every image. */
export async function readRepeatedly(
  world: World,
  history: History,
  residents: Resident[],
  given: { random: () => number; everyMs: number; signal: AbortSignal },
): Promise<void> {
  const { random, everyMs, signal } = given
  while (!signal.aborted) {
    const resident = residents[Math.floor(random() * residents.length)]
    const webs = world.webs()
    const web = webs[Math.floor(random() * webs.length)]
    if (resident && web) await readOnce(web, history, resident)
    await wait(everyMs, undefined, { signal }).catch(() => {})
  }
}

type Answer = { id: string | null; documents: Record<Slot, string | null> }

async function readOnce(
  web: string,
  history: History,
  { accountId, token }: Resident,
): Promise<void> {
  const startedAt = Date.now()
  const signal = AbortSignal.timeout(10_000)
  try {
    const response = await fetch(`${web}/api/v1/me/natural-person/id-verification`, {
      headers: { Authorization: `Bearer ${token}` },
      signal,
    })
    if (response.status !== 200) return void (await response.body?.cancel())
    const { id, documents } = (await response.json()) as Answer
    const endedAt = Date.now()
    const images: Partial<Record<Slot, string>> = {}
    for (const slot of SLOTS) {
      const url = documents[slot]
      if (!url) continue
      const file = await fetch(url, { signal })
      const bytes = new Uint8Array(await file.arrayBuffer())
      if (file.ok) images[slot] = sha256Of(bytes)
    }
    const links = SLOTS.filter((slot) => documents[slot] !== null)
    history.reads.push({ accountId, startedAt, endedAt, verificationId: id, links, images })
  } catch {
    // No response: a process was killed, or the database is unreachable.
  }
}

import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { readCommand } from '../../src/cli/commands.ts'
import { rotateClientSecret } from '../../src/clients/clients.ts'
import { type AppContext, openContext } from '../../src/context.ts'
import { VENDORS, type VendorName } from '../../src/id-verification/vendors/vendor-names.ts'
import {
  addNextCredentials,
  dropCredentials,
  setVendorIntegration,
  useNextCredentials,
} from '../../src/id-verification/vendors/vendors.ts'
import { createLog } from '../../src/platform/log.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { type Environment, readEnvironment, UNLIMITED } from '../support/environment.ts'
import { startKms } from '../support/kms.ts'
import type { Rehearsal } from './rehearsal.ts'
import { type Balancer, startBalancer } from './rotation/balancer.ts'
import { type Fleet, type Role, startFleet } from './rotation/fleet.ts'
import { type Load, startLoad } from './rotation/load.ts'
import { startMailServer } from './rotation/mail-server.ts'
import { INCODE_HEADER, newSecrets, startVendors, type Vendors } from './rotation/vendors.ts'

/** The procedures of docs/rotation.md, each under load, on two web processes and a worker. */
export const rehearsal: Rehearsal = {
  summary: 'Replaces every key, password and secret of docs/rotation.md under load',
  run: ({ short, say }) =>
    startDeployment(async (deployment) => {
      try {
        const world = await startWorld(deployment, short)
        return await rehearse(world, { short, say })
      } finally {
        await deployment.close()
      }
    }),
}

/**
 * The three parts that each procedure has: the new secret is accepted, it is used, and the old one is removed. A part that changes the
 * environment restarts all processes, one after another.
 */
type Part = {
  before?: () => Promise<void>
  env?: Partial<Record<Role, Environment>>
  after?: () => Promise<void>
}
type Procedure = { name: string; add: Part; use: Part; remove: Part }
const PARTS = ['add', 'use', 'remove'] as const

async function rehearse(world: World, { short, say }: { short: boolean; say: Say }) {
  const { load, fleet } = world
  const procedures = listProcedures(world)
  const began = performance.now()
  // The short form changes everything in three rounds of restarts, and the long one secret after secret.
  for (const group of short ? [procedures] : procedures.map((each) => [each])) {
    const before = { ...load.count(), at: performance.now() }
    for (const part of PARTS) {
      const names = group.filter((each) => Object.keys(each[part]).length > 0)
      if (names.length === 0) continue
      say(`${part}: ${names.map(({ name }) => name).join(', ')}`)
      await carryOut(
        fleet,
        group.map((each) => each[part]),
      )
      await wait(short ? 0 : 5_000)
    }
    const { done, failed } = load.count()
    const took = ((performance.now() - before.at) / 1000).toFixed(0)
    const what = short ? 'all procedures' : group.map(({ name }) => name).join(', ')
    world.figures.push(
      `${what}: ${done - before.done} requests in ${took} s, ${failed - before.failed} failed`,
    )
    say(world.figures.at(-1) ?? '')
  }
  await load.stop()
  const seconds = (performance.now() - began) / 1000
  say('waiting for the deliveries and mails to be done')
  await settle(world)
  return await report(world, seconds)
}

async function carryOut(fleet: Fleet, parts: Part[]) {
  for (const { before } of parts) await before?.()
  const change: Partial<Record<Role, Environment>> = {}
  for (const { env = {} } of parts)
    for (const [role, changed] of Object.entries(env) as [Role, Environment][])
      change[role] = { ...change[role], ...changed }
  await fleet.roll(change)
  for (const { after } of parts) await after?.()
}

type Say = (line: string) => void
type World = {
  deployment: Deployment
  fleet: Fleet
  load: Load
  balancer: Balancer
  vendors: Vendors
  kms: Awaited<ReturnType<typeof startKms>>
  mail: Awaited<ReturnType<typeof startMailServer>>
  mailPasswords: Set<string>
  databaseUrlOf: (user: string, password: string) => string
  issuer: string
  figures: string[]
}

const both = (env: Environment) => ({ web: env, worker: env })
const newEncryptionKey = () => randomBytes(32).toString('base64url')
const MASTER = { old: 'alias/portal-2025', new: 'alias/portal-2026' }
const AWS = (credentials: { accessKeyId: string; secretAccessKey: string }) => ({
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
})

async function startWorld(deployment: Deployment, short: boolean): Promise<World> {
  const { parts, later, env: shared, dir } = deployment
  const closing = <T extends { close(): Promise<void> }>(thing: T) =>
    later(thing, (each) => each.close())
  const balancer = closing(await startBalancer(0))
  const issuer = `http://localhost:${balancer.port}`
  const vendors = closing(await startVendors())
  const mailPasswords = new Set(['first'])
  const mail = closing(await startMailServer(mailPasswords))
  const kms = closing(
    await startKms({
      region: shared.S3_REGION ?? '',
      keyIds: [MASTER.old, MASTER.new],
      accepted: deployment.s3Credentials,
    }),
  )
  const databaseUrlOf = (user: string, password: string) =>
    Object.assign(new URL(shared.DATABASE_URL ?? ''), { username: user, password }).href
  const env: Environment = {
    ...shared,
    ...UNLIMITED,
    ISSUER: issuer,
    NODE_COMPILE_CACHE: `${dir}/compiled`,
    LOG_LEVEL: 'warn',
    AWS_REGION: shared.S3_REGION ?? '',
    KMS_KEY_ID: MASTER.old,
    KMS_ENDPOINT: kms.config.endpoint,
    SMTP_URL: mail.urlOf('first'),
    MAIL_FROM: 'portal@example.test',
  }
  await grantRoles(parts, databaseUrlOf, '1')
  for (const vendor of VENDORS)
    await setVendorIntegration(parts.db, parts.sealer, {
      vendor,
      baseUrl: vendors.urlOf(vendor),
      ...vendors.secrets[vendor],
      settings: SETTINGS[vendor],
    })
  const fleet = closing(
    await startFleet(balancer, (role) => ({
      ...env,
      DATABASE_URL: databaseUrlOf(`portal_${role}_1`, `password-1`),
    })),
  )
  const load = later(
    await startLoad(parts, {
      issuer,
      vendors,
      readers: short ? 2 : 4,
      pauseMs: short ? 100 : 30,
    }),
    (each) => each.stop(),
  )
  return {
    ...{ deployment, fleet, load, balancer, vendors, kms, mail, mailPasswords },
    ...{ databaseUrlOf, issuer, figures: [] },
  }
}

const SETTINGS: Record<VendorName, string[]> = {
  veriff: [],
  kora: ['captureUrl=https://capture.test/?id='],
  incode: ['executiveEmail=executive@example.test', `webhookHeader=${INCODE_HEADER}`],
  mosaic: [],
  sumsub: [],
  stripe: [],
}

/** What `migrate` does with a role for each kind of process: it creates those that are missing. */
async function grantRoles(
  { config, log }: AppContext,
  urlOf: (user: string, password: string) => string,
  generation: string,
) {
  const urlOfRole = (name: string) => urlOf(`portal_${name}`, `password-${generation}`)
  const database = {
    url: urlOf('portal_app', 'password-app'),
    migrationUrl: config.database.url,
    processUrls: {
      web: urlOfRole(`web_${generation}`),
      worker: urlOfRole(`worker_${generation}`),
    },
  }
  const migrated = await openContext({ ...config, database }, log, 'migrate')
  await migrated.close()
}

const listProcedures = (world: World): Procedure[] => [
  signingKeys(world),
  cookieKeys(world),
  encryptionKey(world),
  kmsKey(world),
  databaseRoles(world),
  databasePassword(world),
  accessKeys(world),
  mailPassword(world),
  vendorSecrets(world),
  clientSecret(world),
]

function signingKeys(world: World): Procedure {
  const { load, fleet, figures } = world
  let before = { token: '', kid: '' }
  const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? ''
  return {
    name: 'signing keys',
    add: {
      async after() {
        const token = load.accessToken()
        before = { token, kid: kidOf(token) }
        await runCommand(world, 'key', 'rotate')
      },
    },
    use: {},
    remove: {
      async after() {
        // The new keys sign everywhere, and the applications have tokens of them.
        await until('new tokens', 60, () => kidOf(load.accessToken()) !== before.kid)
        for (const url of fleet.urls) await expectStatus(200, load.call(url, before.token))
        await runCommand(world, 'key', 'retire', before.kid)
        const retiredAt = performance.now()
        for (const url of fleet.urls)
          await until('a rejection', 30, async () => (await load.call(url, before.token)) === 401)
        const seconds = ((performance.now() - retiredAt) / 1000).toFixed(1)
        figures.push(`a withdrawn signing key is rejected by both web processes after ${seconds} s`)
      },
    },
  }
}

/** The new value after the old one, before it, and alone. */
function listInOrder(
  name: string,
  { old, next, roles = ['web', 'worker'] }: { old: string; next: string; roles?: Role[] },
) {
  const set = (value: string) => ({
    env: Object.fromEntries(roles.map((role) => [role, { [name]: value }])),
  })
  return { add: set(`${old},${next}`), use: set(`${next},${old}`), remove: set(next) }
}

const cookieKeys = ({ fleet }: World): Procedure => ({
  name: 'COOKIE_KEYS',
  ...listInOrder('COOKIE_KEYS', {
    old: fleet.envOf('web').COOKIE_KEYS ?? '',
    next: randomSecret(),
    roles: ['web'],
  }),
})

function encryptionKey(world: World): Procedure {
  const old = world.fleet.envOf('web').ENCRYPTION_KEY ?? ''
  const parts = listInOrder('ENCRYPTION_KEY', { old, next: newEncryptionKey() })
  return {
    name: 'ENCRYPTION_KEY',
    ...parts,
    use: { ...parts.use, after: () => resealAll(world, 'ENCRYPTION_KEY') },
  }
}

function kmsKey(world: World): Procedure {
  const parts = listInOrder('KMS_KEY_ID', { old: MASTER.old, next: MASTER.new })
  return {
    name: 'KMS key',
    ...parts,
    use: { ...parts.use, after: () => resealAll(world, 'KMS_KEY_ID') },
    remove: { ...parts.remove, after: async () => world.kms.disable(MASTER.old) },
  }
}

type KeyUse = { variable: string; role: string; values: number }

/** Moves everything to the newest key, and checks that nothing is left under an older one of this variable. */
async function resealAll(world: World, variable: string) {
  const reports = (await runCommand(world, 'key', 'reseal')) as { moved: number }[]
  const uses = (await runCommand(world, 'key', 'status')) as KeyUse[]
  const old = uses.filter((use) => use.variable === variable && use.role !== 'first')
  const left = old.reduce((sum, { values }) => sum + values, 0)
  if (left > 0) throw new Error(`${left} values are still under an older key of ${variable}`)
  const moved = reports.reduce((sum, report) => sum + report.moved, 0)
  world.figures.push(
    `key reseal moved ${moved} values; key status shows 0 under the old ${variable}`,
  )
}

function databaseRoles({ deployment, databaseUrlOf, fleet }: World): Procedure {
  const { parts } = deployment
  const url = (role: Role) => ({
    DATABASE_URL: databaseUrlOf(`portal_${role}_2`, 'password-2'),
  })
  return {
    name: 'database roles',
    add: {
      before: () => grantRoles(parts, databaseUrlOf, '2'),
      env: { web: url('web'), worker: url('worker') },
    },
    use: {},
    remove: {
      async after() {
        const role = new URL(fleet.envOf('web').DATABASE_URL ?? '').username
        if (role.endsWith('_1')) throw new Error('the processes use the old role')
        await parts.db.unsafe(`
          drop owned by portal_web_1, portal_worker_1; drop role portal_web_1, portal_worker_1`)
      },
    },
  }
}

function databasePassword({ deployment, databaseUrlOf }: World): Procedure {
  const url = (role: Role) => ({
    DATABASE_URL: databaseUrlOf(`portal_${role}_2`, 'password-3'),
  })
  return {
    name: 'database password',
    add: {},
    use: {
      async before() {
        for (const role of ['web', 'worker'])
          await deployment.parts.db.unsafe(`alter role portal_${role}_2 password 'password-3'`)
      },
      env: { web: url('web'), worker: url('worker') },
    },
    remove: {},
  }
}

function accessKeys({ deployment }: World): Procedure {
  const next = { accessKeyId: 'AKIASECOND', secretAccessKey: randomSecret() }
  const accepted = deployment.s3Credentials
  return {
    name: 'S3 access key',
    add: { before: async () => void accepted.push(next), env: both(AWS(next)) },
    use: {},
    remove: { after: async () => void accepted.splice(0, accepted.length, next) },
  }
}

const mailPassword = ({ mail, mailPasswords }: World): Procedure => ({
  name: 'SMTP password',
  add: {
    before: async () => void mailPasswords.add('second'),
    env: { worker: { SMTP_URL: mail.urlOf('second') } },
  },
  use: {},
  remove: { after: async () => void mailPasswords.delete('first') },
})

function vendorSecrets({ deployment, vendors, fleet }: World): Procedure {
  const names = Object.keys(vendors.secrets) as VendorName[]
  const next = new Map(names.map((vendor) => [vendor, newSecrets()]))
  let addedAt = 0
  const forEach = async (work: (parts: AppContext, vendor: VendorName) => Promise<unknown>) => {
    const parts = await openOperator(deployment, fleet)
    try {
      for (const vendor of names) await work(parts, vendor)
    } finally {
      await parts.close()
    }
  }
  return {
    name: 'vendor secrets',
    add: {
      async after() {
        await forEach(({ db, sealer }, vendor) =>
          addNextCredentials(db, sealer, { vendor, ...next.get(vendor) }),
        )
        addedAt = Date.now()
      },
    },
    use: {
      async before() {
        await wait(Math.max(0, addedAt + 2_500 - Date.now()))
        // All vendors change, each at once.
        Object.assign(vendors.secrets, Object.fromEntries(next))
        await until('a refused call of each vendor', 60, () =>
          names.every((name) => vendors.refused.includes(name)),
        )
        await forEach(({ db, sealer }, vendor) =>
          useNextCredentials(db, sealer, { vendor, keepDays: 7 }),
        )
      },
    },
    remove: {
      after: () =>
        forEach(({ db, sealer }, vendor) =>
          dropCredentials(db, sealer, { vendor, which: 'previous' }),
        ),
    },
  }
}

function clientSecret({ deployment, load }: World): Procedure {
  return {
    name: "a client's secret",
    add: {
      async after() {
        const { db } = deployment.parts
        const secret = await rotateClientSecret(db, load.officeId, { keepHours: 1 })
        await wait(500)
        load.useOfficeSecret(secret ?? '')
      },
    },
    use: {},
    remove: {},
  }
}

/** The operator's context, with the keys that the processes have now. */
function openOperator({ parts }: Deployment, fleet: Fleet): Promise<AppContext> {
  const env = fleet.envOf('worker')
  const config = readEnvironment({ ...env, DATABASE_URL: parts.config.database.url })
  const credentials = config.s3.credentials as {
    accessKeyId: string
    secretAccessKey: string
  }
  const kms = config.kms && { ...config.kms, region: env.AWS_REGION, credentials }
  return openContext({ ...config, kms }, createLog('silent'), 'require')
}

async function runCommand({ deployment, fleet, issuer }: World, ...words: string[]) {
  const parts = await openOperator(deployment, fleet)
  try {
    return await readCommand(words).run({ ...parts, issuer })
  } finally {
    await parts.close()
  }
}

async function expectStatus(expected: number, given: Promise<number>) {
  const status = await given
  if (status !== expected) throw new Error(`expected ${expected}, and the answer was ${status}`)
}

async function until(what: string, seconds: number, ask: () => boolean | Promise<boolean>) {
  for (const end = Date.now() + seconds * 1000; !(await ask()); await wait(50))
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`)
}

/** Waits until no delivery and no mail is waiting. A job that was tried again may wait for some minutes. */
async function settle({ deployment }: World) {
  const { db } = deployment.parts
  const listWaiting = () => db<{ what: string; tries: number; reason: string | null }[]>`
    select 'delivery' as what, tries, explanation as reason from delivery where state = 'received'
    union all
    select name || ' ' || state, retry_count, output ->> 'message' from pgboss.job
    where name = 'send-mail' and state in ('created', 'retry', 'active') limit 10`
  for (const end = Date.now() + 300_000; ; await wait(200)) {
    const waiting = await listWaiting()
    if (waiting.length === 0) return
    if (Date.now() > end)
      throw new Error(
        `these are still waiting: ${waiting.map((each) => Object.values(each).join(' ')).join('; ')}`,
      )
  }
}

async function report(world: World, seconds: number): Promise<string[]> {
  const { deployment, fleet, load, mail, vendors, figures } = world
  const { db } = deployment.parts
  const tallies = [...load.tallies]
  const failures = tallies.flatMap(([, each]) => each.failures)
  const [stored] = await db<{ deliveries: number; failed: number; mails: number }[]>`
    select (select count(*)::int from delivery) as deliveries,
      (select count(*)::int from pgboss.job where state = 'failed') as failed,
      (select count(*)::int from pgboss.job where name = 'send-mail' and state = 'completed') as mails`
  const accepted = load.tallies.get('deliveries')?.done ?? 0
  const done = tallies.reduce((sum, [, each]) => sum + each.done, 0)
  const lines = [
    `${done} requests and flows in ${seconds.toFixed(0)} s, ${failures.length} failed: ${tallies
      .map(([kind, each]) => `${kind} ${each.done}`)
      .join(', ')}`,
    `${fleet.countStarts()} starts of 3 processes`,
    `${accepted} deliveries acknowledged, ${stored?.deliveries} stored; ${stored?.mails} mails sent, ${mail.received.size} received; ${stored?.failed} jobs failed`,
    `${vendors.refused.length} calls refused by a vendor and made again with the next secrets`,
    ...figures,
  ]
  const broken = [
    ...failures.slice(0, 10),
    ...fleet.errors.slice(0, 10),
    ...(stored?.deliveries === accepted ? [] : ['deliveries were lost or doubled']),
    ...(stored?.mails === mail.received.size ? [] : ['mails were lost']),
    ...(stored?.failed === 0 ? [] : ['jobs failed']),
  ]
  if (broken.length > 0) throw new Error([...lines, ...broken].join('\n'))
  return lines
}

import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLedger } from '../../src/accounts/known-readers.ts'
import { sendLookMails, sendSummaries } from '../../src/accounts/look-mails.ts'
import { diagnose } from '../../src/cli/diagnosis.ts'
import { findClientNames } from '../../src/clients/clients.ts'
import { type AppContext, openContext } from '../../src/context.ts'
import { startGauges } from '../../src/gauges.ts'
import { runRetention } from '../../src/id-verification/retention.ts'
import { createVerification, setVendorSession } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { ACCESS } from '../../src/platform/database-access.ts'
import { openDb } from '../../src/platform/db.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { CLEAN_UPS, startWorker, type Worker } from '../../src/worker.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { API_KEY, SECRET } from '../support/veriff-vectors.ts'
import { addVerification, findDeliveryOf } from '../support/verifications.ts'

let portal: TestPortal
let web: AppContext
let working: AppContext
let worker: Worker
let jobs: Jobs
let served: Awaited<ReturnType<TestPortal['startAnother']>>
const suffix = randomUUID().slice(0, 8)
const roles = { app: `app ${suffix}`, web: `web ${suffix}`, worker: `worker ${suffix}` }

beforeAll(async () => {
  portal = await startPortal()
  const { config, parts } = portal
  const { database } = config
  const processUrls = { web: urlOf(roles.web), worker: urlOf(roles.worker) }
  // Twice: a deployment, and the next one.
  for (let times = 0; times < 2; times++) {
    const migrated = await openContext(
      {
        ...config,
        database: { url: urlOf(roles.app), migrationUrl: database.url, processUrls },
      },
      parts.log,
    )
    await migrated.close()
  }
  const configOf = (url: string) => ({ ...config, database: { ...database, url } })
  web = await openContext(configOf(processUrls.web), parts.log)
  working = await openContext(configOf(processUrls.worker), parts.log)
  jobs = await createJobs(processUrls.worker, parts.log)
  worker = await startWorker(working, jobs)
  // Its own issuer, so that every request of the story comes to it.
  served = await portal.startAnother({ ...web.config, issuer: undefined }, web)
})
const urlOf = (role: string) =>
  Object.assign(new URL(portal.config.database.url), { username: role, password: PASSWORD }).href
const refused = (parts: AppContext, statement: string) =>
  expect(parts.db.unsafe(statement), statement).rejects.toThrow('permission denied')

afterAll(async () => {
  await served.close()
  await worker.stop()
  await jobs.stop()
  await web.close()
  await working.close()
  for (const role of Object.values(roles))
    await portal.db.unsafe(`drop owned by "${role}" cascade; drop role "${role}"`).catch(() => {})
  await portal.close()
})

test("doctor, with the operator's role, counts the connections of processes that have others", async () => {
  const app = openDb(urlOf(roles.app), { connections: 1 })
  // Another process: those of this one do not count.
  const other = openDb(urlOf(roles.web), { connections: 1 })
  await other`set application_name = 'identity-portal elsewhere 15 1@host'`
  const findings = await diagnose({ ...portal.parts, db: app, issuer: portal.issuer })
  expect(findings.find(({ check }) => check === 'database: connections')?.detail).toMatch(
    /\b1 elsewhere\b.* may open \d+ connections/,
  )
  await other.end()
  await app.end()
})

test('web and worker serve under roles of their own: sign-in, consent, tokens, deliveries, mails', async () => {
  const { db, parts } = portal
  const { issuer } = served
  const resident = await addResident(parts)
  await setVendorIntegration(db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
  await addVerification(parts, resident.id)
  const application = await createApplication(issuer, await addClient(parts))
  const { access_token, refresh_token } = await application.obtainTokens(ALL_SCOPES, resident.email)
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${issuer}${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${access_token}`, ...init.headers },
    })
  const read = await call('/api/v1/me/natural-person/id-verification')
  expect([read.status, ((await read.json()) as { status: string }).status]).toEqual([
    200,
    'approved',
  ])
  expect((await call('/api/oauth/userinfo')).status).toBe(200)
  expect(refresh_token).toBeDefined()

  const browser = createUserAgent()
  const home = await browser.submit(await browser.open(`${issuer}/`), 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  expect(home.status).toBe(200)
  for (const path of ['/account', '/reset'])
    expect((await browser.open(`${issuer}${path}`)).status).toBe(200)

  const sessionId = randomUUID()
  const id = String(
    await createVerification(db, {
      tenant: 'default',
      whose: { accountId: resident.id },
      vendor: 'veriff',
      integration: 'default',
      stateSha256: Buffer.alloc(32, 3),
    }),
  )
  await setVendorSession(db, id, { sessionId, checkAfterSeconds: undefined })
  const body = JSON.stringify({
    status: 'success',
    verification: {
      id: sessionId,
      attemptId: randomUUID(),
      vendorData: id,
      status: 'declined',
      decisionTime: '2026-01-15T10:30:00.000Z',
    },
  })
  for (let times = 0; times < 2; times++) {
    const response = await fetch(`${served.url}/webhooks/veriff`, {
      method: 'POST',
      body,
      headers: {
        'x-auth-client': API_KEY,
        'x-hmac-signature': createHmac('sha256', SECRET).update(body).digest('hex'),
      },
    })
    expect(response.status).toBe(200)
  }
  worker.checkInbox()
  await eventually(async () => (await findDeliveryOf(parts, body))?.state === 'applied')

  const forgetful = createUserAgent()
  await forgetful.submit(await forgetful.open(`${issuer}/reset`), 'send', {
    email: resident.email,
  })
  await eventually(async () =>
    (await listOutbox(db, parts.sealer)).some(({ to }) => to === resident.email),
  )
  await eventually(async () => {
    await readLedger(working.db)
    return (await db`select from known_reader where kind = 'email' and news_at is not null`)[0]
  })
  const telling = { ...working, jobs, namesOf: findClientNames }
  await sendLookMails(telling, { olderThanSeconds: 0 })
  await db`
    insert into notification_preference (account_id, look_mails, summarized_at)
    values (${resident.id}, 'daily', now() - interval '2 days')`
  await sendSummaries(telling)
  for (const told of ['An application saw your data', 'Who saw your data'])
    await eventually(async () =>
      (await listOutbox(db, parts.sealer)).some(({ subject }) => subject === told),
    )
  // What a worker does now and then.
  for (const remove of CLEAN_UPS) await remove(working.db)
  await runRetention({ db: working.db, jobs, log: working.log })
  expect(portal.logged()).not.toContain('permission denied')
})

test('a worker may read all that the gauges are computed from', async () => {
  const metrics = await createMetrics()
  const gauges = startGauges(metrics, working)
  await eventually(async () => (await metrics.text()).includes('portal_jobs{'))
  await gauges.stop()
  expect(portal.logged()).not.toContain('cannot be computed')
})

test('neither role can read what only the other needs', async () => {
  for (const statement of [
    'select body_sealed from delivery',
    'select image_sealed from upload',
    'select secret_sealed from event_secret',
    'select authorization_sealed from event_stream',
    'select secret_sealed from try_client',
    'update event_attempt set exchange_sealed = null',
    'update request_log set reason = reason',
    'delete from request_log',
    'update developer_invitation set email_sealed = email_sealed',
    'update developer_member set account_id = account_id',
    'update try_run set account_id = account_id',
    'select from persona',
    'select from sandbox_clock',
    'update delivery set body_sealed = null',
    'delete from ledger_entry',
    'update schema_migration set sha256 = $$x$$',
    'create table mine ()',
  ])
    await refused(web, statement)
  for (const statement of [
    'select password_hash from account',
    'update account set password_hash = null',
    'select secret_hash from client',
    'select payload from oidc_artifact',
    'select secret_sealed from totp',
    'select public_key from passkey',
    'select code_hash from recovery_code',
    'select mail_sealed from outbox_mail',
    'select email_sealed from developer_invitation',
    'select account_id from developer_member',
    'select name from developer_team',
    'select contact_sealed from production_draft',
    'select contact_sealed from production_request',
    'select detail from request_log',
    'select run_sealed from try_run',
    'select secret_sealed from try_client',
    'select from persona',
    'select from sandbox_clock',
    'delete from ledger_entry',
  ])
    await refused(working, statement)
})

test('what the operator alone decides is written by the command line alone', async () => {
  for (const parts of [web, working])
    for (const statement of [
      'update tenant set is_trusted = true',
      "insert into tenant (name, display_name, is_trusted) values ('mine', 'Mine', true)",
      "insert into policy (name, value) values ('mfa', 'off')",
      "update policy set value = 'off'",
      'delete from portal_setting',
      "update vendor_integration set base_url = 'http://127.0.0.1:9'",
      "update account set status = 'active'",
      // The web creates accounts, by sign-up, and none with a state of its choice.
      "insert into account (id, status) values (gen_random_uuid(), 'active')",
      "update operator set role = 'administrator'",
      'delete from operator',
      'update client set stopped_at = null',
      'update client set team_id = gen_random_uuid()',
      'update developer_team set suspended_at = null',
      'insert into developer_team (suspended_at) values (null)',
      'insert into try_client default values',
      'update production_request set request = request',
      'delete from production_request',
      'insert into operator_action default values',
      'update security_case set closed_at = now()',
      'update natural_person set account_id = account_id',
      'delete from erased_verification',
    ])
      await refused(parts, statement)
})

test('workers alone erase residents, when the waiting time is over', async () => {
  await refused(web, 'delete from account')
  await refused(web, 'delete from last_announcement')
  await refused(working, 'insert into erasure_request (account_id) values (gen_random_uuid())')
  await refused(working, 'update erasure_request set erase_at = now()')
})

test('workers write nothing that signs anybody in, and the web no erasure’s end', async () => {
  for (const table of [
    'account',
    'sign_up',
    'operator',
    'operator_setup',
    'passkey_challenge',
    'pending_sign_in',
    'oidc_artifact',
    'oauth_grant',
    'consent',
    'client',
    'known_browser',
    'sign_in_throttle',
    'spent_jti',
    'rate_window',
    'subject_link',
    'totp',
    'passkey',
    'delivery',
    'verification',
    'developer_invitation',
    'developer_member',
    'developer_team',
    'event_secret',
    'event_stream',
    'production_request',
    'request_log',
    'try_run',
  ])
    await refused(working, `insert into ${table} default values`)
  for (const statement of [
    // The web does both for developers.
    'update client set enabled = true',
    "update event_stream set endpoint = 'https://attacker.example'",
    'delete from event_stream',
    'update oidc_artifact set expires_at = now()',
    // Workers make links to report what was seen, and none that ends a session.
    "insert into security_notice (session_uid) values ('x')",
    'update security_notice set used_at = null',
    'select note_sealed from security_case',
    'update consent set ends_at = null',
    'update pending_sign_in set expires_at = now()',
    // The account of both is cleared by erasures, which end the resident's links.
    'update subject set external_id = external_id',
    'update verification set subject_id = null',
  ])
    await refused(working, statement)
  for (const statement of [
    'update erased_verification set objects_deleted_at = now()',
    'insert into image default values',
    "update image set state = 'stored'",
    'insert into attempt_document default values',
    "update upload set outcome = '{}'",
    'delete from signing_key',
    'update signing_key set activates_at = now()',
    'delete from data_key',
    'insert into outbox_mail default values',
    'update verification set tenant = tenant',
  ])
    await refused(web, statement)
})

test('the web enqueues jobs, and neither reads nor changes what is enqueued', async () => {
  for (const statement of [
    'select data from pgboss.job',
    'select data from pgboss.job_common',
    "update pgboss.job_common set state = 'cancelled'",
    'delete from pgboss.job_common',
    'delete from pgboss.job',
    'update pgboss.queue set retry_limit = 0',
    "select pgboss.create_queue('mine', '{}')",
    'update pgboss.version set cron_on = now()',
    'select * from pgboss.schedule',
  ])
    await refused(web, statement)
})

test('every table and view is listed with what each kind of process may do, and no other', async () => {
  const tables = await portal.db<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'`
  expect(tables.map(({ name }) => name).sort()).toEqual(Object.keys(ACCESS).sort())
  const columns = await portal.db<{ name: string }[]>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = 'public'`
  const known = new Set(columns.map(({ name }) => name))
  for (const [table, kinds] of Object.entries(ACCESS))
    for (const access of Object.values(kinds))
      for (const of of [access.select, access.insert, access.update]) {
        const named = of === undefined || of === '*' ? [] : 'except' in of ? of.except : of
        for (const column of named)
          expect(known.has(`${table}.${column}`), `${table}.${column}`).toBe(true)
      }
})

test('a role of one kind that is also DATABASE_URL’s is refused', async () => {
  const { config, parts } = portal
  const url = Object.assign(new URL(config.database.url), {
    username: roles.app,
    password: PASSWORD,
  })
  await expect(
    openContext(
      {
        ...config,
        database: {
          url: url.href,
          migrationUrl: config.database.url,
          processUrls: { web: url.href },
        },
      },
      parts.log,
    ),
  ).rejects.toThrow('WEB_DATABASE_URL and DATABASE_URL name the same user')
})

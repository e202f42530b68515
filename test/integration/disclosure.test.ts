import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REFUSED_CAPTURES } from '../../src/api/captures.ts'
import { EXAMPLE_IMAGE } from '../../src/api/schemas.ts'
import { createApp } from '../../src/app.ts'
import { setStream } from '../../src/events/streams.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { readDetail, type StoredDetail } from '../../src/ledger/details.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import type { WebContext } from '../../src/web-context.ts'
import { createApplication } from '../support/application.ts'
import { openBackOffice } from '../support/back-office.ts'
import { addClient, EVERYTHING, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'
import { loadPerson } from '../support/verifications.ts'

/* Every operation of the OpenAPI document is called with the data of a real person, and the ledger's rows are counted. */

const ME = '/api/v1/me/natural-person'
/** The tenant's own ids of the subject who is linked, and of the one who is not. */
const EXTERNAL_IDS = ['customer-1', 'customer-2']
/** What is called for the spare subject, or creates one: no resident is behind it. */
const OF_NO_RESIDENT = ['deleteSubject', 'mosaicCreateSession']
const PERSON = {
  residentPermitNumber: '20260000000017',
  countryOfBirth: 'Utopia',
  citizenships: ['Utopia'],
  dateOfBirth: '1990-02-03',
  sex: 'F',
  address: null,
  phoneNumber: '+504 2222 0000',
  residency: {
    effectiveDate: '2024-09-01',
    terminationDate: null,
    residencyType: 'e-Resident',
    version: 'v08.29.2024',
  },
}

type Operation = {
  id: string
  method: string
  path: string
  /** `x-ledger-records`, as the document has it: missing where nobody declared it. */
  records: string[] | undefined
}
type Route = { method: string; path: string }
type Answer = { status: number; text: string }

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let known: Record<
  | 'id'
  | 'verificationId'
  | 'sid'
  | 'spareSession'
  | 'manual'
  | 'manualSession'
  | 'accountId'
  | 'subjectId'
  | 'spare'
  | 'type'
  | 'image'
  | 'erasure'
  | 'alert',
  string
>
let tokens: { resident: string; service: string; stream: string }
let email: string
let clientId: string
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  veriff = await connectSandbox(portal)
  const { id, sessionId, resident } = await veriff.start()
  await loadPerson(portal.parts, resident.id, PERSON)
  await veriff.sandbox.complete(sessionId, 'approved')
  await eventually(async () => {
    const [row] = await portal.db`select images_complete from verification where id = ${id}`
    return row?.imagesComplete === true
  })
  const [image] = await portal.db<{ id: string }[]>`
    select id from image where verification_id = ${id} and type = 'selfie'`
  const client = await addClient(portal.parts, { scope: EVERYTHING })
  const application = await createApplication(portal.issuer, client)
  const { access_token } = await application.obtainTokens(EVERYTHING, resident.email)
  const { token: service } = await openBackOffice(portal, { tenant: 'default' })
  const stream = await setStream(portal.db, portal.parts.sealer, {
    clientId: client.client_id,
    delivery: 'poll',
  })
  const [erasure] = await portal.db<{ id: string }[]>`
    insert into event (client_id, kind) values (${client.client_id}, 'resident.erased') returning id`
  email = resident.email
  clientId = client.client_id
  tokens = {
    resident: access_token,
    service,
    stream: stream?.events_token ?? '',
  }
  // The tenant knows the resident as a subject, which is linked; and another one that is not.
  const [linked, spare] = await portal.db<{ id: string }[]>`
    insert into subject (tenant, external_id, account_id, linked_at)
    values ('default', ${EXTERNAL_IDS[0] ?? ''}, ${resident.id}, now()),
      ('default', ${EXTERNAL_IDS[1] ?? ''}, null, null)
    returning id`
  await portal.db`update verification set subject_id = ${linked?.id ?? ''} where id = ${id}`
  const [alert] = await portal.db<{ id: string }[]>`
    insert into alert (type, tenant, occasion, verification_id, subject_id)
    values ('repeated_declines', 'default', ${id}, ${id}, ${linked?.id ?? ''}) returning id`
  // What one operation erases is not there for the other.
  const [another] = await portal.db<{ id: string }[]>`
    insert into verification (account_id, subject_id, vendor, integration)
    values (${resident.id}, ${linked?.id ?? ''}, 'veriff', 'default') returning id`
  await setVendorIntegration(portal.db, portal.parts.sealer, { vendor: 'manual' })
  // A session of Mosaic's API starts at the only one that is enabled.
  await portal.db`update vendor_integration set enabled = false where vendor = 'manual'`
  const [manual, manualSession] = await portal.db<{ id: string }[]>`
    insert into verification (account_id, subject_id, vendor, integration)
    select ${resident.id}, ${linked?.id ?? ''}, 'manual', 'default' from generate_series(1, 2) returning id`
  known = {
    id,
    verificationId: id,
    sid: id,
    spareSession: another?.id ?? '',
    manual: manual?.id ?? '',
    manualSession: manualSession?.id ?? '',
    accountId: resident.id,
    subjectId: linked?.id ?? '',
    spare: spare?.id ?? '',
    type: 'selfie',
    image: image?.id ?? '',
    erasure: erasure?.id ?? '',
    alert: alert?.id ?? '',
  }
})
afterAll(async () => {
  await veriff.sandbox.close()
  await portal.close()
})

/** What is in the document, the erasure last. */
async function readOperations(): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${portal.url}/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<string, { operationId: string; 'x-ledger-records'?: string[] | undefined }>
    >
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      records: operation['x-ledger-records'],
    })),
  )
  return operations.sort((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
}

/** The routes that the application itself registers under /api. The application is made, and serves nothing. */
function listRoutes(): Route[] {
  const parts = { ...portal.parts, issuer: portal.issuer, limiter: { take() {} } }
  const site = createSite(PLAIN_SITE)
  const unused = { lanes: [], network: {}, tokens: {}, jobs: {}, site }
  const app = createApp({ ...parts, ...unused } as unknown as WebContext)
  return app.routes
    .filter(({ path }) => path.startsWith('/api/'))
    .map(({ method, path }) => ({ method, path }))
}
/** Another spelling of a documented path, the middleware of all of them, and what is refused whoever asks. */
const UNDOCUMENTED = [
  `GET ${ME}/id_verification`,
  `ALL ${ME}/id_verification`,
  'ALL /api/v1/*',
  ...REFUSED_CAPTURES.flatMap(({ method, path }) => [`${method} ${path}`, `ALL ${path}`]),
]

/** Operations that are called for a verification of `manual`. */
const OF_MANUAL = ['uploadDocument', 'uploadDocumentBack', 'uploadSelfie', 'completeVerification']

const BODIES: Record<string, object> = {
  uploadDocument: { image: EXAMPLE_IMAGE, givenName: 'Ana' },
  uploadDocumentBack: { image: EXAMPLE_IMAGE },
  uploadSelfie: { image: EXAMPLE_IMAGE },
  mosaicAddImage: { image: { format: 'png', image_type: 'selfie', content: EXAMPLE_IMAGE } },
  linkSubject: {},
  startVerification: { vendor: 'veriff', subjectId: 'known' },
  resolveAlert: { reason: 'seen in person' },
  reviewVerification: { decision: 'approve', reason: 'seen in person' },
  pollEvents: { returnImmediately: true },
  answerErasure: { outcome: 'erased' },
}

async function call(operation: Operation, method = operation.method): Promise<Answer> {
  const { id, path } = operation
  if (id === 'pollEvents' && method === 'POST') {
    await portal.db`update event set state = 'delivered' where kind <> 'resident.erased'`
    await portal.db`
      insert into event (client_id, kind, account_id, verification_id)
      values (${clientId}, 'verification.approved', ${known.accountId}, ${known.id})`
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof known) => {
    // What is erased, or linked, is a subject that nobody has linked.
    if (['deleteSubject', 'linkSubject'].includes(id)) return known.spare
    if (id === 'mosaicDeleteSession') return known.spareSession
    if (id === 'mosaicAddImage') return known.manualSession
    if (OF_MANUAL.includes(id)) return known.manual
    if (name !== 'id') return known[name]
    if (id === 'resolveAlert') return known.alert
    return /\/content|\{sid\}\/images/.test(path)
      ? known.image
      : known[path.includes('/events/') ? 'erasure' : 'id']
  })
  const token = /^\/api\/v1\/(idv|verification)(\/|$)/.test(path)
    ? tokens.service
    : path.includes('/events/')
      ? tokens.stream
      : tokens.resident
  const body =
    path.endsWith('/images/links') || path.endsWith('/images/base64')
      ? { images: ['selfie'] }
      : BODIES[id]
  const subject = body && 'subjectId' in body ? { subjectId: known.subjectId } : {}
  const answer = await fetch(`${portal.url}${filled}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(operation.method === 'POST' ? { body: JSON.stringify({ ...body, ...subject }) } : {}),
  })
  return { status: answer.status, text: await answer.text() }
}

/** The newest rows of the ledger, after the given one. */
const rowsAfter = (id: string) =>
  portal.db<(StoredDetail & { accountId: string | null })[]>`
    select kind, result, images, account_id from ledger_entry where id > ${id} order by id`

/** Everything that is wrong with these operations, called one after another. */
async function walk(
  operations: readonly Operation[],
  routes: readonly Route[],
  act: (operation: Operation) => Promise<Answer> = call,
): Promise<string[]> {
  const documented = new Set(
    operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )
  const paths = new Set([...documented].map((each) => each.split(' ')[1]))
  const wrong = routes.flatMap(({ method, path }) =>
    documented.has(`${method} ${path}`) ||
    UNDOCUMENTED.includes(`${method} ${path}`) ||
    // The refusal of other methods; that it refuses is tested below.
    (method === 'ALL' && paths.has(path))
      ? []
      : [`${method} ${path} is not in the document`],
  )
  for (const operation of operations) {
    const { id, records } = operation
    const [last] = await portal.db<{ id: string }[]>`
      select coalesce(max(id), 0)::text as id from ledger_entry`
    const { status, text } = await act(operation)
    if (status < 200 || status > 299) wrong.push(`${id} answered ${status}`)
    const rows = await rowsAfter(last?.id ?? '0')
    const whats = rows.map((row) => readDetail(row).what)
    if (!records) wrong.push(`${id} does not declare what it records`)
    else if (records.length === 0) {
      if (rows.length > 0) wrong.push(`${id} left ${rows.length} rows, and declares none`)
      const person = [known.accountId, email, 'Ana', 'Mejia']
      const personal = [...person, ...EXTERNAL_IDS, PERSON.dateOfBirth, PERSON.phoneNumber]
      if (personal.some((word) => text.includes(word)))
        wrong.push(`${id} answered personal data, and declares none`)
    } else if (rows.length !== 1 || !whats.every((what) => records.includes(what)))
      wrong.push(`${id} left [${whats}], and declares one of [${records}]`)
    else if (rows[0]?.accountId !== (OF_NO_RESIDENT.includes(id) ? null : known.accountId))
      wrong.push(`${id} left a row about somebody else`)
  }
  return wrong
}

describe('the walk itself notices', () => {
  const AGE = { id: 'getAgeOver', method: 'GET', path: `${ME}/age-over`, records: ['age-over'] }

  test('a route under /api that is not in the document', async () => {
    const routes = [{ method: 'GET', path: '/api/v1/me/new' }]
    expect(await walk([], routes)).toEqual(['GET /api/v1/me/new is not in the document'])
  })

  test('an operation without a declaration', async () => {
    expect(await walk([{ ...AGE, records: undefined }], [])).toEqual([
      'getAgeOver does not declare what it records',
    ])
  })

  test('an operation that answers data and leaves no row, whatever it declares', async () => {
    const act = async () => ({ status: 200, text: JSON.stringify({ dateOfBirth: '1990-02-03' }) })
    expect(await walk([AGE], [], act)).toEqual([
      'getAgeOver left [], and declares one of [age-over]',
    ])
    expect(await walk([{ ...AGE, records: [] }], [], act)).toEqual([
      'getAgeOver answered personal data, and declares none',
    ])
  })

  test('two rows, another row, and an operation that fails', async () => {
    const twice = async (operation: Operation) => {
      await call(operation)
      return call(operation)
    }
    expect(await walk([AGE], [], twice)).toEqual([
      'getAgeOver left [age-over,age-over], and declares one of [age-over]',
    ])
    expect(await walk([{ ...AGE, records: ['export'] }], [])).toEqual([
      'getAgeOver left [age-over], and declares one of [export]',
    ])
    const missing = { ...AGE, path: `${ME}/nothing-here`, records: [] }
    expect(await walk([missing], [])).toEqual(['getAgeOver answered 404'])
  })
})

test('HEAD leaves the row that GET leaves, and 304 that of the image’s metadata', async () => {
  const operations = (await readOperations()).filter(
    ({ method, records }) => method === 'GET' && (records ?? []).length > 0,
  )
  expect(operations.length).toBeGreaterThan(10)
  expect(await walk(operations, [], (operation) => call(operation, 'HEAD'))).toEqual([])
  const [last] = await portal.db<{ id: string }[]>`select max(id)::text as id from ledger_entry`
  const url = `${portal.url}${ME}/id-verification/images/${known.image}/content`
  const authorization = { Authorization: `Bearer ${tokens.resident}` }
  const head = await fetch(url, { method: 'HEAD', headers: authorization })
  const again = await fetch(url, {
    headers: { ...authorization, 'If-None-Match': head.headers.get('etag') ?? '' },
  })
  expect(again.status).toBe(304)
  expect((await rowsAfter(last?.id ?? '0')).map((row) => readDetail(row).what)).toEqual([
    'image-metadata',
    'image-metadata',
  ])
})

test('every path refuses the methods that it has no operation for', async () => {
  for (const operation of await readOperations())
    if (operation.path.startsWith('/api/'))
      expect([405, operation.id]).toEqual([(await call(operation, 'PATCH')).status, operation.id])
})

test('userinfo and an ID token with claims leave one row each', async () => {
  const [last] = await portal.db<{ id: string }[]>`select max(id)::text as id from ledger_entry`
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { access_token } = await application.obtainTokens('openid profile', email)
  expect((await rowsAfter(last?.id ?? '0')).map((row) => readDetail(row).what)).toEqual(['claims'])
  await application.userinfo(access_token, known.accountId)
  expect((await rowsAfter(last?.id ?? '0')).map((row) => readDetail(row).what)).toEqual([
    'claims',
    'claims',
  ])
})

test('every operation declares what it records, and leaves exactly one row where it declares any', async () => {
  const operations = await readOperations()
  expect(operations.length).toBeGreaterThan(20)
  expect(await walk(operations, listRoutes())).toEqual([])
})

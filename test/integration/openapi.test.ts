import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createIdentityPortal } from '../../clients/typescript/index.ts'
import { isMosaicPath, mosaicErrorSchema } from '../../src/api/mosaic/errors.ts'
import { OPERATIONS, openApiDocument } from '../../src/api/openapi.ts'
import { documentPath, type Operation } from '../../src/api/operation.ts'
import { backOfficeErrorSchema, errorSchema } from '../../src/api/schemas.ts'
import { setStream } from '../../src/events/streams.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createApplication } from '../support/application.ts'
import { addClient, EVERYTHING, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let resident: string
let service: string
let stream: string
let known: Record<string, string>
let paths: ReturnType<typeof openApiDocument>['paths']
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  paths = openApiDocument(portal.issuer).paths
  veriff = await connectSandbox(portal)
  const started = await veriff.start()
  await veriff.sandbox.complete(started.sessionId, 'approved')
  await eventually(async () => {
    const [row] = await portal.db`select images_complete from verification where id = ${started.id}`
    return row?.imagesComplete === true
  })
  const [image] = await portal.db<{ id: string }[]>`
    select id from image where verification_id = ${started.id} and type = 'selfie'`
  const [subject] = await portal.db<{ id: string }[]>`
    insert into subject (tenant, external_id) values ('default', 'customer-1') returning id`
  known = {
    id: started.id,
    verificationId: started.id,
    sid: started.id,
    subjectId: subject?.id ?? '',
    type: 'selfie',
    image: image?.id ?? '',
  }
  await setVendorIntegration(portal.db, portal.parts.sealer, { vendor: 'manual' })
  // A session of Mosaic's API starts at the only one that is enabled.
  await portal.db`update vendor_integration set enabled = false where vendor = 'manual'`
  const [manual, manualSession] = await portal.db<{ id: string }[]>`
    insert into verification (subject_id, vendor, integration)
    select ${subject?.id ?? ''}, 'manual', 'default' from generate_series(1, 2) returning id`
  Object.assign(known, { manual: manual?.id, manualSession: manualSession?.id })
  const client = await addClient(portal.parts, { scope: EVERYTHING })
  const application = await createApplication(portal.issuer, client)
  resident = (await application.obtainTokens(EVERYTHING, started.resident.email)).access_token
  const office = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read idv.write',
  })
  const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${office.client_id}:${office.client_secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  service = ((await answer.json()) as { access_token: string }).access_token
  const created = await setStream(portal.db, portal.parts.sealer, {
    clientId: client.client_id,
    delivery: 'poll',
  })
  stream = created?.events_token ?? ''
  const [erasure] = await portal.db<{ id: string }[]>`
    insert into event (client_id, kind) values (${client.client_id}, 'resident.erased') returning id`
  known.erasure = erasure?.id ?? ''
  const [alert] = await portal.db<{ id: string }[]>`
    insert into alert (type, tenant, occasion, verification_id)
    values ('repeated_declines', 'default', 'known', ${known.id ?? ''}) returning id`
  known.alert = alert?.id ?? ''
})
afterAll(async () => {
  await veriff.sandbox.close()
  await portal.close()
})

const isService = ({ scope }: Operation) => scope?.startsWith('idv.') ?? false
const errorSchemaOf = (operation: Operation) => {
  if (isMosaicPath(operation.path)) return mosaicErrorSchema
  return isService(operation) ? backOfficeErrorSchema : errorSchema
}
const isGuarded = ({ scope, stream }: Operation) => scope !== undefined || stream === true
const tokenOf = (operation: Operation) =>
  operation.stream ? stream : isService(operation) ? service : resident

/** Which of the known ids stands for `:id` in a path that has one of these words; else that of the verification. */
const ID_OF: [word: string, known: string][] = [
  ['/content', 'image'],
  [':sid/images', 'image'],
  ['/events/', 'erasure'],
  ['/alerts/', 'alert'],
]

/** Operations that work for a verification of `manual` alone. */
const OF_MANUAL: Record<string, string> = {
  uploadDocument: 'manual',
  uploadDocumentBack: 'manual',
  uploadSelfie: 'manual',
  completeVerification: 'manual',
  mosaicAddImage: 'manualSession',
}

/** The path with what is known, or with what `choose` answers. */
function fill(
  { path, operationId }: Operation,
  choose: (name: string) => string | undefined = () => undefined,
) {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const ofManual = OF_MANUAL[operationId]
    if (ofManual !== undefined) return encodeURIComponent(choose(name) ?? known[ofManual] ?? '')
    const other = ID_OF.find(([word]) => path.includes(word))?.[1] ?? 'id'
    const value = known[name === 'id' ? other : name]
    return encodeURIComponent(choose(name) ?? value ?? '')
  })
}

async function call(operation: Operation, init: { path?: string; body?: string; accept?: string }) {
  const answer = await fetch(`${portal.url}${init.path ?? fill(operation)}`, {
    method: operation.method.toUpperCase(),
    headers: {
      ...(isGuarded(operation) ? { Authorization: `Bearer ${tokenOf(operation)}` } : {}),
      ...(init.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(init.accept === undefined ? {} : { Accept: init.accept }),
    },
    body: init.body ?? null,
  })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

const closedSchemas = new Map<z.ZodType, z.ZodType>()

/** Closed objects: a field that is not in the document fails. A schema is compiled at its first use, so it is made once. */
function closed(schema: z.ZodType): z.ZodType {
  const made = closedSchemas.get(schema) ?? close(schema)
  closedSchemas.set(schema, made)
  return made
}

function close(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject)
    return z.strictObject(
      Object.fromEntries(
        Object.entries(schema.shape).map(([name, part]) => [name, closed(part as z.ZodType)]),
      ),
    )
  if (schema instanceof z.ZodArray) return z.array(closed(schema.element as z.ZodType))
  if (schema instanceof z.ZodNullable) return closed(schema.unwrap() as z.ZodType).nullable()
  if (schema instanceof z.ZodOptional) return closed(schema.unwrap() as z.ZodType).optional()
  if (schema instanceof z.ZodUnion)
    return z.union((schema.options as z.ZodType[]).map(closed) as [z.ZodType])
  return schema
}

/** What the document says that the operation may answer, our own failures aside. */
function documentedStatuses(operation: Operation): number[] {
  const described = paths[documentPath(operation)]?.[operation.method] as { responses?: object }
  return Object.keys(described.responses ?? {})
    .map(Number)
    .filter((status) => status !== 500)
}

/** Whether the document allows this answer: its status, and its body. */
function expectDocumented(
  operation: Operation,
  { status, text, headers }: Awaited<ReturnType<typeof call>>,
) {
  const { answer } = operation
  const documented = documentedStatuses(operation)
  expect(documented, `${operation.operationId} answered ${text.slice(0, 200)}`).toContain(status)
  if (status === answer.status) {
    if (answer.schema) expect(closed(answer.schema).parse(JSON.parse(text))).toBeDefined()
    else if (answer.contentType) expect(headers.get('content-type')).toMatch(/^image\//)
    else expect(text).toBe('')
  } else if (status >= 400) {
    expect(closed(errorSchemaOf(operation)).parse(JSON.parse(text))).toBeDefined()
  }
}

describe('the document', () => {
  test('is served for this issuer, names every path once, and holds no private word', async () => {
    const answer = await fetch(`${portal.url}/openapi.json`)
    expect(answer.status).toBe(200)
    const document = (await answer.json()) as {
      openapi: string
      servers: { url: string }[]
      paths: Record<string, Record<string, { operationId: string }>>
      components: { schemas: Record<string, unknown> }
    }
    expect(document.openapi).toBe('3.1.1')
    expect(document.servers).toEqual([{ url: portal.issuer }])
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(OPERATIONS.length)
    const text = JSON.stringify(document)
    for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(Object.keys(document.components.schemas)).toContain(name)
    expect(text).not.toContain('$defs')
  })

  test('can be read as pages', async () => {
    const answer = await fetch(`${portal.url}/reference`, { headers: { Accept: 'text/html' } })
    const page = await answer.text()
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    for (const { operationId, summary } of OPERATIONS) {
      expect(page).toContain(`id="${operationId}"`)
      expect(page).toContain(summary.replaceAll("'", '&#39;'))
    }
  })

  test.each(OPERATIONS.map((operation) => [operation.operationId, operation] as const))(
    '%s: its examples are what it takes and answers',
    async (_id, operation) => {
      const { answer, body } = operation
      if (answer.schema) expect(closed(answer.schema).parse(answer.example)).toBeDefined()
      if (body) expect(body.schema.parse(body.example)).toBeDefined()
    },
  )
})

/** A poll that does not wait for an event; what is no poll stays as it is. */
function atOnce(body: string): string {
  try {
    const asked: unknown = JSON.parse(body)
    const isPoll = typeof asked === 'object' && asked !== null && !Array.isArray(asked)
    return isPoll ? JSON.stringify({ ...asked, returnImmediately: true }) : body
  } catch {
    return body
  }
}

describe('the server does as the document says', () => {
  const inOrder = [...OPERATIONS].sort(
    (a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'),
  )
  test.each(
    inOrder
      .filter(({ method }) => method !== 'delete')
      .map((each) => [each.operationId, each] as const),
  )('%s, with the example of its body', async (_id, operation) => {
    const example = operation.body?.example as Record<string, unknown> | undefined
    const body = example && {
      ...example,
      ...('subjectId' in example ? { subjectId: known.subjectId } : {}),
    }
    const answer = await call(operation, body ? { body: JSON.stringify(body) } : {})
    expect(answer.status, answer.text.slice(0, 200)).toBe(operation.answer.status)
    expectDocumented(operation, answer)
  })

  test('and without a token nothing but health answers', async () => {
    for (const operation of OPERATIONS) {
      const answer = await fetch(`${portal.url}${fill(operation)}`, {
        method: operation.method.toUpperCase(),
      })
      expect(answer.status).toBe(isGuarded(operation) ? 401 : 200)
      const body: unknown = await answer.json()
      if (isGuarded(operation)) expect(closed(errorSchemaOf(operation)).parse(body)).toBeDefined()
    }
  })

  test('health refuses other methods', async () => {
    const answer = await fetch(`${portal.url}/health`, { method: 'POST' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('whatever is sent: no failure of ours, and no answer outside the document', async () => {
    // Every one but surrogates. fast-check's own unit `binary` takes a second to list them.
    const codePoint = fc
      .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
      .map((point) => String.fromCodePoint(point))
    const word = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.string({ unit: codePoint, maxLength: 10 }),
      fc.constantFrom('', '.', '..', '%00', '\0', 'null', '-1', '1e9', "' or 1=1 --", '../../etc'),
      fc.uuid(),
      fc.constantFrom('selfie', 'document_front', '__proto__', 'constructor', 'content', 'links'),
    )
    const value = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.record({ images: fc.array(word, { maxLength: 40 }) }).map((each) => JSON.stringify(each)),
      fc
        .record(
          {
            ack: fc.array(word),
            maxEvents: fc.integer(),
            outcome: fc.constantFrom('erased', 'kept', 'x'),
            vendor: fc.oneof(fc.constantFrom('veriff', 'kora', 'none'), word),
            subjectId: fc.oneof(fc.constant('known'), word),
            externalId: word,
            integration: word,
            callback_url: fc.oneof(
              word.map((path) => `https://back.example/${path}`),
              word,
            ),
            state: word,
            decision: fc.constantFrom('approve', 'reject', 'x'),
            reason: word,
            time_to_live: fc.oneof(fc.constant('90d'), word),
            start: fc.constantFrom(null, {}),
          },
          { requiredKeys: [] },
        )
        .map((each) => JSON.stringify(each)),
      word,
    )
    const operations = new Map(
      OPERATIONS.filter(({ path }) => path !== '/health').map((each) => [each.operationId, each]),
    )
    await fc.assert(
      fc.asyncProperty(
        // Their names, because an operation takes seconds to print.
        fc.constantFrom(...operations.keys()),
        fc.dictionary(fc.constantFrom('id', 'verificationId', 'sid', 'subjectId', 'type'), word),
        fc.option(
          fc.dictionary(
            fc.constantFrom('expiresIn', 'age', 'signed', 'detailed', 'x', 'user_id'),
            word,
          ),
          { nil: {} },
        ),
        value,
        fc.option(
          fc.constantFrom('*/*', 'application/json', 'image/png', 'text/*;q=0', ',;', 'x'),
          {
            nil: undefined,
          },
        ),
        async (operationId, names, query, body, accept) => {
          const operation = operations.get(operationId) as Operation
          // A deleted one would leave nothing to ask about.
          const choose = (name: string) =>
            operation.method === 'delete' ? (names[name] ?? 'x') : names[name]
          const filled = fill(operation, choose)
          // Paths that the client itself would change are other paths.
          if (/\/\.{0,2}(\/|$)/.test(decodeURIComponent(filled).replace(/^\//, ''))) return
          const path = `${filled}?${new URLSearchParams(query as Record<string, string>)}`
          const answer = await call(operation, {
            path,
            ...(operation.body
              ? { body: operation.operationId === 'pollEvents' ? atOnce(body) : body }
              : {}),
            ...(accept === undefined ? {} : { accept }),
          })
          expect(answer.status).toBeLessThan(500)
          const [, last] = /\/images\/([^/?]*)\?/.exec(path) ?? []
          // The name of another resource is that resource.
          if (answer.status === 405 && ['links', 'base64'].includes(last ?? '')) return
          expectDocumented(operation, answer)
        },
      ),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 500), seed: 20_261_121 },
    )
  })
})

test('the typed client reads through it', async () => {
  const api = createIdentityPortal({ issuer: portal.issuer, accessToken: () => resident })
  const { data } = await api.GET('/api/v1/me/natural-person/id-verification')
  expect(data?.id).toBe(known.id)
  const image = await api.GET('/api/v1/me/natural-person/id-verification/images/{type}', {
    params: { path: { type: 'selfie' }, query: { expiresIn: 60 } },
  })
  expect(image.data?.expiresIn).toBe(60)
  const refused = await api.GET('/api/v1/idv/document-types')
  expect([refused.response.status, refused.error]).toEqual([
    401,
    { code: 'UNAUTHORIZED', error: 'missing_scopes: idv.read', details: {} },
  ])
})

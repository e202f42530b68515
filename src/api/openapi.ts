import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import type { z } from 'zod'
import { SCOPES } from '../clients/scopes.ts'
import type { Setting } from '../web/texts/languages.ts'
import { backOfficeOperations } from './back-office.ts'
import { eventOperations } from './events.ts'
import { healthOperations } from './health.ts'
import { idVerificationOperations } from './id-verification.ts'
import { residentImageOperations, tenantImageOperations } from './images.ts'
import { componentsOf, propertiesOf, schemaOf } from './json-schema.ts'
import { mosaicImageOperations } from './mosaic/images.ts'
import { mosaicSessionOperations } from './mosaic/sessions.ts'
import { naturalPersonOperations } from './natural-person.ts'
import { documentPath, type Operation } from './operation.ts'
import { failuresOf, isBackOffice } from './refusals.ts'
import { EXAMPLE_ID, EXAMPLE_SUBJECT_ID } from './schemas.ts'
import { smallerOperations } from './smaller.ts'

const { version, license } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string; license: string }

/** Everything that the document describes, each declared beside its route. */
export const OPERATIONS: readonly Operation[] = [
  ...idVerificationOperations,
  ...residentImageOperations,
  ...smallerOperations,
  ...naturalPersonOperations,
  ...backOfficeOperations,
  ...tenantImageOperations,
  ...mosaicSessionOperations,
  ...mosaicImageOperations,
  ...eventOperations,
  ...healthOperations,
]

const TAGS = {
  Residents: 'What a resident allowed an application to read, with the token of that resident.',
  'Back office': "A tenant's own verifications and subjects, with the token of its own program.",
  Events: 'What happens to the residents of an application, with the token of its event stream.',
  'The server': 'Whether it runs. No token.',
}

const PATH_PARAMETERS: Record<string, object> = {
  id: { description: 'Its id', schema: { type: 'string', format: 'uuid' }, example: EXAMPLE_ID },
  verificationId: {
    description: 'The id of the verification',
    schema: { type: 'string', format: 'uuid' },
    example: EXAMPLE_ID,
  },
  sid: {
    description: 'The id of the session',
    schema: { type: 'string', format: 'uuid' },
    example: EXAMPLE_ID,
  },
  // No `format`: a list of verifications takes the tenant's own id as well, and elsewhere what is no UUID is the id of no subject.
  subjectId: {
    description: 'The id of the subject; to list its verifications also your own id of the person',
    schema: { type: 'string' },
    example: EXAMPLE_SUBJECT_ID,
  },
  type: {
    description: "Our name of the type, or that of Incode's systems",
    schema: { type: 'string', pattern: '^[A-Za-z0-9_]{1,64}$' },
    example: 'document_front',
  },
}

/** `GET /openapi.json`. */
export function openApiRoutes({
  issuer,
  config,
  sandbox,
}: {
  issuer: string
  config: { site: Setting }
  /** The sandbox beside this portal. */
  sandbox?: { issuer: string } | undefined
}): Hono {
  let body: string | undefined
  const routes = new Hono()
  routes.get('/openapi.json', (c) => {
    // At the first request: it would delay every start.
    body ??= JSON.stringify(openApiDocument(issuer, config.site.name, sandbox?.issuer), null, 2)
    return c.body(body, 200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'public, max-age=300',
      'Access-Control-Allow-Origin': '*',
    })
  })
  return routes
}

export type OpenApiDocument = ReturnType<typeof openApiDocument>

/** The OpenAPI 3.1 document of all operations, for this issuer and the sandbox beside it. */
export function openApiDocument(issuer: string, name = 'Identity portal', sandbox?: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of OPERATIONS) {
    const path = documentPath(operation)
    paths[path] = { ...paths[path], [operation.method]: describe(operation, issuer) }
  }
  const sent = OPERATIONS.flatMap(({ body }) => [body?.schema, body?.form])
  const requests = new Set(sent.flatMap((schema) => schema?.meta()?.id ?? []))
  return {
    openapi: '3.1.1',
    info: {
      title: name,
      version,
      description:
        'Identity verifications that residents have allowed an application to read, and the back office of tenants.',
      contact: { name: "The portal's operator", url: issuer },
      // Not SPDX's own: a reference of ours (SPDX 2.3 §10.1).
      license: { name: license, identifier: `LicenseRef-${license}` },
    },
    servers:
      sandbox === undefined
        ? [{ url: issuer }]
        : [
            { url: issuer, description: 'Production' },
            { url: sandbox, description: 'Sandbox: invented people' },
          ],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: componentsOf(requests), securitySchemes: securitySchemes(issuer) },
  }
}

function describe(operation: Operation, issuer: string) {
  const { answer, body } = operation
  return {
    operationId: operation.operationId,
    // What a successful call leaves in the ledger of disclosures, for the resident to read.
    'x-ledger-records': operation.records,
    tags: [tagOf(operation)],
    summary: operation.summary,
    description: operation.description,
    security: securityOf(operation),
    parameters: parametersOf(operation),
    ...(body
      ? {
          requestBody: {
            required: !body.optional,
            content: {
              'application/json': { schema: schemaOf(body.schema, 'input'), example: body.example },
              ...(body.form ? imageContentOf(body.form) : {}),
            },
          },
        }
      : {}),
    responses: {
      [answer.status]: { description: answer.description, ...contentOf(answer) },
      ...failuresOf(operation, issuer),
    },
  }
}

/** The bodies that have an image as its bytes. */
const imageContentOf = (form: z.ZodType) => ({
  'multipart/form-data': {
    schema: schemaOf(form, 'input'),
    example: { image: 'the bytes of the image' },
  },
  'image/*': { schema: { type: 'string', format: 'binary' }, example: 'the bytes of the image' },
})

function tagOf(operation: Operation): keyof typeof TAGS {
  if (operation.stream) return 'Events'
  if (operation.scope === undefined) return 'The server'
  return isBackOffice(operation) ? 'Back office' : 'Residents'
}

function securityOf(operation: Operation): Record<string, string[]>[] {
  if (operation.stream) return [{ stream: [] }]
  if (operation.scope === undefined) return []
  return [{ [isBackOffice(operation) ? 'service' : 'resident']: [operation.scope] }]
}

const TENANT_HEADER = {
  name: 'X-Tenant-ID',
  in: 'header',
  required: false,
  description: "Your tenant's name: the token's tenant, which another name does not change",
  schema: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' },
}

const parametersOf = (operation: Operation) => [
  ...pathAndQueryOf(operation),
  ...(isBackOffice(operation) ? [TENANT_HEADER] : []),
]

const pathAndQueryOf = ({ path, query }: Operation) => [
  ...[...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...PATH_PARAMETERS[name],
  })),
  ...(query ? propertiesOf(query) : []).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema,
  })),
]

function contentOf({ contentType, schema, example, signed }: Operation['answer']) {
  if (contentType)
    return { content: { [contentType]: { schema: { type: 'string', format: 'binary' } } } }
  if (!schema) return {}
  return {
    content: {
      'application/json': { schema: schemaOf(schema, 'output'), example },
      // Without a schema: some tools take a JWT for JSON.
      ...(signed
        ? { 'application/jwt': { example: 'eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl' } }
        : {}),
    },
  }
}

function securitySchemes(issuer: string) {
  const tokenUrl = `${issuer}/api/oauth/token`
  const residentScopes = Object.entries(SCOPES).map(([scope, { title }]) => [scope, title])
  return {
    stream: {
      type: 'http',
      scheme: 'bearer',
      description: "The token of an application's event stream, from the portal's operator.",
    },
    resident: {
      type: 'oauth2',
      description: 'A token that a resident allowed: authorization code flow with PKCE.',
      flows: {
        authorizationCode: {
          authorizationUrl: `${issuer}/api/oauth/authorize`,
          tokenUrl,
          refreshUrl: tokenUrl,
          scopes: Object.fromEntries(residentScopes),
        },
      },
    },
    service: {
      type: 'oauth2',
      description: "A tenant's own program, in its own name.",
      flows: {
        clientCredentials: {
          tokenUrl,
          scopes: {
            'idv.read': "Read the tenant's verifications",
            'idv.write': 'Start, complete, review and erase them',
          },
        },
      },
    },
  }
}

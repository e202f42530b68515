import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { z } from 'zod'
import { SCOPES, SERVICE_SCOPES } from '../clients/scopes.ts'
import { securityHeaders } from '../web/html.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { referencePage } from './reference-page.ts'
import { backOfficeErrorSchema, errorSchema, named } from './schemas.ts'

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string }

const ERRORS: Record<number, string> = {
  400: 'The request has a fault; it says which',
  401: 'No token, one that is not good, or one without the scope',
  404: "There is no such thing, or it is another's",
  406: 'The client takes none of the types there are',
  409: 'It is not in a state for that',
  413: 'Too much',
  415: 'The body is not JSON',
  429: 'Too many requests: wait as `Retry-After` says',
  500: 'Our mistake',
  502: 'The vendor does not answer',
}
const BEARER_ERRORS = [401, 406, 429]

/** `GET /openapi.json`, and a page to read it. */
export function openApiRoutes(issuer: string): Hono {
  const document = openApiDocument(issuer)
  const body = JSON.stringify(document, null, 2)
  const routes = new Hono()
  routes.get('/openapi.json', (c) =>
    c.body(body, 200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'public, max-age=300',
      'Access-Control-Allow-Origin': '*',
    }),
  )
  routes.get('/reference', (c) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer }))) c.header(name, value)
    return c.html(referencePage(document))
  })
  return routes
}

/** The OpenAPI 3.1 document of everything that `operations.ts` names, for this issuer. */
export function openApiDocument(issuer: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] ??= {}
    Object.assign(paths[operation.path] ?? {}, { [operation.method]: describe(operation) })
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Identity portal',
      version,
      description:
        'Identity verifications that residents have allowed an application to read, and the back office of tenants.',
    },
    servers: [{ url: issuer }],
    paths,
    components: { schemas: components(), securitySchemes: securitySchemes(issuer) },
  }
}

function describe(operation: Operation) {
  const { scope, query, body, answer } = operation
  const isService = scope !== undefined && isServiceScope(scope)
  const tag = operation.stream
    ? 'Events'
    : scope === undefined
      ? 'The server'
      : isService
        ? 'Back office'
        : 'Residents'
  const errors = [
    ...(scope || operation.stream ? BEARER_ERRORS : []),
    ...(operation.errors ?? []),
    500,
  ]
  return {
    operationId: operation.operationId,
    // What a successful call leaves in the ledger of disclosures, for the resident to read.
    'x-ledger-records': operation.records,
    tags: [tag],
    summary: operation.summary,
    ...(operation.description ? { description: operation.description } : {}),
    ...(scope
      ? { security: [{ [isService ? 'service' : 'resident']: [scope] }] }
      : { security: operation.stream ? [{ stream: [] }] : [] }),
    parameters: [
      ...[...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(query ? (jsonSchema(query, 'input').properties ?? {}) : {}).map(
        ([name, schema]) => ({ name, in: 'query', required: false, schema }),
      ),
    ],
    ...(body
      ? {
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: reference(body.schema, 'input'),
                example: body.example,
              },
            },
          },
        }
      : {}),
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.contentType
          ? { content: { [answer.contentType]: { schema: { type: 'string', format: 'binary' } } } }
          : {}),
        ...(answer.schema
          ? {
              content: {
                'application/json': {
                  schema: reference(answer.schema, 'output'),
                  example: answer.example,
                },
                ...(answer.signed ? { 'application/jwt': { schema: { type: 'string' } } } : {}),
              },
            }
          : {}),
      },
      ...Object.fromEntries(
        [...new Set(errors)].sort().map((status) => [
          status,
          status === 304
            ? { description: 'It has not changed' }
            : {
                description: ERRORS[status] ?? 'An error',
                content: {
                  'application/json': {
                    schema: reference(isService ? backOfficeErrorSchema : errorSchema, 'output'),
                  },
                },
              },
        ]),
      ),
    },
  }
}

type JsonSchema = z.core.JSONSchema.JSONSchema

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, metadata: named })
  return rest
}

/** By its name where it has one. */
function reference(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const id = named.get(schema)?.id
  if (id) return { $ref: `#/components/schemas/${id}` }
  return toComponents(jsonSchema(schema, io), io === 'output') as JsonSchema
}

/** zod puts named schemas under `$defs` of each: here they stand once. */
function toComponents(value: unknown, isAnswer: boolean): unknown {
  if (Array.isArray(value)) return value.map((part) => toComponents(part, isAnswer))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      // Answers may get new fields: only what is sent is closed.
      .filter(
        ([key, part]) =>
          key !== '$defs' && !(isAnswer && key === 'additionalProperties' && part === false),
      )
      .map(([key, part]) =>
        key === '$ref' && typeof part === 'string'
          ? [key, part.replace('#/$defs/', '#/components/schemas/')]
          : [key, toComponents(part, isAnswer)],
      ),
  )
}

const SENT = ['ImageTypes', 'StartVerification', 'Review', 'Poll', 'ErasureAnswer']

function components() {
  const { schemas } = z.toJSONSchema(named, {
    io: 'output',
    uri: (id) => `#/components/schemas/${id}`,
  })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _schema, $id: _id, id: _name, ...rest } = schema as Record<string, unknown>
      return [id, toComponents(rest, !SENT.includes(id))]
    }),
  )
}

const isServiceScope = (scope: string): boolean =>
  (SERVICE_SCOPES as readonly string[]).includes(scope)

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
            'idv.write': 'Start, review and erase them',
          },
        },
      },
    },
  }
}

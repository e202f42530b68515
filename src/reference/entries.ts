import { toErrorBody } from '../api/error-bodies.ts'
import { isMosaicPath } from '../api/mosaic/errors.ts'
import { OPERATIONS, type OpenApiDocument } from '../api/openapi.ts'
import { documentPath, type Operation } from '../api/operation.ts'
import { isBackOffice } from '../api/refusals.ts'
import { ApiError } from '../platform/errors.ts'
import type { Access, Answer, Entry } from './entry.ts'
import { fieldsOf, typeOf } from './fields.ts'
import type { GroupId } from './groups.ts'
import { oauthEntries } from './oauth-entries.ts'
import { type Sent, samplesOf } from './samples.ts'

/** Every endpoint, in the order of the reference. `base` is the address that the code calls. */
export function createEntries(document: OpenApiDocument, base: string): readonly Entry[] {
  return [
    ...oauthEntries(base),
    ...OPERATIONS.map((operation) => entryOf(document, operation, base)),
  ]
}

function entryOf(document: OpenApiDocument, operation: Operation, base: string): Entry {
  const { operationId, method, summary, description, records } = operation
  const path = documentPath(operation)
  // The document is made of the same operations.
  const described = document.paths[path]?.[method] as Described
  const { schemas } = document.components
  const responses = Object.entries(described.responses).map(([status, response]) =>
    answerOf(Number(status), response, schemas),
  )
  const [json, ...others] = Object.entries(described.requestBody?.content ?? {})
  return {
    group: groupOf(operation),
    id: operationId,
    method: method.toUpperCase(),
    path,
    title: summary,
    description,
    access: accessOf(operation),
    parameters: described.parameters.map((parameter) => ({
      name: parameter.name,
      in: parameter.in,
      isRequired: parameter.required,
      description: parameter.description ?? '',
      type: typeOf(parameter.schema, schemas),
      example: parameter.example ?? parameter.schema.example,
    })),
    body: json && {
      example: json[1].example,
      isRequired: described.requestBody?.required ?? true,
      fields: fieldsOf(json[1].schema ?? {}, schemas),
      otherTypes: others.map(([type]) => type),
    },
    answers: responses.filter(({ status }) => status < 400),
    errors: [
      ...tokenErrors(operation, document),
      ...responses.filter(({ status }) => status >= 400),
    ],
    records,
    samples: samplesOf(sentBy(operation, described.parameters, base)),
    operation,
  }
}

/** What the document has no room for beside the missing scope: it has one example for each status. */
function tokenErrors({ scope, stream, path }: Operation, { info }: OpenApiDocument): Answer[] {
  if (scope?.startsWith('idv.') || (!scope && !stream)) return []
  const errors = [
    ...(scope ? [new ApiError(401, 'missing_token')] : []),
    new ApiError(401, 'invalid_token'),
  ]
  return errors.map((error) => ({
    status: error.status,
    code: error.error,
    description: TOKEN_ERRORS[error.error] ?? '',
    contentType: 'application/json',
    example: toErrorBody(error, path, info.contact.url),
  }))
}

const TOKEN_ERRORS: Readonly<Record<string, string>> = {
  missing_token: 'There is no `Authorization` header.',
  invalid_token:
    'The token is expired, revoked or malformed, of another issuer, or the person ended the access. Get a new one, or ask the person again.',
}

type JsonSchema = Record<string, unknown>
type Content = Record<string, { schema?: JsonSchema; example?: unknown }>
type Response = {
  description: string
  headers?: Record<string, { description: string }>
  content?: Content
}
type DescribedParameter = {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description?: string
  schema: JsonSchema & { example?: string; default?: unknown; format?: string }
  example?: string
}
type Described = {
  parameters: DescribedParameter[]
  requestBody?: { required: boolean; content: Content }
  responses: Record<string, Response>
}

function answerOf(
  status: number,
  { description, headers = {}, content = {} }: Response,
  schemas: Record<string, unknown>,
): Answer {
  const [contentType, body] = Object.entries(content)[0] ?? []
  const example = body?.example
  const isError = status >= 400
  return {
    status,
    description,
    contentType,
    example,
    headers: Object.entries(headers).map(([name, header]) => ({
      name,
      description: header.description,
    })),
    ...(isError
      ? { code: codeOf(example) }
      : { fields: body?.schema ? fieldsOf(body.schema, schemas) : [] }),
  }
}

/** The code of an error's body, in each of the formats there are. */
function codeOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { code, error, error_code } = body as Record<string, unknown>
  const found = code ?? error ?? error_code
  return found === undefined ? undefined : String(found).split(':')[0]
}

function groupOf(operation: Operation): GroupId {
  if (isMosaicPath(operation.path)) return 'mosaic'
  if (operation.stream) return 'events'
  if (operation.scope === undefined) return 'server'
  return isBackOffice(operation) ? 'back-office' : 'residents'
}

function accessOf(operation: Operation): Access {
  const { scope, stream } = operation
  if (stream) return { kind: 'stream' }
  if (scope === undefined) return { kind: 'none' }
  return { kind: isBackOffice(operation) ? 'service' : 'resident', scope }
}

/** What the code of an operation sends: names in the path that one has to fill in are environment variables. */
function sentBy(operation: Operation, parameters: DescribedParameter[], base: string): Sent {
  const { method, path, stream, scope, body, answer } = operation
  const url = path.split(/:(\w+)/).map((part, at, all) => {
    if (at % 2 === 0) return part
    const { schema, example } = parameters.find(({ name }) => name === part) ?? {}
    const isChosen = schema?.format === undefined && part !== 'subjectId'
    return isChosen ? (example ?? part) : { env: variableOf(part, all[at - 1] ?? '') }
  })
  const query = parameters.filter(
    (each) => each.in === 'query' && each.schema.default !== undefined,
  )
  return {
    method: method.toUpperCase(),
    url: [base, ...url],
    query: query.map(({ name, schema }) => [name, String(schema.default)]),
    token: stream ? 'EVENTS_TOKEN' : scope ? 'ACCESS_TOKEN' : undefined,
    json: body?.example,
    isBinary: answer.contentType !== undefined,
  }
}

/** `id` after `/images/` is `IMAGE_ID`; `subjectId` is `SUBJECT_ID`. */
function variableOf(name: string, before: string): string {
  const thing = /([a-z]+?)s?\/$/.exec(before)?.[1] ?? ''
  if (name === 'id') return `${thing}_id`.toUpperCase()
  if (name === 'sid') return 'SESSION_ID'
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}

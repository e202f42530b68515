import { mkdir, writeFile } from 'node:fs/promises'
import { openApiDocument } from '../src/api/openapi.ts'

/*
 * Writes `clients/typescript/schema.ts`: the types of the API in the format of openapi-fetch, from the document that the
 * server returns. A test compares the two. (openapi-typescript does the same, but needs an older TypeScript than this
 * project.)
 */

type Json = Record<string, unknown>

const quote = (text: string) => `'${text.replaceAll("'", "\\'")}'`
const key = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name))

function typeOf(schema: Json): string {
  if (typeof schema.$ref === 'string')
    return `components['schemas'][${quote(schema.$ref.split('/').at(-1) ?? '')}]`
  if ('const' in schema) return literal(schema.const)
  if (Array.isArray(schema.enum)) return schema.enum.map(literal).join(' | ')
  const alternatives = (schema.anyOf ?? schema.oneOf) as Json[] | undefined
  // Beside properties they say which of them go together: no type can.
  if (alternatives && !schema.properties) return alternatives.map(typeOf).join(' | ')
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ')
  switch (schema.type) {
    case 'string':
      return schema.format === 'binary' ? 'Blob' : 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'array': {
      const items = typeOf(schema.items as Json)
      return / \| /.test(items) ? `(${items})[]` : `${items}[]`
    }
    case 'object':
      return objectOf(schema)
    default:
      return 'unknown'
  }
}

const literal = (value: unknown) => (typeof value === 'string' ? quote(value) : String(value))

function objectOf(schema: Json): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>)
  if (properties.length === 0) {
    const values = schema.additionalProperties
    const type = typeof values === 'object' && values !== null ? typeOf(values as Json) : 'unknown'
    return `Record<string, ${type}>`
  }
  const required = (schema.required ?? []) as string[]
  const lines = properties.map(([name, property]) => {
    const words = typeof property.description === 'string' ? `/** ${property.description} */ ` : ''
    return `${words}${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(property)}`
  })
  return `{ ${lines.join('; ')} }`
}

type Parameter = { name: string; in: string; required: boolean; schema: Json }
type Body = { content?: Record<string, { schema: Json }> }

const contentOf = ({ content }: Body) =>
  content
    ? `content: { ${Object.entries(content)
        // If there is JSON, the client reads that.
        .filter(([type]) => !content['application/json'] || type === 'application/json')
        .map(([type, { schema }]) => `${quote(type)}: ${typeOf(schema)}`)
        .join('; ')} }`
    : 'content?: never'

function parametersOf(parameters: Parameter[]): string {
  const of = (where: string) => parameters.filter((each) => each.in === where)
  const group = (where: string) => {
    const found = of(where)
    if (found.length === 0) return `${where}?: never`
    const fields = found.map(
      ({ name, required, schema }) => `${key(name)}${required ? '' : '?'}: ${typeOf(schema)}`,
    )
    return `${where}${found.some(({ required }) => required) ? '' : '?'}: { ${fields.join('; ')} }`
  }
  return `{ ${group('path')}; ${group('query')}; ${group('header')}; cookie?: never }`
}

function operationOf(operation: Json): string {
  const body = operation.requestBody as (Body & { required: boolean }) | undefined
  const responses = Object.entries(operation.responses as Record<string, Body>).map(
    ([status, response]) =>
      `${status}: { headers: Record<string, unknown>; ${contentOf(response)} }`,
  )
  return `/** ${operation.summary} */ { parameters: ${parametersOf(operation.parameters as Parameter[])}; ${
    body ? `requestBody${body.required ? '' : '?'}: { ${contentOf(body)} }` : 'requestBody?: never'
  }; responses: { ${responses.join('; ')} } }`
}

/** The content of the file. */
export function clientTypes(): string {
  const document = openApiDocument('https://portal.example.org')
  const paths = Object.entries(document.paths).map(
    ([path, methods]) =>
      `${quote(path)}: { ${Object.entries(methods)
        .map(([method, operation]) => {
          const [, words = '', type = ''] =
            /^(\/\*\* .*? \*\/) (.*)$/s.exec(operationOf(operation as Json)) ?? []
          return `${words} ${method}: ${type}`
        })
        .join('; ')} }`,
  )
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `${name}: ${typeOf(schema as Json)}`,
  )
  return [
    '// Made by `npm run client` from the OpenAPI document of the portal. Do not edit.',
    `export type paths = { ${paths.join('; ')} }`,
    `export type components = { schemas: { ${schemas.join('; ')} } }`,
    '',
  ].join('\n')
}

if (import.meta.main) {
  const folder = new URL('../clients/typescript/', import.meta.url)
  await mkdir(folder, { recursive: true })
  await writeFile(new URL('schema.ts', folder), clientTypes())
}

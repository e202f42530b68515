import { writeFile } from 'node:fs/promises'
import { openApiDocument } from '../src/api/openapi.ts'

/*
 * Writes `clients/python/src/identity_portal/schema.py` (the bodies of the API as TypedDicts) and `api.py` (a method for each operation) from the
 * document that the server returns. A test compares them. (docs/dependencies.md says why not with a generator of others.)
 */

type Json = Record<string, unknown>
type Parameter = { name: string; in: string; required: boolean; schema: Json; description?: string }
type Content = Record<string, { schema: Json }>
type Operation = {
  operationId: string
  summary: string
  parameters: Parameter[]
  requestBody?: { required: boolean; content: Content }
  responses: Record<string, { content?: Content }>
}

const MADE = '# Made by `npm run client` from the OpenAPI document of the portal. Do not edit.'
const KEYWORDS = ['as', 'class', 'from', 'global', 'import', 'in', 'is', 'not', 'pass', 'return']

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const pascal = (name: string) =>
  name.replace(/(?:^|[_-])(\w)/g, (_, letter: string) => letter.toUpperCase())
/** A header's name is without its `X-`. */
const variable = (name: string) => {
  const plain = snake(
    name
      .replace(/^X-/, '')
      .replaceAll('-ID', 'Id')
      .replace(/^[A-Z]/, lower),
  )
  return KEYWORDS.includes(plain) ? `${plain}_` : plain
}
const lower = (letter: string) => letter.toLowerCase()
const isName = (name: string) => /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.includes(name)
const unique = (types: string[]) => [...new Set(types)]

/** Bodies by name. An object within another one becomes a class of its own, named by where it is. */
type Classes = Map<string, string>

function literal(value: unknown): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return JSON.stringify(value)
}

function typeOf(schema: Json, name: string, classes: Classes): string {
  if (typeof schema.$ref === 'string') return schema.$ref.split('/').at(-1) ?? ''
  if ('const' in schema) return `Literal[${literal(schema.const)}]`
  if (Array.isArray(schema.enum)) return `Literal[${schema.enum.map(literal).join(', ')}]`
  const alternatives = (schema.anyOf ?? schema.oneOf) as Json[] | undefined
  if (alternatives && !schema.properties)
    return unique(alternatives.map((each) => typeOf(each, name, classes))).join(' | ')
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type }, name, classes)).join(' | ')
  switch (schema.type) {
    case 'string':
      return schema.format === 'binary' ? 'bytes' : 'str'
    case 'integer':
      return 'int'
    case 'number':
      return 'float'
    case 'boolean':
      return 'bool'
    case 'null':
      return 'None'
    case 'array':
      return `list[${typeOf(schema.items as Json, name, classes)}]`
    case 'object':
      return objectOf(schema, name, classes)
    default:
      return 'Any'
  }
}

function objectOf(schema: Json, name: string, classes: Classes): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>)
  if (properties.length === 0) {
    const values = schema.additionalProperties
    const isTyped = typeof values === 'object' && values !== null
    return `dict[str, ${isTyped ? typeOf(values as Json, name, classes) : 'Any'}]`
  }
  const required = (schema.required ?? []) as string[]
  const members = properties.map(([member, property]) => {
    if (!isName(member)) throw new Error(`a class of Python has no member "${member}"`)
    const type = typeOf(property, `${name}${pascal(member)}`, classes)
    const { description } = property
    return {
      member,
      type: required.includes(member) ? type : `NotRequired[${type}]`,
      words: typeof description === 'string' ? `    # ${description}\n` : '',
    }
  })
  const words = typeof schema.description === 'string' ? `    """${schema.description}."""\n\n` : ''
  const lines = members.map(({ member, type, words }) => `${words}    ${member}: ${type}`)
  classes.set(name, `class ${name}(TypedDict):\n${words}${lines.join('\n')}`)
  return name
}

/** The part of a module that `import`s what is used of these names. */
function importsOf(module: string, names: readonly string[], text: string): string {
  const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(text)).sort()
  return used.length === 0
    ? ''
    : `from ${module} import (\n${used.map((name) => `    ${name},\n`).join('')})\n`
}

/** A method for an operation, and another one where the answer can also be a signed JWT. */
function methodsOf(method: string, path: string, operation: Operation, classes: Classes): string[] {
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))
  const content = success?.[1].content ?? {}
  const name = pascal(operation.operationId)
  const binary = Object.keys(content).find((type) => type.endsWith('/*'))
  const json = content['application/json']
  const returned = json
    ? typeOf(json.schema, `${name}Response`, classes)
    : binary
      ? 'bytes'
      : 'None'
  const methods = [methodOf(method, path, operation, { name, returned, isSigned: false }, classes)]
  if ('application/jwt' in content)
    methods.push(
      methodOf(method, path, operation, { name, returned: 'str', isSigned: true }, classes),
    )
  return methods
}

function methodOf(
  method: string,
  path: string,
  { operationId, summary, parameters, requestBody, responses }: Operation,
  { name, returned, isSigned }: { name: string; returned: string; isSigned: boolean },
  classes: Classes,
): string {
  const hasJwt = Object.values(responses).some(({ content = {} }) => 'application/jwt' in content)
  const inPath = parameters.filter((each) => each.in === 'path')
  // The method for the signed answer takes its place.
  const named = parameters.filter(
    (each) => each.in !== 'path' && !(hasJwt && each.name === 'signed'),
  )
  const group = (word: string, where: string) => {
    const found = named.filter((each) => each.in === where)
    const entries = found.map((each) => `"${each.name}": ${variable(each.name)}`)
    return found.length > 0 ? [`${word}={${entries.join(', ')}}`] : []
  }
  const bodies = requestBody?.content ?? {}
  const takesBytes = Object.keys(bodies).some((type) => type.startsWith('image/'))
  const bodyTypes = bodies['application/json']
    ? [typeOf(bodies['application/json'].schema, `${name}Request`, classes)]
    : []
  if (takesBytes) bodyTypes.push('bytes')
  const isOptional = requestBody && !requestBody.required
  const declared = [
    'self',
    ...inPath.map((each) => `${variable(each.name)}: ${typeOf(each.schema, name, classes)}`),
    ...(requestBody ? [`body: ${bodyTypes.join(' | ')}${isOptional ? ' | None = None' : ''}`] : []),
    ...(named.length > 0 || takesBytes ? ['*'] : []),
    ...named.map((each) => {
      const type = typeOf(each.schema, name, classes)
      return `${variable(each.name)}: ${each.required ? type : `${type} | None = None`}`
    }),
    ...(takesBytes ? ['content_type: str = "image/jpeg"'] : []),
  ]
  const address = path.replace(/\{(\w+)\}/g, (_, each: string) => `{quoted(${variable(each)})}`)
  const given = [
    `"${method.toUpperCase()}"`,
    address === path ? `"${path}"` : `f"${address}"`,
    ...group('query', 'query'),
    ...group('headers', 'header'),
    ...(requestBody ? ['body=body'] : []),
    ...(takesBytes ? ['content_type=content_type'] : []),
    ...(isSigned ? ['accept="application/jwt"'] : []),
  ]
  const words = isSigned ? `${summary}, as a JWT that the portal signed` : summary
  const call = `self._request(${given.join(', ')})`
  return [
    `    def ${snake(operationId)}${isSigned ? '_signed' : ''}(${declared.join(', ')}) -> ${returned}:`,
    `        """${words}."""`,
    `        ${returned === 'None' ? call : `return cast(${JSON.stringify(returned)}, ${call})`}`,
  ].join('\n')
}

/** The content of both files. */
export function pythonClient(): { schema: string; api: string } {
  const document = openApiDocument('https://portal.example.org')
  const classes: Classes = new Map()
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    const type = typeOf(schema as Json, name, classes)
    if (type !== name) classes.set(name, `${name}: TypeAlias = ${JSON.stringify(type)}`)
  }
  const methods = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) =>
      methodsOf(method, path, operation as unknown as Operation, classes),
    ),
  )
  const bodies = [...classes.values()].join('\n\n\n')
  const calls = methods.join('\n\n')
  const typing = ['Any', 'Literal', 'NotRequired', 'TypeAlias', 'TypedDict']
  return {
    schema: `${MADE}\nfrom __future__ import annotations\n\n${importsOf('typing', typing, bodies)}\n\n${bodies}\n`,
    api: `${MADE}\nfrom __future__ import annotations\n\n${importsOf('typing', ['Any', 'Literal', 'cast'], calls)}
from .request import ApiRequests, quoted
${importsOf('.schema', [...classes.keys()], calls)}

class Api(ApiRequests):
    """The portal's API: a method for each operation. Each raises \`ApiError\` for an answer that is not a success."""

${calls}
`,
  }
}

if (import.meta.main) {
  const folder = new URL('../clients/python/src/identity_portal/', import.meta.url)
  const { schema, api } = pythonClient()
  await writeFile(new URL('schema.py', folder), schema)
  await writeFile(new URL('api.py', folder), api)
}

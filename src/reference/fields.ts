/** A member of a JSON body, as a row of a table; the members of a member have a dotted name. */
export type Field = { name: string; type: string; isRequired: boolean; description: string }

type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  format?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: Schema | boolean
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
type Schemas = Record<string, unknown>

const DEEPEST = 3

/** The members of a JSON Schema, those of its objects and lists below them. */
export function fieldsOf(given: object, schemas: Schemas, prefix = '', depth = 1): Field[] {
  const schema = withMembers(given, schemas)
  const { properties = {}, required = [] } = schema
  return Object.entries(properties).flatMap(([name, member]) => {
    const path = `${prefix}${name}`
    const isList = resolve(member, schemas).type === 'array'
    const below =
      depth < DEEPEST ? fieldsOf(member, schemas, `${path}${isList ? '[]' : ''}.`, depth + 1) : []
    const field = {
      name: path,
      type: typeOf(member, schemas),
      isRequired: required.includes(name),
      description: member.description ?? resolve(member, schemas).description ?? '',
    }
    return [field, ...below]
  })
}

/** The schema that has members: of a list its items, of alternatives the one that is an object. */
function withMembers(given: object, schemas: Schemas): Schema {
  const schema = resolve(given, schemas)
  if (schema.items) return withMembers(schema.items, schemas)
  if (schema.properties) return schema
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return parts.map((part) => withMembers(part, schemas)).find((part) => part.properties) ?? schema
}

function resolve(given: object, schemas: Schemas): Schema {
  const schema = given as Schema
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : ((schemas[name] ?? {}) as Schema)
}

/** The type of a value in words: `string (uuid) or null`. */
export function typeOf(given: object, schemas: Schemas): string {
  const schema = resolve(given, schemas)
  const { type, format, items } = schema
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(', ')
  const parts = schema.anyOf ?? schema.oneOf
  if (parts) return [...new Set(parts.map((part) => typeOf(part, schemas)))].join(' or ')
  if (type === 'array') return items ? `list of ${typeOf(items, schemas)}` : 'list'
  if (Array.isArray(type)) return type.join(' or ')
  const name = type ?? (schema.properties || schema.allOf ? 'object' : 'any')
  return format ? `${name} (${format})` : name
}

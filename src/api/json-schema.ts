import { z } from 'zod'

/* zod's schemas as the JSON Schemas of the document. What a request may have is closed; answers may get new members. */

export type JsonSchema = z.core.JSONSchema.JSONSchema
/** Whether a schema is of what is sent to us or of what we answer. */
type Direction = 'input' | 'output'

const COMPONENTS = '#/components/schemas/'

/** A reference to the component where the schema has an id, else the schema itself. */
export function schemaOf(schema: z.ZodType, io: Direction): JsonSchema {
  const id = schema.meta()?.id
  if (id) return { $ref: `${COMPONENTS}${id}` }
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io })
  return toComponents(rest, io) as JsonSchema
}

/** The parameters of a query, by name, with their defaults. */
export const propertiesOf = (query: z.ZodObject): [string, JsonSchema][] =>
  Object.entries(query.shape as Record<string, z.ZodType>).map(([name, schema]) => [
    name,
    {
      ...schemaOf(schema, 'input'),
      // zod leaves it out where the value is transformed.
      ...(schema instanceof z.ZodDefault
        ? { default: schema.def.defaultValue as JsonSchema['default'] }
        : {}),
    },
  ])

/** Every schema with an id. Those named in `requests` are described as they are sent. */
export function componentsOf(requests: ReadonlySet<string>): Record<string, unknown> {
  const uri = (id: string) => `${COMPONENTS}${id}`
  const input = z.toJSONSchema(z.globalRegistry, { io: 'input', uri }).schemas
  const output = z.toJSONSchema(z.globalRegistry, { io: 'output', uri }).schemas
  return Object.fromEntries(
    Object.keys(output)
      .sort()
      .map((id) => {
        const io = requests.has(id) ? 'input' : 'output'
        const schema = (io === 'input' ? input : output)[id]
        const { $schema: _schema, $id: _id, id: _name, ...rest } = schema as Record<string, unknown>
        return [id, toComponents(rest, io)]
      }),
  )
}

/** zod puts the schemas with an id under `$defs` of each schema: in the document they stand once, as components. */
function toComponents(value: unknown, io: Direction): unknown {
  if (Array.isArray(value)) return value.map((part) => toComponents(part, io))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, part]) =>
          key !== '$defs' && !(io === 'output' && key === 'additionalProperties' && part === false),
      )
      .map(([key, part]) =>
        key === '$ref' && typeof part === 'string'
          ? [key, part.replace('#/$defs/', COMPONENTS)]
          : [key, toComponents(part, io)],
      ),
  )
}

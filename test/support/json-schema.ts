/** A JSON schema with the keywords that the description of the Kubernetes API uses; `format` is not checked. */
export type Schema = {
  $ref?: string
  type?: string | readonly string[]
  enum?: readonly unknown[]
  oneOf?: readonly Schema[]
  required?: readonly string[]
  properties?: Readonly<Record<string, Schema>>
  additionalProperties?: boolean | Schema
  items?: Schema
}

/** What does not conform, one line for each place. */
export function validate(
  value: unknown,
  schema: Schema,
  definitions: Readonly<Record<string, Schema>>,
  path = '',
): string[] {
  const recur = (part: unknown, by: Schema, name: string | number) =>
    validate(part, by, definitions, `${path}/${name}`)
  if (schema.$ref !== undefined) {
    const definition = definitions[schema.$ref.replace('#/$defs/', '')]
    if (!definition) throw new Error(`the schema has no ${schema.$ref}`)
    return validate(value, definition, definitions, path)
  }
  if (schema.oneOf) {
    const fits = schema.oneOf.filter((each) => validate(value, each, definitions).length === 0)
    return fits.length === 1 ? [] : [`${path} fits ${fits.length} of the possible forms`]
  }
  const types = [schema.type ?? []].flat()
  if (types.length > 0 && !types.some((type) => isOfType(value, type)))
    return [`${path} is no ${types.join(' or ')}`]
  if (schema.enum && !schema.enum.includes(value)) return [`${path} is none of the known values`]
  if (Array.isArray(value))
    return value.flatMap((item, at) => (schema.items ? recur(item, schema.items, at) : []))
  if (typeof value !== 'object' || value === null) return []
  const { properties = {}, additionalProperties = true, required = [] } = schema
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${path} has no ${name}`),
    ...Object.entries(value).flatMap(([name, part]) => {
      const own = properties[name]
      if (own) return recur(part, own, name)
      if (additionalProperties === false) return [`${path} may have no ${name}`]
      return additionalProperties === true ? [] : recur(part, additionalProperties, name)
    }),
  ]
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

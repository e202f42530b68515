import { propertiesOf } from '../api/json-schema.ts'
import { OPERATIONS } from '../api/openapi.ts'
import type { Operation } from '../api/operation.ts'
import { isBackOffice } from '../api/refusals.ts'
import type { Scope } from '../clients/scopes.ts'

/** What an application may ask with a resident's token. */
export type TriedOperation = Operation & { scope: Scope }

export const RESIDENT_OPERATIONS: readonly TriedOperation[] = OPERATIONS.filter(
  (each): each is TriedOperation => each.scope !== undefined && !each.stream && !isBackOffice(each),
)

/** The names of what has to be filled in: parts of the path, then of the query. */
export const parametersOf = ({
  path,
  query,
}: Operation): { inPath: string[]; inQuery: string[] } => ({
  inPath: [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name),
  inQuery: query ? propertiesOf(query).map(([name]) => name) : [],
})

/** The address of an operation with what was filled in. */
export function addressOf(
  issuer: string,
  operation: Operation,
  given: (name: string) => string,
): string {
  const { inQuery } = parametersOf(operation)
  const path = operation.path.replaceAll(
    /:(\w+)/g,
    (_, name: string) => encodeURIComponent(given(name)) || `{${name}}`,
  )
  const query = inQuery.flatMap((name) => (given(name) ? [[name, given(name)]] : []))
  const text = new URLSearchParams(query).toString()
  return `${issuer}${path}${text ? `?${text}` : ''}`
}

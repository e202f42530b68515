import type { Operation } from '../api/operation.ts'
import type { Field } from './fields.ts'
import type { GroupId } from './groups.ts'
import type { Language } from './samples.ts'

/** Who may call: with a resident's token, a tenant's own, that of an event stream, as a client, or anybody. */
export type Access =
  | { kind: 'resident' | 'service'; scope: string }
  | { kind: 'stream' | 'client' | 'browser' | 'none' }

export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header' | 'form'
  isRequired: boolean
  description: string
  type: string
  example?: string | undefined
}

/** What an endpoint answers: a success, or an error by its code. */
export type Answer = {
  status: number
  /** Of an error: its code, for programs. */
  code?: string | undefined
  description: string
  contentType?: string | undefined
  example?: unknown
  headers?: readonly { name: string; description: string }[]
  fields?: readonly Field[]
}

/** One endpoint on its page. */
export type Entry = {
  group: GroupId
  id: string
  method: string
  path: string
  title: string
  description: string
  access: Access
  parameters: readonly Parameter[]
  body?:
    | { example: unknown; isRequired: boolean; fields: readonly Field[]; otherTypes: string[] }
    | undefined
  answers: readonly Answer[]
  errors: readonly Answer[]
  /** What a successful call leaves in the ledger, for the resident to read. */
  records?: readonly string[]
  samples: Readonly<Record<Language, string>>
  /** The operation, where the page can call it. */
  operation?: Operation
}

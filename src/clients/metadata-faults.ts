import type { z } from 'zod'
import { OperatorError } from '../platform/errors.ts'

/** What is wrong with a member of a client's metadata; of a list, with the value at `index`. */
export type MetadataFault = { member: string; index?: number; message: string }

/** Metadata is invalid: every fault, in words for who registers the client. */
export class MetadataError extends OperatorError {
  readonly faults: readonly MetadataFault[]
  constructor(faults: readonly MetadataFault[]) {
    super(faults.map(({ message }) => message).join('; '))
    this.faults = faults
  }
}

/** The faults that a schema found. */
export const schemaFaults = ({ issues }: z.ZodError): MetadataFault[] =>
  issues.map(({ path: [member, index], message }) => ({
    member: String(member),
    ...(typeof index === 'number' ? { index } : {}),
    message,
  }))

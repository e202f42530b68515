/** A failure whose text the caller may see. `error` is the machine's word, `description` the person's. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly error: string
  readonly description: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    error: string,
    description?: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(description ?? error)
    this.status = status
    this.error = error
    this.description = description
    this.headers = headers
  }

  /** The body of `contract.md` §3: `{error, error_description?}`. */
  toBody(): { error: string; error_description?: string } {
    return this.description
      ? { error: this.error, error_description: this.description }
      : { error: this.error }
  }
}

/** A fault that the person starting the program can mend. The command line prints its message alone and exits 1. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
}

/** A failure that the caller may see: `error` is its code, `description` a text for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly error: string
  readonly description: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(
    status: number,
    error: string,
    description?: string,
    {
      headers = {},
      details,
    }: {
      headers?: Readonly<Record<string, string>>
      details?: Readonly<Record<string, unknown>> | undefined
    } = {},
  ) {
    super(description ?? error)
    this.status = status
    this.error = error
    this.description = description
    this.headers = headers
    this.details = details
  }

  /** The body of `docs/contract.md` §3: `{error, error_description?, details?}`. */
  toBody(): { error: string; error_description?: string; details?: object } {
    return {
      error: this.error,
      ...(this.description ? { error_description: this.description } : {}),
      ...(this.details ? { details: this.details } : {}),
    }
  }

  /** The body of the back-office API (`docs/contract.md` §4). */
  toBackOfficeBody(): { code: string; error: string; details: object } {
    const code =
      BACK_OFFICE_CODES[this.status] ?? (this.status >= 500 ? 'INTERNAL_ERROR' : 'INVALID_REQUEST')
    return { code, error: this.description ?? this.error, details: this.details ?? {} }
  }
}

/** The codes of the back-office API, by status. */
export const BACK_OFFICE_CODES: Readonly<Record<number, string>> = {
  400: 'VALIDATION_ERROR',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMIT_EXCEEDED',
  502: 'VENDOR_UNAVAILABLE',
  503: 'UNAVAILABLE',
}

/** The response while something that the portal needs, such as its database, cannot be used. */
export const temporarilyUnavailable = () =>
  new ApiError(
    503,
    'temporarily_unavailable',
    'The portal cannot answer for the moment. Try again in a few seconds.',
    { headers: { 'Retry-After': '5' } },
  )

/** Too much work of one kind is under way: passwords being hashed, images being decoded. The caller responds 503, and other requests stay fast. */
export class TooBusyError extends Error {
  override readonly name = 'TooBusyError'
}

/** A failure that the person at the command line can correct. The command line prints only its message and exits 1. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
}

/** A check found faults: with `--json` the findings are printed as well. */
export class FindingsError extends OperatorError {
  readonly findings: unknown
  constructor(message: string, findings: unknown) {
    super(message)
    this.findings = findings
  }
}

/**
 * A value is sealed or wrapped under a key that this process was not given; another process may have it. The message says what to do,
 * for the operator.
 */
export class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError'

  /** `prefix` is that of the value: `v1.<key>.` or `kms1.<key>.`. */
  constructor(prefix: string, details = 'a value that is needed is sealed under it') {
    const [form, id] = prefix.split('.')
    const [kind, variable] =
      form === 'kms1' ? ['KMS key', 'KMS_KEY_ID'] : ['encryption key', 'ENCRYPTION_KEY']
    super(
      `The ${kind} ${id} is not configured, and ${details}: add it to ${variable}, after the key that is first there, and run \`key status\`.`,
    )
  }
}

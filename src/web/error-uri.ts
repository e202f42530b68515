/** The address of the entry of an error in the list of errors (RFC 6749 §5.2 `error_uri`). */
export const errorUri = (issuer: string, code: string): string =>
  `${issuer}/guides/errors#${anchorOf(code)}`

/** `missing_scopes: a, b` is `missing_scopes`, and `Internal server error` is `internal_server_error`. */
export const anchorOf = (code: string): string =>
  code
    .split(':', 1)[0]
    ?.trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_') ?? ''

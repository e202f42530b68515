import type { Metrics } from '../platform/metrics.ts'

const RECEIVED_AS = ['stored', 'repeated', 'invalid_signature', 'unavailable'] as const
/** What became of a delivery of a configured vendor. */
export type ReceivedAs = (typeof RECEIVED_AS)[number]

/** What a web process counts. */
export type WebMetrics = {
  /** Opens the series of a route's responses. */
  responses(series: {
    route: string
    method: string
    statusClass: string
  }): (seconds: number) => void
  /** A response of the token endpoint; without `error` tokens were issued. */
  onTokens(grantType: unknown, error?: string): void
  /** A delivery of a configured vendor. */
  onReceived(vendor: string, outcome: ReceivedAs): void
}

const RESPONSE_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const GRANT_TYPES: Record<string, string> = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code': 'device_code',
}
// RFC 6749 §5.2, RFC 8628 §3.5, RFC 8707 §2, RFC 9449 §5, and the library's own.
const TOKEN_ERRORS = new Set(
  `invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope
  authorization_pending slow_down expired_token access_denied invalid_target invalid_dpop_proof use_dpop_nonce
  temporarily_unavailable server_error`.split(/\s+/),
)

/** `vendors`: every one that there may be. */
export function createWebMetrics(metrics: Metrics, vendors: readonly string[]): WebMetrics {
  const responses = metrics.histogram(
    'http_server_request_duration_seconds',
    'Time from the request to the end of its response.',
    RESPONSE_BOUNDS,
  )
  const issued = metrics.counter(
    'portal_tokens_issued_total',
    'Responses of the token endpoint with tokens.',
    ['grant_type'],
  )
  const refused = metrics.counter(
    'portal_tokens_refused_total',
    'Responses of the token endpoint with an error.',
    ['grant_type', 'error'],
  )
  const received = metrics.counter(
    'portal_deliveries_received_total',
    'Deliveries of vendors, as they arrive.',
    ['vendor', 'outcome'],
  )
  // From 0, so that the first one is an increase.
  for (const vendor of vendors)
    for (const outcome of RECEIVED_AS) received.inc({ vendor, outcome }, 0)
  for (const grant_type of Object.values(GRANT_TYPES)) issued.inc({ grant_type }, 0)
  return {
    responses: ({ route, method, statusClass }) =>
      responses({
        http_route: route,
        http_request_method: method,
        http_response_status_class: statusClass,
      }),
    onTokens(given, error) {
      const grant_type = (typeof given === 'string' && GRANT_TYPES[given]) || 'other'
      if (error === undefined) issued.inc({ grant_type })
      else refused.inc({ grant_type, error: TOKEN_ERRORS.has(error) ? error : 'other' })
    },
    onReceived: (vendor, outcome) => received.inc({ vendor, outcome }),
  }
}

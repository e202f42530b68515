import { currentTraceparent } from '../../platform/correlation.ts'
import { isHttpsOrLoopback } from '../../platform/loopback.ts'
import { type Credentials, ImageNotFoundError, NotReadyError, VendorError } from './vendor.ts'

/** The vendor answered with an error status. `retryAfterSeconds` is from its `Retry-After`. */
class VendorStatusError extends VendorError {
  readonly status: number
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, retryAfter: string | null = null) {
    super(`the vendor answered ${status}`)
    this.status = status
    this.retryAfterSeconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined
  }
}

/** Whether the vendor answered with one of these statuses. */
export const isStatus = (error: unknown, ...statuses: number[]): boolean =>
  error instanceof VendorStatusError && statuses.includes(error.status)

/**
 * Calls a vendor with the first credentials, and with the next ones where the vendor refuses those (401, 403): while credentials are
 * replaced, the vendor may require either. A refused call has changed nothing.
 */
export async function withCredentials<T>(
  [credentials, ...others]: readonly Credentials[],
  call: (credentials: Credentials) => Promise<T>,
): Promise<T> {
  if (!credentials) throw new Error('there are no credentials')
  try {
    return await call(credentials)
  } catch (error) {
    if (others.length === 0 || !isStatus(error, 401, 403)) throw error
    return await withCredentials(others, call)
  }
}

/** The vendor sent no response, or not all of it. */
class VendorUnreachableError extends VendorError {}

/** Finds the host in the message of an ImageHostRefusedError, in SQL's notation. */
export const REFUSED_HOST = '^the image is at (\\S+), which the setting imageHosts'

/** An image's address names a host that the integration does not allow. The operator has to decide about it. */
export class ImageHostRefusedError extends VendorError {
  /** The host, with a port that is not the usual one; printable, and short enough for a log. */
  readonly host: string

  constructor(host: string) {
    super(`the image is at ${host}, which the setting imageHosts does not allow`)
    this.host = host
  }
}

/** How a call of an adapter ended, in one word for the metrics. */
export function describeCall({ error }: { error?: unknown }): string {
  if (error === undefined) return 'ok'
  if (error instanceof NotReadyError) return 'not_ready'
  if (error instanceof ImageNotFoundError) return 'not_found'
  if (error instanceof VendorUnreachableError) return 'unreachable'
  if (error instanceof ImageHostRefusedError) return 'host_refused'
  if (!(error instanceof VendorStatusError)) return 'invalid_response'
  return error.status === 429 ? 'throttled' : error.status >= 500 ? 'failed' : 'refused'
}

const MAX_JSON_BYTES = 4 * 1024 * 1024
// Until the end of the response. Veriff recommends a few seconds, but images take longer.
const TIMEOUT_MS = 60_000

/**
 * Sends one request to a vendor: only to the origin of the configured base URL, without following redirects, and reading at most
 * `maxBytes` of the response. Throws VendorError.
 */
export async function callVendor(
  baseUrl: string,
  path: string,
  request: {
    headers: Record<string, string>
    /** By default GET without a body, and POST with one. */
    method?: string | undefined
    body?: string | undefined
    /** By default as much as any JSON document of a vendor needs. */
    maxBytes?: number | undefined
  },
): Promise<{ bytes: Uint8Array; headers: Headers }> {
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}${path}`)
  if (url.origin !== new URL(baseUrl).origin)
    throw new VendorError('the address is not at the vendor')
  const traceparent = currentTraceparent()
  let response: Response
  try {
    response = await fetch(url, {
      method: request.method ?? (request.body === undefined ? 'GET' : 'POST'),
      headers: traceparent ? { ...request.headers, traceparent } : request.headers,
      body: request.body ?? null,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (cause) {
    throw new VendorUnreachableError('the vendor does not answer', { cause })
  }
  if (!response.ok) {
    await response.body?.cancel()
    throw new VendorStatusError(response.status, response.headers.get('retry-after'))
  }
  return {
    bytes: await readBody(response, request.maxBytes ?? MAX_JSON_BYTES),
    headers: response.headers,
  }
}

/**
 * Sends a GET, without credentials, to an address from a vendor's response: only to a host that matches one of `hosts`
 * (`images.example`, or `*.storage.example`, where `*` is one label), over https unless it is this machine. Throws VendorError.
 */
export async function fetchSignedUrl(
  address: string,
  { hosts, maxBytes }: { hosts: readonly string[]; maxBytes: number },
): Promise<Uint8Array> {
  const url = URL.parse(address)
  if (url?.username !== '' || !isHttpsOrLoopback(url.href))
    throw new VendorError("the image's address is not an https: address")
  if (!isAllowed(url, hosts)) throw new ImageHostRefusedError(url.host.slice(0, 253))
  const { bytes } = await callVendor(url.origin, `${url.pathname}${url.search}`, {
    headers: {},
    maxBytes,
  })
  return bytes
}

function isAllowed({ host }: URL, hosts: readonly string[]): boolean {
  return hosts.some((pattern) => {
    if (!pattern.startsWith('*.')) return host === pattern
    const [, rest = ''] = /^[^.]+\.(.+)$/.exec(host) ?? []
    return rest === pattern.slice(2)
  })
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? Number.NaN)
  if (announced > maxBytes) {
    await response.body?.cancel()
    throw new VendorError('the answer is larger than allowed')
  }
  const chunks: Uint8Array[] = []
  let received = 0
  try {
    for await (const chunk of response.body ?? []) {
      received += chunk.length
      if (received > maxBytes) throw new VendorError('the answer is larger than allowed')
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof VendorError) throw cause
    throw new VendorUnreachableError('the answer ended early', { cause })
  }
  const isPlain = !response.headers.get('content-encoding')
  if (isPlain && !Number.isNaN(announced) && announced !== received)
    throw new VendorError('the answer is shorter than announced')
  return Buffer.concat(chunks, received)
}

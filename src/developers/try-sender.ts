import { request as requestHttp } from 'node:http'
import type { DeveloperContext } from './access.ts'
import type { ShownAnswer, ShownRequest } from './try-runs.ts'

/** Sends a request to the sandbox. Throws where it does not answer. */
export type SendToSandbox = (request: ShownRequest) => Promise<ShownAnswer>

type Sandbox = NonNullable<DeveloperContext['sandbox']>
export type WithSandbox = DeveloperContext & { sandbox: Sandbox }
/** What the pages for trying are given. */
export type TryParts = WithSandbox & { send: SendToSandbox }

const MAX_BYTES = 256 * 1024
const TIMEOUT_MS = 10_000
/** What an answer has to say beside its body. */
const SHOWN_HEADERS = [
  'content-type',
  'location',
  'www-authenticate',
  'cache-control',
  'retry-after',
  'ratelimit',
  'x-request-id',
]

/**
 * Sends requests for the sandbox's issuer, and for no other address, to the listener of this process that serves it: behind a proxy the
 * public address need not be reachable from here. The request is what an application sends, with the issuer's host.
 */
export function createSandboxSender({
  issuer,
  url: listener,
}: Pick<Sandbox, 'issuer' | 'url'>): SendToSandbox {
  return ({ method, url, headers, form, json }) =>
    new Promise((resolve, reject) => {
      const { origin, host } = new URL(issuer)
      const { port, hostname } = new URL(listener)
      const target = new URL(url)
      if (target.origin !== origin) throw new Error('the address is not of the sandbox')
      const body = form ? new URLSearchParams(form).toString() : json
      const sent = requestHttp(
        {
          method,
          host: reachable(hostname),
          port,
          path: `${target.pathname}${target.search}`,
          headers: {
            ...Object.fromEntries(headers),
            Host: host,
            ...(body === undefined
              ? {}
              : {
                  'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json',
                  'Content-Length': Buffer.byteLength(body),
                }),
          },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        },
        (answer) => {
          const chunks: Buffer[] = []
          let length = 0
          answer.on('error', reject)
          answer.on('data', (chunk: Buffer) => {
            length += chunk.length
            if (length > MAX_BYTES) answer.destroy(new Error('the answer is too long'))
            else chunks.push(chunk)
          })
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: SHOWN_HEADERS.flatMap((name): [string, string][] => {
                const value = answer.headers[name]
                return typeof value === 'string' ? [[name, value]] : []
              }),
              body: textOf(Buffer.concat(chunks), answer.headers['content-type'] ?? ''),
            }),
          )
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
}

/** An address that stands for all of this machine's, as one of them. */
const reachable = (hostname: string): string => {
  const host = hostname.replace(/^\[|\]$/g, '')
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
}

const textOf = (body: Buffer, contentType: string): string =>
  /json|text|jwt|^$/.test(contentType)
    ? body.toString()
    : `(${body.length} bytes of ${contentType})`

import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OperatorError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { isLoopback } from '../../platform/loopback.ts'
import { S3Error, sendXml, xml } from './s3-error.ts'
import { openObjects } from './s3-objects.ts'
import { handleBucketRequest, handleObjectRequest, type S3Parts } from './s3-operations.ts'
import { type AcceptedCredentials, type S3Request, verifySignature } from './s3-signature.ts'

/**
 * An S3 server for development, as strict as S3: every request must be signed, everything is private, and unknown requests
 * are rejected. Path-style, one region, loopback only; stores objects under `dir`. Creates `bucket`, and `otherBuckets`. Throws OperatorError in
 * production, for another interface than loopback, for a port in use or a directory that cannot be written.
 */
export async function startS3Server(options: {
  dir: string
  port: number
  bucket: string
  otherBuckets?: readonly string[]
  region: string
  credentials: AcceptedCredentials
  production: boolean
  host?: string
  /** Bytes. */
  maxObjectSize?: number
  now?: () => number
  log?: Log
}): Promise<{ endpoint: string; port: number; close(): Promise<void> }> {
  const { dir, bucket, otherBuckets = [], host = '127.0.0.1', log } = options
  const origin = `http://${host.includes(':') ? `[${host}]` : host}`
  if (options.production)
    throw new OperatorError(
      'The embedded S3 server is for development: set S3_BUCKET, and S3_ENDPOINT unless it is AWS',
    )
  if (!isLoopback(origin))
    throw new OperatorError('The embedded S3 server listens on a loopback address only')

  const objects = await openObjects(dir).catch((cause: NodeJS.ErrnoException) => {
    throw new OperatorError(`The directory ${dir} must be writable (${cause.code})`, { cause })
  })
  for (const each of [bucket, ...otherBuckets]) await objects.createBucket(each)
  const parts = {
    objects,
    region: options.region,
    credentials: options.credentials,
    maxObjectSize: options.maxObjectSize ?? 64 * 1024 * 1024,
    now: options.now ?? Date.now,
    log,
  }

  const server = createServer((message, response) => {
    answer(parts, message, response).catch((error: unknown) => {
      // The response has begun, or the client is gone: only closing the connection shows that it is incomplete.
      if (!response.destroyed) log?.error('embedded S3 answer failed', { error })
      response.destroy()
    })
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 60_000
  server.keepAliveTimeout = 30_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const reason = code === 'EADDRINUSE' ? 'is taken by another process' : `is refused (${code})`
      reject(new OperatorError(`Port ${options.port} of the embedded S3 server ${reason}`))
    })
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    endpoint: `${origin}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        const impatient = setTimeout(() => server.closeAllConnections(), 2_000)
        server.close(() => {
          clearTimeout(impatient)
          resolve()
        })
      }),
  }
}

async function answer(parts: S3Parts, message: IncomingMessage, response: ServerResponse) {
  response.setHeader('x-amz-request-id', randomBytes(8).toString('hex').toUpperCase())
  response.setHeader('x-amz-id-2', randomBytes(48).toString('base64'))
  try {
    const request = readRequest(message)
    const payload = verifySignature(request, { ...parts, now: parts.now() })
    requireUnderstood(request)
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(request.path) ?? []
    const exchange = { ...parts, request, payload, bucket, key, message, response }
    await (key === '' ? handleBucketRequest(exchange) : handleObjectRequest(exchange))
  } catch (error) {
    if (response.headersSent || response.destroyed) throw error
    if (!(error instanceof S3Error)) parts.log?.error('embedded S3 request failed', { error })
    refuse(response, error instanceof S3Error ? error : new S3Error('InternalError'))
  }
}

function refuse(response: ServerResponse, { code, status, message, details }: S3Error) {
  if (code === 'MethodNotAllowed') response.setHeader('allow', 'GET, HEAD, PUT, DELETE')
  sendXml(response, status, 'Error', [
    xml('Code', code),
    xml('Message', message),
    ...Object.entries(details).map(([name, value]) => xml(name, value)),
    xml('RequestId', String(response.getHeader('x-amz-request-id'))),
    xml('HostId', String(response.getHeader('x-amz-id-2'))),
  ])
}

function readRequest(message: IncomingMessage): S3Request {
  const [, path = '', , search = ''] = /^(\/[^?#]*)(\?([^#]*))?$/.exec(message.url ?? '') ?? []
  const query = search.split('&').filter((pair) => pair !== '')
  try {
    if (path === '' || /%00/.test(path)) throw new URIError('not a path of an object')
    return {
      method: message.method ?? '',
      path: decodeURIComponent(path),
      query: query.map((pair) => {
        const [name = '', ...value] = pair.replaceAll('+', ' ').split('=')
        return [decodeURIComponent(name), decodeURIComponent(value.join('='))]
      }),
      headers: message.headersDistinct,
    }
  } catch (cause) {
    if (cause instanceof URIError) throw new S3Error('InvalidURI')
    throw cause
  }
}

// Reject what is not implemented: to treat `?acl` as the object, or to skip encryption silently, would be worse.
function requireUnderstood({ method, headers, query }: S3Request) {
  // Without versioning there is only the version `null`, and only deleting names it.
  const names = [
    ...Object.keys(headers).filter((name) => name.startsWith('x-amz-')),
    ...query
      .filter(([name, value]) => !(name === 'versionId' && value === 'null' && method === 'DELETE'))
      .map(([name]) => name.toLowerCase())
      .filter((name) => !KNOWN_PARAMETERS.test(name)),
  ]
  const unknown = names.find((name) => !KNOWN_AMZ.test(name))
  if (unknown !== undefined) throw new S3Error('NotImplemented', { Header: unknown })
}
const KNOWN_AMZ =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|user-agent|checksum-(mode|sha256|crc32)|sdk-checksum-algorithm|meta-.+)$/
const KNOWN_PARAMETERS =
  /^(x-id|response-(content-(type|disposition|encoding|language)|cache-control|expires)|list-type|prefix|delimiter|max-keys|continuation-token|start-after|encoding-type|fetch-owner|versions|key-marker|version-id-marker)$/

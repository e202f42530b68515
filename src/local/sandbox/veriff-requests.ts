import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { z } from 'zod'
import { applyApiFault } from './faults.ts'
import type { SandboxActions } from './veriff-actions.ts'
import {
  type Attempt,
  faultsOf,
  findByPart,
  type Media,
  type SandboxState,
  type Session,
} from './veriff-sessions.ts'
import { checkSignature, type Integration, signedHeaders } from './veriff-signature.ts'

export type Env = { Bindings: HttpBindings }

/** What the routes of the API work on. */
export type Vendor = {
  state: SandboxState
  integration: Integration
  actions: SandboxActions
  baseUrl: () => string
}

/** A refused request, with the vendor's code (`docs/vendor-protocols.md` §3.8). */
export class VeriffError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const missingParameters = () =>
  new VeriffError(400, '1102', 'Mandatory parameters are missing from the request')

/** The code is also that of an address or an id that does not exist. */
export const invalidParameters = (status: 400 | 404 | 413) =>
  new VeriffError(status, '1104', 'Request includes invalid parameters')

/** A JSON response, signed like everything that the vendor sends. */
export function signedJson(integration: Integration, content: unknown, status = 200): Response {
  const bytes = Buffer.from(JSON.stringify(content), 'utf8')
  return new Response(bytes, {
    status,
    headers: { 'content-type': 'application/json', ...signedHeaders(integration, bytes) },
  })
}

export function requireApiKey(c: Context, { apiKey }: Integration) {
  const key = readHeader(c, 'auth-client')
  if (key === undefined)
    throw new VeriffError(
      401,
      '1801',
      'Mandatory X-AUTH-CLIENT header containing the API key is missing',
    )
  if (!isUuid(key)) throw new VeriffError(401, '1802', 'API key is not a valid UUID')
  if (key.toLowerCase() !== apiKey.toLowerCase())
    throw new VeriffError(401, '1803', 'Integration with the API key was not found')
}

/** The session in the path of a request that signs its id. */
export async function readSession(vendor: Vendor, c: Context<Env>): Promise<Session> {
  const id = readSignedId(vendor, c)
  const session = vendor.state.sessions.get(id)
  await misbehave(vendor, session?.id)
  if (!session) throw invalidParameters(404)
  return session
}

/** The attempt or the media in the path of a request that signs its id. */
export async function readPart(
  vendor: Vendor,
  c: Context<Env>,
): Promise<{ session: Session; attempt: Attempt; media: Media | undefined }> {
  const id = readSignedId(vendor, c)
  const part = findByPart(vendor.state, id)
  await misbehave(vendor, part?.session.id)
  if (!part) throw invalidParameters(404)
  return part
}

/** The session in the path, and the signed JSON body. */
export async function readSessionAndBody(
  vendor: Vendor,
  c: Context<Env>,
): Promise<{ session: Session; body: unknown }> {
  const bytes = await readBytes(c)
  const id = readId(c)
  requireSignature(vendor, c, bytes, 'request body')
  await misbehave(vendor, id)
  const session = vendor.state.sessions.get(id)
  if (!session) throw invalidParameters(404)
  return { session, body: parseJson(bytes) }
}

/** The JSON body of a request without a session. A signature is optional here, but must be valid if present. */
export async function readBody(vendor: Vendor, c: Context<Env>): Promise<unknown> {
  const bytes = await readBytes(c)
  if (readHeader(c, 'hmac-signature') !== undefined)
    requireSignature(vendor, c, bytes, 'request body')
  await misbehave(vendor)
  return parseJson(bytes)
}

/** The id in the path. Its signature is checked here, so before anything is looked up. */
function readSignedId(vendor: Vendor, c: Context<Env>): string {
  const id = readId(c)
  requireSignature(vendor, c, id, 'query ID')
  return id
}

function readId(c: Context<Env>): string {
  const id = c.req.param('id') ?? ''
  if (!isUuid(id)) throw new VeriffError(400, '1002', 'Query ID must be a valid UUID V4')
  return id
}

function requireSignature(
  { integration }: Vendor,
  c: Context<Env>,
  message: string | Uint8Array,
  what: 'query ID' | 'request body',
) {
  const signature = readHeader(c, 'hmac-signature')
  const result = checkSignature(integration.sharedSecret, message, signature)
  if (result === 'malformed')
    throw new VeriffError(401, '1812', 'Signature is not a valid SHA256 hash')
  if (result === 'wrong')
    throw new VeriffError(
      401,
      what === 'query ID' ? '1818' : '1819',
      `Signature does not match the HMAC-SHA256 of ${what}`,
    )
}

async function misbehave({ state }: Vendor, sessionId?: string) {
  await applyApiFault(faultsOf(state, sessionId), (status) => {
    throw new VeriffError(status, '1000', 'Ordered by the sandbox')
  })
}

/** Either spelling of a header; two different values count as none. */
function readHeader(c: Context, name: 'auth-client' | 'hmac-signature'): string | undefined {
  const [plain, alias] = [c.req.header(`x-${name}`), c.req.header(`vrf-${name}`)]
  return plain !== undefined && alias !== undefined && plain !== alias ? '' : (plain ?? alias)
}

const readBytes = async (c: Context) => new Uint8Array(await c.req.arrayBuffer())

const isUuid = (value: string) => z.uuid().safeParse(value).success

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    // Handled like any other body without the required members.
    return undefined
  }
}

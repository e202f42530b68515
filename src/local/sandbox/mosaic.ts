import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { listenOnLoopback } from './listen.ts'
import { type MosaicState, mosaicApi } from './mosaic-api.ts'
import { type Faults, faultsSchema } from './mosaic-faults.ts'
import { applyOutcome, mosaicPages } from './mosaic-page.ts'
import {
  addImage,
  imageBytes,
  type Recommendation,
  requestRecapture,
  statusOf,
} from './mosaic-sessions.ts'
import type { Person } from './specimen.ts'
import { requireSession, setFaults } from './vendor-state.ts'

/** A session of the sandbox. Each image has the digest of the bytes that it serves. */
type SandboxSession = {
  id: string
  status: string
  images: {
    id: string
    type: string | undefined
    rejected: boolean
    original: boolean
    size: number
    sha256: string
  }[]
}

export type MosaicSandbox = {
  /** The base URL to configure in an integration. */
  url: string
  /** `undefined` for a session that does not exist or was deleted. */
  findSession(sessionId: string): Promise<SandboxSession | undefined>
  /** Adds an image without a request to the API; without `bytes` it is a drawing. */
  addImage(
    sessionId: string,
    image: {
      type?: string
      bytes?: Uint8Array
      rejected?: boolean
      original?: boolean
    },
  ): string
  /** The person takes the missing images, and the vendor gives this recommendation. */
  complete(
    sessionId: string,
    recommendation: Recommendation,
    details?: { person?: Partial<Person> },
  ): void
  /** The vendor requests new images; existing ones stay. */
  requestRecapture(sessionId: string): void
  /** The session cannot be completed. */
  fail(sessionId: string): void
  /** Expires every access token. */
  endTokens(): void
  countTokens(): number
  /** Requests to the API since the start, newest last. */
  listRequests(): { method: string; path: string }[]
  /** Sets the faults of one session, or of all sessions without their own; `{}` means none. */
  misbehave(faults: Faults, sessionId?: string): void
  close(): Promise<void>
}

/**
 * A stand-in for Transmit Security's document verification on loopback: token endpoint, API, and the hosted page of each
 * session. `port` 0 picks a free one. It stores nothing on disk.
 */
export async function startMosaicSandbox(options: {
  port: number
  clientId: string
  clientSecret: string
  resource?: string | undefined
  tokenLifetimeInSeconds?: number | undefined
  now?: (() => Date) | undefined
  /** The person whom the documents show; missing fields are invented. */
  person?: Partial<Person> | undefined
}): Promise<MosaicSandbox> {
  const { clientId, clientSecret, now = () => new Date() } = options
  const state: MosaicState = {
    sessions: new Map(),
    tokens: new Map(),
    tokensGiven: 0,
    requests: [],
    faults: {},
  }
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.route('/', mosaicPages({ sessions: state.sessions, now }))
  app.route(
    '/',
    mosaicApi({
      state,
      clientId,
      clientSecret,
      resource: options.resource ?? 'https://verify.identity.security',
      tokenLifetimeInSeconds: options.tokenLifetimeInSeconds ?? 3600,
      now,
      person: options.person,
    }),
  )
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')

  return {
    url: `http://127.0.0.1:${server.port}`,
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      if (!session) return undefined
      const images = session.images.map(async (image) => {
        const bytes = await imageBytes(session, image)
        const { id, type, rejected, original } = image
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        return { id, type, rejected, original, size: bytes.length, sha256 }
      })
      return { id: session.id, status: statusOf(session, now()), images: await Promise.all(images) }
    },
    addImage(sessionId, { bytes, ...image }) {
      return addImage(requireSession(state, sessionId), { ...image, content: bytes }).id
    },
    complete(sessionId, recommendation, details) {
      const session = requireSession(state, sessionId)
      session.person = { ...session.person, ...details?.person }
      applyOutcome(session, recommendation, now())
    },
    requestRecapture(sessionId) {
      const session = requireSession(state, sessionId)
      if (session.images.length === 0) applyOutcome(session, 'recapture', now())
      else requestRecapture(session)
    },
    fail(sessionId) {
      requireSession(state, sessionId).phase = 'error'
    },
    endTokens: () => state.tokens.clear(),
    countTokens: () => state.tokensGiven,
    listRequests: () => [...state.requests],
    misbehave: (faults, sessionId) => setFaults(state, faultsSchema, faults, sessionId),
    close: () => server.close(),
  }
}

import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { listenOnLoopback } from './listen.ts'
import { type MosaicState, mosaicApi } from './mosaic-api.ts'
import { type Faults, faultsSchema } from './mosaic-faults.ts'
import { mosaicPages, play } from './mosaic-page.ts'
import {
  addImage,
  askAgain,
  imageBytes,
  type Recommendation,
  type Session,
  statusOf,
} from './mosaic-sessions.ts'
import type { Person } from './specimen.ts'

/** A session as the sandbox knows it, each image with the digest of the very bytes it serves. */
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
  /** The base URL: what an integration is configured with. */
  url: string
  /** `undefined` for a session that does not exist or was deleted. */
  findSession(sessionId: string): Promise<SandboxSession | undefined>
  /** One picture more, without a request to the API; without `bytes` it is a drawing. */
  addImage(
    sessionId: string,
    image: {
      type?: string
      bytes?: Uint8Array
      rejected?: boolean
      original?: boolean
    },
  ): string
  /** The person takes what pictures are missing, and the vendor says this of them. */
  complete(
    sessionId: string,
    recommendation: Recommendation,
    details?: { person?: Partial<Person> },
  ): void
  /** The vendor wants the pictures again; those that were taken stay. */
  askAgain(sessionId: string): void
  /** The session cannot be completed. */
  fail(sessionId: string): void
  /** Every access token that was given out ends now. */
  endTokens(): void
  countTokens(): number
  /** Requests to the API since the start, the newest last. */
  listRequests(): { method: string; path: string }[]
  /** Orders faults for one session, or for all that have none of their own; `{}` is good behaviour. */
  misbehave(faults: Faults, sessionId?: string): void
  close(): Promise<void>
}

/**
 * A stand-in for Transmit Security's document verification on loopback: token endpoint, API, and the hosted page of each
 * session. `port` 0 picks a free one. It keeps nothing when it ends.
 */
export async function startMosaicSandbox(options: {
  port: number
  clientId: string
  clientSecret: string
  resource?: string | undefined
  tokenLifetimeInSeconds?: number | undefined
  now?: (() => Date) | undefined
  /** Whom the documents show; what is not given is invented. */
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

  function requireSession(sessionId: string): Session {
    const session = state.sessions.get(sessionId)
    if (!session) throw new Error(`the sandbox has no session ${sessionId}`)
    return session
  }

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
      return addImage(requireSession(sessionId), { ...image, content: bytes }).id
    },
    complete(sessionId, recommendation, details) {
      const session = requireSession(sessionId)
      session.person = { ...session.person, ...details?.person }
      play(session, recommendation, now())
    },
    askAgain(sessionId) {
      const session = requireSession(sessionId)
      if (session.images.length === 0) play(session, 'recapture', now())
      else askAgain(session)
    },
    fail(sessionId) {
      requireSession(sessionId).phase = 'error'
    },
    endTokens: () => state.tokens.clear(),
    countTokens: () => state.tokensGiven,
    listRequests: () => [...state.requests],
    misbehave(faults, sessionId) {
      const given = faultsSchema.parse(structuredClone(faults))
      if (sessionId === undefined) state.faults = given
      else requireSession(sessionId).faults = given
    },
    close: () => server.close(),
  }
}

import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { sendBytes, spoilImage } from './faults.ts'
import {
  type Env,
  invalidParameters,
  missingParameters,
  readPart,
  readSession,
  readSessionAndBody,
  signedJson,
  type Vendor,
  VeriffError,
} from './veriff-requests.ts'
import {
  type Attempt,
  faultsOf,
  isOpen,
  type Media,
  mediaBytes,
  openAttempt,
  type Session,
} from './veriff-sessions.ts'
import { signedHeaders } from './veriff-signature.ts'

const CONTEXTS = new Set(
  `face face-pre face-nfc face-cropped document-front document-front-pre document-front-qrcode
  document-front-qrcode-pre document-front-face-cropped document-back document-back-pre document-back-barcode
  document-back-barcode-pre document-and-face document-and-face-pre address-front`.split(/\s+/),
)

const uploadSchema = z.object({
  image: z.object({
    context: z.string().optional(),
    content: z.string().optional(),
    timestamp: z.string().nullish(),
  }),
})

/** The images of sessions: upload, lists, and the bytes. */
export function mediaRoutes(vendor: Vendor): Hono<Env> {
  const { state, integration, actions, baseUrl } = vendor
  const app = new Hono<Env>()

  async function listMedia(session: Session, attempt: Attempt | undefined) {
    const { list = {} } = faultsOf(state, session.id)
    const images = await Promise.all(
      (attempt?.media ?? []).map(async (media, index) => {
        const { length } = await mediaBytes(session, media)
        return {
          id: media.id,
          name: list.name ?? media.context,
          ...(list.withoutContext ? {} : { context: media.context }),
          timestamp: media.timestamp,
          mimetype: media.mimetype,
          // A number or a string, as the vendor sends either.
          size: index % 2 === 0 ? String(length) : length,
          url: list.url ?? `${baseUrl()}/v1/media/${media.id}`,
          sessionId: session.id,
        }
      }),
    )
    return { status: 'success', videos: [], images }
  }

  app.post('/sessions/:id/media', async (c) => {
    const { session, body } = await readSessionAndBody(vendor, c)
    const media = readUpload(body)
    if (!isOpen(session))
      throw new VeriffError(409, '1304', `Cannot transition to "${session.status}" status`)
    await actions.addMedia(session, media)
    const { images } = await listMedia(session, openAttempt(session))
    const image = images.find(({ id }) => id === media.id)
    return signedJson(integration, { status: 'success', image })
  })

  app.get('/sessions/:id/media', async (c) => {
    const session = await readSession(vendor, c)
    return signedJson(integration, await listMedia(session, session.attempts.at(-1)))
  })

  app.get('/attempts/:id/media', async (c) => {
    const { session, attempt, media } = await readPart(vendor, c)
    if (media) throw invalidParameters(404)
    return signedJson(integration, await listMedia(session, attempt))
  })

  app.get('/media/:id', async (c) => {
    const { session, media } = await readPart(vendor, c)
    if (!media) throw invalidParameters(404)
    return sendMedia(vendor, c, session, media)
  })
  return app
}

/** Throws the vendor's error for an image that it does not accept. */
function readUpload(body: unknown): Media {
  const parsed = uploadSchema.safeParse(body)
  if (!parsed.success) throw missingParameters()
  const { context, content, timestamp = null } = parsed.data.image
  if (context === undefined) throw new VeriffError(400, '1403', 'Image property is missing')
  if (!CONTEXTS.has(context)) throw new VeriffError(400, '1402', 'Image context is not supported')
  if (!content) throw new VeriffError(400, '1400', 'Image data not found')
  const base64 = content.replace(/^data:[^,]*;base64,/, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    throw new VeriffError(400, '1401', 'Image is not in valid base64')
  const mimetype = detectMediaType(Buffer.from(base64.slice(0, 64), 'base64'))
  if (mimetype === undefined) throw new VeriffError(400, '1401', 'Image is not of a supported type')
  return { id: randomUUID(), context, mimetype, timestamp, content: base64 }
}

async function sendMedia(
  { state, integration }: Vendor,
  c: Context<Env>,
  session: Session,
  media: Media,
): Promise<Response> {
  const whole = await mediaBytes(session, media)
  const { media: fault = {} } = faultsOf(state, session.id)
  const bytes = spoilImage(whole, fault.body)
  const headers = {
    'content-type': fault.contentType ?? media.mimetype,
    ...signedHeaders(integration, bytes, fault.signature),
  }
  return sendBytes(c, bytes, headers, fault.body)
}

/** The media type by the first bytes (`docs/vendor-protocols.md` §1.2). */
export function detectMediaType(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp'
  if (/^.{4}ftyp(heic|heix|mif1|msf1)/s.test(text)) return 'image/heic'
  if (text.startsWith('%PDF-')) return 'application/pdf'
  return undefined
}

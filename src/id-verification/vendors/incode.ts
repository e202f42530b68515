import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { callVendor, fetchSignedUrl, VendorStatusError } from './call.ts'
import {
  checkSeldom,
  type DocumentType,
  type FoundDecision,
  GoneError,
  type Integration,
  type Media,
  parseSettings,
  type ReadHeader,
  type Reading,
  type Vendor,
  VendorError,
  type VerificationStatus,
} from './vendor.ts'

const list = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat())

const SETTINGS = {
  /** Who signs in for the calls that read (§5.1); the password is the integration's secret. */
  executiveEmail: z.string().optional(),
  /** The flow that people go through. */
  configurationId: z.string().optional(),
  countryCode: z.string().default('ALL'),
  language: z.string().default('en-US'),
  /** Our service client with the scope `webhook.incode`, as which the vendor signs in here before it delivers (§5.3). */
  webhookClientId: z.string().optional(),
  /** The name of a header that every delivery carries; its value is the webhook secret (§5.3). */
  webhookHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .transform((name) => name.toLowerCase())
    .optional(),
  /** Where image links are asked for, such as `/omni/get/images/v2`; without it images come as base64 (§5.4). */
  imageLinksPath: z.string().startsWith('/').optional(),
  /** Hosts that image links may name, beside the base URL's own. */
  imageHosts: list.default([]),
  imageTypes: list.default([
    'selfie',
    'fullFrameFrontID',
    'fullFrameBackID',
    'croppedFrontID',
    'croppedBackID',
    'croppedFace',
  ]),
  /** What the vendor calls a document, and what it is here: `Passport:passport` (§1.4). */
  documentTypes: list.default(['Passport:passport', 'DriversLicense:drivers_license']),
}

/**
 * Incode Omni, by `providers.md` §5. The API key is its own; the shared secret is the executive user's password. What
 * holds is the score: "finished" says that the person is done, not that they passed.
 */
export function createIncode(integration: Integration): Vendor {
  const { secrets } = integration
  const baseUrl = integration.baseUrl.replace(/\/+$/, '')
  const settings = parseSettings('incode', SETTINGS, integration.settings)
  const common = { 'api-version': '1.0', 'x-api-key': secrets.apiKey }
  const login = {
    baseUrl,
    headers: common,
    email: settings.executiveEmail ?? '',
    password: secrets.sharedSecrets[0] ?? '',
  }

  async function send<T>(
    schema: z.ZodType<T>,
    path: string,
    token: string,
    request: { method?: string; body?: object; maxBytes?: number } = {},
  ): Promise<T> {
    const { bytes } = await callVendor(baseUrl, path, {
      maxBytes: request.maxBytes ?? JSON_LIMIT,
      method: request.method,
      headers: {
        ...common,
        ...(token ? { 'X-Incode-Hardware-Id': token } : {}),
        'Content-Type': 'application/json',
      },
      body: request.body && JSON.stringify(request.body),
    })
    const parsed = schema.safeParse(parseJson(bytes))
    if (!parsed.success) throw new VendorError('the answer has another shape than Incode documents')
    return parsed.data
  }

  /** As the executive user; a token that the vendor no longer takes is replaced, once. */
  async function call<T>(schema: z.ZodType<T>, path: string, request?: Parameters<typeof send>[3]) {
    const token = findToken(login)
    try {
      return await send(schema, path, await token, request)
    } catch (error) {
      if (!(error instanceof VendorStatusError) || error.status !== 401) throw error
      forgetToken(login, token)
      return await send(schema, path, await findToken(login), request)
    }
  }

  async function findScore(sessionId: string): Promise<string> {
    const { overall } = await call(scoreSchema, `/omni/get/score${query(sessionId)}`)
    return overall.status
  }

  const query = (sessionId: string) => `?id=${encodeURIComponent(segment(sessionId))}`

  return {
    mayRepeatAsNews: true,

    async isGenuine(_body, header, isServiceToken) {
      const { webhookClientId: clientId, webhookHeader: name } = settings
      const bearer = /^bearer +(\S+)$/i.exec(header('authorization') ?? '')?.[1]
      if (
        clientId &&
        bearer &&
        (await isServiceToken(bearer, { clientId, scope: 'webhook.incode' }))
      )
        return true
      return Boolean(name && secrets.webhookSecret && isEqual(header, name, secrets.webhookSecret))
    },

    read,

    async startSession({ verificationId, returnUrl }) {
      const started = await send(startedSchema, '/omni/start', '', {
        body: {
          countryCode: settings.countryCode,
          ...(settings.configurationId ? { configurationId: settings.configurationId } : {}),
          externalCustomerId: verificationId,
          language: settings.language,
          redirectionUrl: returnUrl,
        },
      })
      const client = started.clientId ? `?clientId=${encodeURIComponent(started.clientId)}` : ''
      const { url } = await send(urlSchema, `/omni/onboarding-url${client}`, started.token)
      return { sessionId: started.interviewId, url }
    },

    async fetchResult(sessionId): Promise<FoundDecision[]> {
      const { onboardingStatus } = await call(
        onboardingSchema,
        `/omni/get/onboarding/status${query(sessionId)}`,
      )
      const found = (status: VerificationStatus, type?: DocumentType): FoundDecision[] => [
        {
          attemptId: '',
          status,
          decidedAt: undefined,
          isUndated: true,
          documentType: type,
          reason: undefined,
        },
      ]
      if (onboardingStatus === 'EXPIRED') return found('expired')
      const override = OVERRIDES[onboardingStatus]
      if (!override && onboardingStatus !== 'ONBOARDING_FINISHED') return []
      const status = override ?? SCORES[await findScore(sessionId)]
      if (!status) throw new VendorError('the vendor answers a score that is not known')
      if (status !== 'approved') return found(status)
      const ocr = await call(ocrSchema, `/omni/get/ocr-data${query(sessionId)}`)
      return found(status, documentType(ocr.typeOfId))
    },

    async listMedia({ sessionId }): Promise<Media[]> {
      const { imageLinksPath: path, imageTypes } = settings
      if (!path)
        return imageTypes.map((type) => ({
          mediaId: type,
          type: typeOf(type),
          size: undefined,
          capturedAt: undefined,
        }))
      const links = await call(linksSchema, `${path}${query(sessionId)}`, {
        body: { images: imageTypes },
      })
      return imageTypes.flatMap((type) => attemptsOf(links, type))
    },

    async download({ sessionId, mediaId }, maxBytes) {
      const [type = '', taken] = mediaId.split('@')
      const path = settings.imageLinksPath
      if (path) {
        // Good for an hour: asked for just before it is used.
        const links = await call(linksSchema, `${path}${query(sessionId)}`, {
          body: { images: [type] },
        })
        const url = taken === undefined ? links[type] : earlier(links, type)[taken]
        if (typeof url !== 'string' || !url) throw new GoneError('the vendor has no such image')
        return await fetchSignedUrl(url, {
          hosts: [new URL(baseUrl).host, ...settings.imageHosts],
          maxBytes,
        })
      }
      const images = await call(linksSchema, `/omni/get/images${query(sessionId)}`, {
        body: { images: [type] },
        // Base64 is a third longer, and the answer has a name around it.
        maxBytes: Math.ceil(maxBytes * 1.34) + 1024,
      })
      const text = images[type]
      if (typeof text !== 'string' || !text) throw new GoneError('the vendor has no such image')
      return decodeBase64(text)
    },

    async deleteSession(sessionId) {
      try {
        await call(z.unknown(), `/omni/interview?interviewId=${encodeURIComponent(sessionId)}`, {
          method: 'DELETE',
        })
      } catch (error) {
        if (!(error instanceof VendorStatusError) || error.status !== 404) throw error
      }
      return 'deleted'
    },

    // The vendor gives a delivery up after half an hour (§5.3).
    checkAfterSeconds: (checks) => (checks === 0 ? 300 : checkSeldom(checks)),
  }

  function documentType(theirs: string | null | undefined): DocumentType | undefined {
    if (!theirs) return undefined
    const [, ours] =
      settings.documentTypes.map((word) => word.split(':', 2)).find(([name]) => name === theirs) ??
      []
    const known = DOCUMENT_TYPES.find((type) => type === ours)
    return known ?? 'other'
  }
}

type Login = { baseUrl: string; headers: Record<string, string>; email: string; password: string }

// A day by default (§5.1); asked for anew well before.
const TOKEN_MS = 12 * 3600_000
const tokens = new Map<string, { value: Promise<string>; until: number }>()

/** One log-in for all who need it at the same time. */
function findToken(login: Login): Promise<string> {
  const key = keyOf(login)
  const known = tokens.get(key)
  if (known && known.until > Date.now()) return known.value
  const value = logIn(login)
  tokens.set(key, { value, until: Date.now() + TOKEN_MS })
  value.catch(() => forgetToken(login, value))
  return value
}

function forgetToken(login: Login, value: Promise<string>): void {
  if (tokens.get(keyOf(login))?.value === value) tokens.delete(keyOf(login))
}

const keyOf = ({ baseUrl, headers, email, password }: Login) =>
  createHash('sha256')
    .update(JSON.stringify([baseUrl, headers, email, password]))
    .digest('hex')

async function logIn({ baseUrl, headers, email, password }: Login): Promise<string> {
  const { bytes } = await callVendor(baseUrl, '/executive/log-in', {
    maxBytes: JSON_LIMIT,
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const parsed = tokenSchema.safeParse(parseJson(bytes))
  if (!parsed.success) throw new VendorError('the vendor answers a log-in without a token')
  return parsed.data.token
}

const JSON_LIMIT = 4 * 1024 * 1024
const DOCUMENT_TYPES: DocumentType[] = [
  'passport',
  'national_id',
  'drivers_license',
  'residence_permit',
  'visa',
]

const id = z.string().min(1).max(200)
const tokenSchema = z.object({ token: z.string().min(1) })
const startedSchema = z.object({
  interviewId: id,
  token: z.string().min(1),
  clientId: z.string().nullish(),
})
const urlSchema = z.object({ url: z.url() })
const onboardingSchema = z.object({ onboardingStatus: z.string() })
const scoreSchema = z.object({ overall: z.object({ status: z.string() }) })
const ocrSchema = z.object({ typeOfId: z.string().nullish().catch(undefined) })
const linksSchema = z.record(
  z.string(),
  z.union([z.string(), z.record(z.string(), z.string()), z.null()]),
)
const deliverySchema = z.object({
  interviewId: id,
  onboardingStatus: z.string(),
  externalId: z.string().nullish().catch(undefined),
})

type Links = z.infer<typeof linksSchema>

const SCORES: Record<string, VerificationStatus> = {
  OK: 'approved',
  MANUAL_OK: 'approved',
  FAIL: 'declined',
  MANUAL_FAIL: 'declined',
  WARN: 'review',
  MANUAL: 'review',
  MANUAL_PENDING: 'review',
  UNKNOWN: 'pending',
}
// What a person at the vendor decided stands over the automatic score (§5.5).
const OVERRIDES: Record<string, VerificationStatus> = {
  MANUAL_REVIEW_APPROVED: 'approved',
  MANUAL_REVIEW_REJECTED: 'declined',
}
const TELLING = [
  'ONBOARDING_FINISHED',
  'MANUAL_REVIEW_APPROVED',
  'MANUAL_REVIEW_REJECTED',
  'EXPIRED',
]

function read(body: Uint8Array): Reading {
  const json = parseJson(body)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { kind: 'unknown', explanation: 'the body is not a JSON object' }
  // Another product of the vendor's, whose token must be kept nowhere (§5.3).
  if ('event' in json && 'token' in json)
    return { kind: 'ignored', explanation: 'a message of Incode ID, which is another product' }
  const parsed = deliverySchema.safeParse(json)
  if (!parsed.success) return { kind: 'unknown', explanation: 'none of the shapes of Incode' }
  const { interviewId, onboardingStatus, externalId } = parsed.data
  if (!TELLING.includes(onboardingStatus))
    return { kind: 'ignored', explanation: `a step on the way: ${onboardingStatus.slice(0, 60)}` }
  return {
    kind: 'notice',
    sessionId: interviewId,
    echoed: externalId ?? undefined,
    explanation: `onboarding status ${onboardingStatus}`,
  }
}

const TYPES: Record<string, string> = {
  selfie: 'selfie',
  croppedFace: 'selfie_cropped',
  fullFrameFrontID: 'document_front',
  croppedFrontID: 'document_front_cropped',
  fullFrameBackID: 'document_back',
  croppedBackID: 'document_back_cropped',
}
const typeOf = (theirs: string): string =>
  TYPES[theirs] ??
  (theirs
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 60) ||
    'other')

/** Both spellings are in use (§5.4). */
function earlier(links: Links, type: string): Record<string, string> {
  const found = links[`${type}_prevAttempts`] ?? links[`${type}_prevAttemps`]
  return typeof found === 'object' && found !== null ? found : {}
}

/** The latest first, then what was taken before it; the newest of the earlier ones is the latest again. */
function attemptsOf(links: Links, type: string): Media[] {
  const latest = links[type]
  if (typeof latest !== 'string' || !latest) return []
  const taken = Object.keys(earlier(links, type))
    .filter((time) => /^\d{10,16}$/.test(time))
    .sort((a, b) => Number(b) - Number(a))
  const media = (mediaId: string, capturedAt: Date | undefined): Media => ({
    mediaId,
    type: typeOf(type),
    size: undefined,
    capturedAt,
  })
  if (taken.length === 0) return [media(type, undefined)]
  // By the time, which stays with a picture while "the latest" goes on to the next.
  return taken.map((time) => media(`${type}@${time}`, new Date(Number(time))))
}

function decodeBase64(text: string): Uint8Array {
  const bare = text.replace(/^data:[^,]{0,100},/, '').replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(bare) || bare.length % 4 !== 0)
    throw new VendorError('the image is not base64')
  return Buffer.from(bare, 'base64')
}

function isEqual(header: ReadHeader, name: string, secret: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest()
  const given = header(name)
  return given !== undefined && timingSafeEqual(digest(given), digest(secret))
}

function segment(name: string): string {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(name)) throw new VendorError('the session has an odd id')
  return name
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

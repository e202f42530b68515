import { z } from 'zod'
import { OperatorError } from '../../platform/errors.ts'
import { callVendor, fetchSignedUrl, VendorStatusError } from './call.ts'
import { dateOfEpoch, joinText, membersOf, toCountry, toFindings, toText } from './findings.ts'
import { parseJson } from './parsing.ts'
import { isEqualSecret } from './signatures.ts'
import { createTokenCache, sendWithToken } from './tokens.ts'
import {
  type DocumentFindings,
  type DocumentType,
  defaultCheckAfterSeconds,
  ImageNotFoundError,
  type Integration,
  type Media,
  NotReadyError,
  parseSettings,
  type ReadHeader,
  type Vendor,
  type VendorDecision,
  VendorError,
  type VendorReport,
  type VerificationStatus,
} from './vendor.ts'

const DOCUMENT_TYPES: DocumentType[] = [
  'passport',
  'national_id',
  'drivers_license',
  'residence_permit',
  'visa',
  'other',
]

const list = (word: RegExp) =>
  z
    .union([z.string().regex(word), z.array(z.string().regex(word))])
    .transform((value) => [value].flat())

const SETTINGS = {
  /** The executive user for reading (§5.1); the password is the integration's secret. */
  executiveEmail: z.string().min(1).max(320),
  /** The header of a token: the one that the vendor documents, or the one that a third party reports (§7). */
  authorizationStyle: z.enum(['hardware-id', 'bearer']).default('hardware-id'),
  /** The flow for people. */
  configurationId: z.string().optional(),
  countryCode: z.string().default('ALL'),
  language: z.string().default('en-US'),
  /** The service client with the scope `webhook.incode`, as which the vendor authenticates at this portal before deliveries (§5.3). */
  webhookClientId: z.string().optional(),
  /** The name of a header of every delivery, with the webhook secret as its value (§5.3). */
  webhookHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .transform((name) => name.toLowerCase())
    .optional(),
  /** The path for image links, such as `/omni/get/images/v2`; without it images are fetched as base64 (§5.4). */
  imageLinksPath: z.string().startsWith('/').optional(),
  /** Hosts of image links, besides the base URL's. */
  imageHosts: list(/^\S+$/).default([]),
  imageTypes: list(/^[A-Za-z0-9]{1,60}$/).default([
    'selfie',
    'fullFrameFrontID',
    'fullFrameBackID',
    'croppedFrontID',
    'croppedBackID',
    'croppedFace',
  ]),
  /** The path for the document's text; `/omni/get/ocr-data/v2` exists too (§5.2). */
  ocrDataPath: z
    .string()
    .regex(/^(\/[A-Za-z0-9_-]+)+$/)
    .default('/omni/get/ocr-data'),
  /** Maps the vendor's types of documents to ours: `Passport:passport` (§1.4). */
  documentTypes: list(new RegExp(`^[^:]{1,60}:(${DOCUMENT_TYPES.join('|')})$`)).default([
    'Passport:passport',
    'DriversLicense:drivers_license',
  ]),
}

/**
 * The adapter of Incode Omni, by `docs/vendor-protocols.md` §5; § in this file refers to it. The shared secret is the executive
 * user's password. The score decides: "finished" means that the person is done, not that they passed.
 */
export function createIncode(integration: Integration, tokens = createTokenCache()): Vendor {
  const { baseUrl, secrets } = integration
  const settings = parseSettings('incode', SETTINGS, integration.settings)
  if (settings.webhookHeader && !secrets.webhookSecret)
    throw new OperatorError('The header of deliveries needs a value: --webhook-secret-stdin.')
  const common = { 'api-version': '1.0', 'x-api-key': secrets.apiKey }
  const login = {
    baseUrl,
    headers: common,
    email: settings.executiveEmail,
    password: secrets.sharedSecrets[0] ?? '',
  }

  const authorize = (token: string): Record<string, string> =>
    settings.authorizationStyle === 'bearer'
      ? { Authorization: `Bearer ${token}` }
      : { 'X-Incode-Hardware-Id': token }

  async function send<T>(
    schema: z.ZodType<T>,
    path: string,
    token: string | undefined,
    request: { method?: string; body?: object; maxBytes?: number } = {},
  ): Promise<T> {
    const { bytes } = await callVendor(baseUrl, path, {
      maxBytes: request.maxBytes ?? JSON_LIMIT,
      method: request.method,
      headers: {
        ...common,
        ...(token === undefined ? {} : authorize(token)),
        'Content-Type': 'application/json',
      },
      body: request.body && JSON.stringify(request.body),
    })
    const parsed = schema.safeParse(parseJson(bytes))
    if (!parsed.success) throw new VendorError('the answer has another shape than Incode documents')
    return parsed.data
  }

  /** Sends a request as the executive user. */
  const call = <T>(
    schema: z.ZodType<T>,
    path: string,
    request?: Parameters<typeof send>[3],
  ): Promise<T> =>
    sendWithToken(tokens, { credentials: login, request: () => logIn(login) }, (token) =>
      send(schema, path, token, request),
    )

  const query = (sessionId: string) => `?id=${encodeURIComponent(segment(sessionId))}`

  /** Requests the images of these types: links, or the images as base64. */
  async function requestImages(
    path: string,
    sessionId: string,
    images: string[],
    maxBytes?: number,
  ) {
    const request = { body: { images }, ...(maxBytes === undefined ? {} : { maxBytes }) }
    return await call(imagesSchema, `${path}${query(sessionId)}`, request)
  }

  /** Fetches what was read from the document; `undefined` in a flow without one. */
  async function findDocument(
    sessionId: string,
  ): Promise<Pick<VendorDecision, 'documentType' | 'findings'> | undefined> {
    try {
      const text = await call(ocrSchema, `${settings.ocrDataPath}${query(sessionId)}`)
      // The second version wraps the response of the first.
      const data = 'ocrData' in text ? membersOf(text.ocrData) : text
      const type = documentType(data.typeOfId)
      return { documentType: type, findings: readFindings(data, type) }
    } catch (error) {
      if (isStatus(error, 404)) return undefined
      throw error
    }
  }

  return {
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

    repeatMayCarryNews: true,

    read,

    async startSession({ verificationId, returnUrl }) {
      const started = await send(startedSchema, '/omni/start', undefined, {
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

    async fetchResult(sessionId): Promise<VendorDecision[]> {
      const found = (status: VerificationStatus, more: Partial<VendorDecision> = {}) => [
        { ...UNDATED, status, ...more },
      ]
      let onboardingStatus: string
      try {
        const path = `/omni/get/onboarding/status${query(sessionId)}`
        onboardingStatus = (await call(onboardingSchema, path)).onboardingStatus
      } catch (error) {
        // The session existed when it was started, so the vendor has deleted it.
        if (isStatus(error, 404)) return found('expired', { reason: GONE })
        throw error
      }
      if (onboardingStatus === 'EXPIRED') return found('expired')
      const override = OVERRIDES.get(onboardingStatus)
      if (!override && onboardingStatus !== 'ONBOARDING_FINISHED') return []
      const status = override ?? (await findScore(sessionId))
      if (status === 'approved') return found(status, await findDocument(sessionId))
      if (status === 'pending') return found(status)
      // The decision does not wait for the document's text: a manual review may still approve.
      const { findings } = (await findDocument(sessionId).catch(ifVendorError)) ?? {}
      return found(status, { findings })
    },

    async listMedia({ sessionId, listing }): Promise<Media[]> {
      const { imageLinksPath: path, imageTypes } = settings
      // All images together would exceed the vendor's limit, so `download` finds out which ones exist.
      if (!path) return imageTypes.map((type) => latestMedia(type, listing))
      const types = imageTypes.filter((type) => !isCropped(type))
      const links = await requestImages(path, sessionId, types)
      const media = types.flatMap((type) => listAttempts(links, type, listing))
      // A session cannot be approved without images.
      if (media.length === 0)
        throw new NotReadyError('the vendor has no images of this session yet')
      return media
    },

    async download({ sessionId, mediaId }, maxBytes) {
      const [, type = '', taken] = /^(\w+)(?:@(\d+)|#\d+)$/.exec(mediaId) ?? []
      const path = settings.imageLinksPath
      if (!path && taken !== undefined)
        throw new VendorError('an earlier image is only available by a link')
      try {
        if (path) {
          // The link is valid for an hour, so it is requested just before its use.
          const links = await requestImages(path, sessionId, [type])
          const url = taken === undefined ? links[type] : findEarlierLinks(links, type).get(taken)
          const hosts = [new URL(baseUrl).host, ...settings.imageHosts]
          return await fetchSignedUrl(requireText(url), { hosts, maxBytes })
        }
        const largest = Math.ceil(maxBytes * LARGEST_ENCODING) + 1024
        const images = await requestImages('/omni/get/images', sessionId, [type], largest)
        const bytes = decodeBase64(requireText(images[type]))
        if (bytes.length > maxBytes) throw new VendorError('the image is larger than allowed')
        return bytes
      } catch (error) {
        if (isStatus(error, 404)) throw new ImageNotFoundError('the vendor has no such image')
        throw error
      }
    },

    async deleteSession(sessionId) {
      try {
        const path = `/omni/interview?interviewId=${encodeURIComponent(segment(sessionId))}`
        await call(z.unknown(), path, { method: 'DELETE' })
      } catch (error) {
        if (!isStatus(error, 404)) throw error
      }
      return 'deleted'
    },

    // The vendor stops retrying a delivery after half an hour (§5.3).
    checkAfterSeconds: (checks) => (checks === 0 ? 300 : defaultCheckAfterSeconds(checks)),
  }

  async function findScore(sessionId: string): Promise<VerificationStatus> {
    const { overall } = await call(scoreSchema, `/omni/get/score${query(sessionId)}`)
    const status = SCORES.get(overall.status)
    if (!status) throw new VendorError('the vendor answered an unknown score')
    return status
  }

  function documentType(theirs: unknown): DocumentType | undefined {
    if (typeof theirs !== 'string' || !theirs) return undefined
    const words = settings.documentTypes.map((word) => word.split(':', 2))
    const [, ours] = words.find(([name]) => name === theirs) ?? []
    return DOCUMENT_TYPES.find((type) => type === ours) ?? 'other'
  }
}

type Login = { baseUrl: string; headers: Record<string, string>; email: string; password: string }

// The vendor's default is a day (§5.1); tokens are replaced well before.
const TOKEN_SECONDS = 12 * 3600

async function logIn({ baseUrl, headers, email, password }: Login) {
  const { bytes } = await callVendor(baseUrl, '/executive/log-in', {
    maxBytes: JSON_LIMIT,
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const parsed = tokenSchema.safeParse(parseJson(bytes))
  if (!parsed.success) throw new VendorError('the vendor answered a log-in without a token')
  return { token: parsed.data.token, expiresInSeconds: TOKEN_SECONDS }
}

const JSON_LIMIT = 4 * 1024 * 1024
// Base64 is a third longer, and may contain escaped line ends.
const LARGEST_ENCODING = 1.45
const GONE = 'the vendor deleted this session'

const isStatus = (error: unknown, status: number) =>
  error instanceof VendorStatusError && error.status === status

const ID = /^[A-Za-z0-9._-]{1,200}$/
const id = z.string().regex(ID)
const token = z.string().regex(/^[\x21-\x7e]+$/)
const tokenSchema = z.object({ token })
const startedSchema = z.object({ interviewId: id, token, clientId: z.string().nullish() })
const urlSchema = z.object({ url: z.url({ protocol: /^https?$/ }) })
const onboardingSchema = z.object({ onboardingStatus: z.string() })
const scoreSchema = z.object({ overall: z.object({ status: z.string() }) })
const ocrSchema = z.record(z.string(), z.unknown())
const imagesSchema = z.record(z.string(), z.unknown())
const otherSchema = z.object({ interviewId: id })
const deliverySchema = z.object({
  interviewId: id,
  onboardingStatus: z.string(),
  externalId: z.string().min(1).optional().catch(undefined),
})

type Links = z.infer<typeof imagesSchema>

// A result has no attempt and no time.
const UNDATED = {
  attemptId: '',
  decidedAt: undefined,
  isUndated: true,
  documentType: undefined,
  reason: undefined,
} as const

const SCORES = new Map<string, VerificationStatus>([
  ['OK', 'approved'],
  ['MANUAL_OK', 'approved'],
  ['FAIL', 'declined'],
  ['MANUAL_FAIL', 'declined'],
  ['WARN', 'review'],
  ['MANUAL', 'review'],
  ['MANUAL_PENDING', 'review'],
  ['UNKNOWN', 'pending'],
])
// A manual review at the vendor overrides the automatic score (§5.5).
const OVERRIDES = new Map<string, VerificationStatus>([
  ['MANUAL_REVIEW_APPROVED', 'approved'],
  ['MANUAL_REVIEW_REJECTED', 'declined'],
])
const RESULT_STATUSES = ['ONBOARDING_FINISHED', 'EXPIRED', ...OVERRIDES.keys()]
const PROGRESS_STATUSES = [
  'ID_VALIDATION_FINISHED',
  'ID_VALIDATION_FINISHED_SECOND_ID',
  'POST_PROCESSING_FINISHED',
  'FACE_VALIDATION_FINISHED',
  'GOVERNMENT_VALIDATION_FINISHED',
  'UNKNOWN',
]

function read(body: Uint8Array): VendorReport {
  const json = parseJson(body)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { kind: 'unknown', explanation: 'the body is not a JSON object' }
  // Incode ID, another product; its token is not used here (§5.3).
  if ('event' in json && 'token' in json)
    return { kind: 'ignored', explanation: 'a message of Incode ID, which is another product' }
  const other = otherSchema.safeParse(json)
  if (other.success && !('onboardingStatus' in json))
    return {
      kind: 'ignored',
      sessionId: other.data.interviewId,
      explanation: 'a message about a session, of another kind',
    }
  const parsed = deliverySchema.safeParse(json)
  if (!parsed.success) return { kind: 'unknown', explanation: 'none of the shapes of Incode' }
  const { interviewId, onboardingStatus, externalId } = parsed.data
  if (PROGRESS_STATUSES.includes(onboardingStatus))
    return {
      kind: 'ignored',
      sessionId: interviewId,
      explanation: `an intermediate step: ${onboardingStatus}`,
    }
  if (!RESULT_STATUSES.includes(onboardingStatus))
    return { kind: 'unknown', explanation: 'an onboarding status that is not known' }
  return {
    kind: 'notice',
    sessionId: interviewId,
    echoed: externalId,
    explanation: `onboarding status ${onboardingStatus}`,
  }
}

const TYPES = new Map([
  ['selfie', 'selfie'],
  ['croppedFace', 'selfie_cropped'],
  ['fullFrameFrontID', 'document_front'],
  ['croppedFrontID', 'document_front_cropped'],
  ['fullFrameBackID', 'document_back'],
  ['croppedBackID', 'document_back_cropped'],
])
const typeOf = (theirs: string): string =>
  TYPES.get(theirs) ?? theirs.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()

// The vendor has no links to cropped images (§5.4).
const isCropped = (type: string) => type.startsWith('cropped')

/** The vendor's latest image of a type at this listing; at the next one it may be another image. */
const latestMedia = (type: string, listing: number): Media => ({
  mediaId: `${type}#${listing}`,
  type: typeOf(type),
  size: undefined,
  capturedAt: undefined,
})

/** The links to earlier images, by the time when each was taken; both spellings of the key are in use (§5.4). */
function findEarlierLinks(links: Links, type: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const all of [links[`${type}_prevAttempts`], links[`${type}_prevAttemps`]])
    for (const [time, url] of typeof all === 'object' ? Object.entries(all ?? {}) : [])
      if (/^\d{1,20}$/.test(time) && typeof url === 'string' && url !== '') found.set(time, url)
  return found
}

/** The latest image, then the earlier ones, newest first. According to the documentation the newest of these repeats the latest. */
function listAttempts(links: Links, type: string, listing: number): Media[] {
  const attempts = [...findEarlierLinks(links, type)].sort(([a], [b]) => Number(b) - Number(a))
  const latest = links[type]
  const [, newest] = attempts[0] ?? []
  const isRepeated = typeof latest !== 'string' || removeQuery(latest) === removeQuery(newest)
  return [
    ...(latest && !isRepeated ? [latestMedia(type, listing)] : []),
    ...attempts.map(([time]) => ({
      mediaId: `${type}@${time}`,
      type: typeOf(type),
      size: undefined,
      // Milliseconds; any other number is only an identifier.
      capturedAt: /^\d{12,13}$/.test(time) ? new Date(Number(time)) : undefined,
    })),
  ]
}

// The query is a signature, which differs between two links to one image.
const removeQuery = (url: string | undefined) => url?.replace(/\?.*$/s, '')

/** Throws when a type has no image: its key is missing, `null` or empty (§5.4). */
function requireText(value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new ImageNotFoundError('the vendor has no such image')
  return value
}

function ifVendorError(error: unknown): undefined {
  if (!(error instanceof VendorError)) throw error
}

/** Reads the response of “Fetch OCR Data”: every member may be missing, and dates are milliseconds in UTC. */
function readFindings(
  data: Record<string, unknown>,
  type: DocumentType | undefined,
): DocumentFindings | undefined {
  const name = membersOf(data.name)
  return toFindings({
    givenName: givenNames(name),
    surname: joinText(name.paternalLastName, name.maternalLastName) ?? name.lastNameMrz,
    fullName: [name.fullName, name.machineReadableFullName, data.fullNameMrz].find(toText),
    dateOfBirth: dateOfEpoch(data.birthDate),
    // The printed nationality may be a word in any language.
    nationality: toCountry(data.nationalityMrz) ?? data.nationality,
    documentType: type,
    country: data.issuingCountry,
    number: data.documentNumber,
    // `issueDate` and `expirationDate` contain only the year.
    issuedOn: dateOfEpoch(data.issuedAt),
    expiresOn: dateOfEpoch(data.expireAt),
  })
}

/** `firstName` has all given names of some documents, and only the first of others. */
function givenNames({ firstName, middleName, givenName, givenNameMrz }: Record<string, unknown>) {
  const [first, middle] = [toText(firstName), toText(middleName)]
  if (!first) return toText(givenName) ?? givenNameMrz
  return middle && !first.split(/\s+/).includes(middle) ? `${first} ${middle}` : first
}

function decodeBase64(text: string): Uint8Array {
  const bare = text.replace(/^\s*data:[^,]{0,100},/, '').replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(bare) || bare.length % 4 !== 0)
    throw new VendorError('the image is not base64')
  return Buffer.from(bare, 'base64')
}

function isEqual(header: ReadHeader, name: string, secret: string): boolean {
  const given = header(name)
  return given !== undefined && isEqualSecret(given, secret)
}

function segment(name: string): string {
  if (!ID.test(name)) throw new VendorError('the session id is not valid')
  return name
}

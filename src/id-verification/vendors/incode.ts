import { z } from 'zod'
import { OperatorError } from '../../platform/errors.ts'
import { callVendor, fetchSignedUrl, isStatus, withCredentials } from './call.ts'
import { dateOfEpoch, joinText, membersOf, toCountry, toFindings, toText } from './findings.ts'
import { parseAnswer, parseJson } from './parsing.ts'
import { INCODE_REASONS } from './reasons/incode.ts'
import { toReasons } from './reasons/reason.ts'
import { isEqualSecret } from './signatures.ts'
import { createTokenCache, sendWithToken, type TokenCache } from './tokens.ts'
import {
  DELETED_SESSION,
  type DocumentFindings,
  type DocumentType,
  defaultCheckAfterSeconds,
  ImageNotFoundError,
  type Integration,
  listCallCredentials,
  listDeliveryCredentials,
  type Media,
  NotReadyError,
  parseSettings,
  type ReadHeader,
  type SettingsOf,
  settingList,
  UNDATED,
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
  imageHosts: settingList(z.string().regex(/^\S+$/)).default([]),
  imageTypes: settingList(z.string().regex(/^[A-Za-z0-9]{1,60}$/)).default([
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
  documentTypes: settingList(
    z.string().regex(new RegExp(`^[^:]{1,60}:(${DOCUMENT_TYPES.join('|')})$`)),
  ).default(['Passport:passport', 'DriversLicense:drivers_license']),
}
type Settings = SettingsOf<typeof SETTINGS>

/**
 * The adapter of Incode Omni, by `docs/vendor-protocols.md` §5; § in this file refers to it. The shared secret is the executive
 * user's password. The score decides: "finished" means that the person is done, not that they passed.
 */
export function createIncode(integration: Integration, tokens = createTokenCache()): Vendor {
  const settings = parseSettings('incode', SETTINGS, integration.settings)
  const accepted = listDeliveryCredentials(integration.secrets)
  if (settings.webhookHeader && !integration.secrets.webhookSecret)
    throw new OperatorError('The header of deliveries needs a value: --webhook-secret-stdin.')
  const api = createApi(integration, settings, tokens)
  const images = settings.imageLinksPath
    ? linkedImages(api, settings.imageLinksPath, integration, settings)
    : encodedImages(api, settings)

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
      return accepted.some(({ webhookSecret }) =>
        Boolean(name && webhookSecret && isEqual(header, name, webhookSecret)),
      )
    },

    repeatMayCarryNews: true,

    read,

    async startSession({ verificationId, returnUrl }) {
      const { configurationId, countryCode, language } = settings
      const { started, callAgain } = await api.startSession({
        countryCode,
        ...(configurationId ? { configurationId } : {}),
        externalCustomerId: verificationId,
        language,
        redirectionUrl: returnUrl,
      })
      const client = started.clientId ? `?clientId=${encodeURIComponent(started.clientId)}` : ''
      const { url } = await callAgain(urlSchema, `/omni/onboarding-url${client}`)
      return { sessionId: started.interviewId, url }
    },

    async fetchResult(sessionId) {
      const onboardingStatus = await findOnboardingStatus(api, sessionId)
      // The session existed when it was started, so the vendor has deleted it.
      if (onboardingStatus === undefined) return [DELETED_SESSION]
      if (onboardingStatus === 'EXPIRED') return [{ ...UNDATED, status: 'expired' }]
      const override = OVERRIDES.get(onboardingStatus)
      if (!override && onboardingStatus !== 'ONBOARDING_FINISHED') return []
      const { status, reasons } = override
        ? { status: override, reasons: undefined }
        : await fetchScore(api, sessionId)
      // The person has finished, and there is no score yet.
      if (status === 'pending') return [{ ...UNDATED, status, isSubmitted: true }]
      if (status === 'approved')
        return [{ ...UNDATED, status, ...(await findDocument(api, sessionId, settings)) }]
      // The decision does not wait for the document's text: a manual review may still approve.
      const document = await findDocument(api, sessionId, settings).catch(ifVendorError)
      return [{ ...UNDATED, status, reasons, findings: document?.findings }]
    },

    listMedia: images.listMedia,

    async download(media, maxBytes) {
      try {
        return await images.download(media, maxBytes)
      } catch (error) {
        if (isStatus(error, 404)) throw new ImageNotFoundError('the vendor has no such image')
        throw error
      }
    },

    async deleteSession(sessionId) {
      try {
        const path = `/omni/interview?interviewId=${encodeURIComponent(segment(sessionId))}`
        await api.callJson(z.unknown(), path, { method: 'DELETE' })
      } catch (error) {
        if (!isStatus(error, 404)) throw error
      }
      return 'deleted'
    },

    // The vendor stops retrying a delivery after half an hour (§5.3).
    checkAfterSeconds: (checks) => (checks === 0 ? 300 : defaultCheckAfterSeconds(checks)),
  }
}

type Api = ReturnType<typeof createApi>

/** The vendor's API, as the executive user or with a session's own token (§5.1). */
function createApi({ baseUrl, secrets }: Integration, settings: Settings, tokens: TokenCache) {
  const all = listCallCredentials(secrets)
  const candidates = all.map(({ apiKey, secret }) => ({
    baseUrl,
    headers: headersOf(apiKey),
    email: settings.executiveEmail,
    password: secret,
  }))
  const authorize = (token: string): Record<string, string> =>
    settings.authorizationStyle === 'bearer'
      ? { Authorization: `Bearer ${token}` }
      : { 'X-Incode-Hardware-Id': token }

  async function send<T>(
    headers: Record<string, string>,
    schema: z.ZodType<T>,
    path: string,
    { method, body, maxBytes }: { method?: string; body?: object; maxBytes?: number } = {},
  ): Promise<T> {
    const { bytes } = await callVendor(baseUrl, path, {
      method,
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
      maxBytes,
    })
    return parseAnswer(schema, parseJson(bytes), 'Incode')
  }

  return {
    /** Sends a request as the executive user. */
    callJson: <T>(
      schema: z.ZodType<T>,
      path: string,
      request?: Parameters<typeof send>[3],
    ): Promise<T> =>
      sendWithToken(tokens, { candidates, request: logIn }, (token, { headers }) =>
        send({ ...headers, ...authorize(token) }, schema, path, request),
      ),

    /** Starts a session. `callAgain` sends a request with the session's own token. */
    startSession: (body: object) =>
      withCredentials(all, async ({ apiKey }) => {
        const headers = headersOf(apiKey)
        const started = await send(headers, startedSchema, '/omni/start', { body })
        const own = { ...headers, ...authorize(started.token) }
        return {
          started,
          callAgain: <T>(schema: z.ZodType<T>, path: string) => send(own, schema, path),
        }
      }),
  }
}

const headersOf = (apiKey: string) => ({ 'api-version': '1.0', 'x-api-key': apiKey })

const sessionQuery = (sessionId: string) => `?id=${encodeURIComponent(segment(sessionId))}`

function segment(name: string): string {
  if (!ID.test(name)) throw new VendorError('the session id is not valid')
  return name
}

type Credentials = {
  baseUrl: string
  headers: Record<string, string>
  email: string
  password: string
}

// The vendor's default is a day (§5.1); tokens are replaced well before.
const TOKEN_SECONDS = 12 * 3600

async function logIn({ baseUrl, headers, email, password }: Credentials) {
  const { bytes } = await callVendor(baseUrl, '/executive/log-in', {
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const parsed = tokenSchema.safeParse(parseJson(bytes))
  if (!parsed.success) throw new VendorError('the vendor answered a log-in without a token')
  return { token: parsed.data.token, expiresInSeconds: TOKEN_SECONDS }
}

function isEqual(header: ReadHeader, name: string, secret: string): boolean {
  const given = header(name)
  return given !== undefined && isEqualSecret(given, secret)
}

const ID = /^[A-Za-z0-9._-]{1,200}$/
const id = z.string().regex(ID)
const token = z.string().regex(/^[\x21-\x7e]+$/)
const tokenSchema = z.object({ token })
const startedSchema = z.object({ interviewId: id, token, clientId: z.string().nullish() })
const urlSchema = z.object({ url: z.url({ protocol: /^https?$/ }) })
const onboardingSchema = z.object({ onboardingStatus: z.string() })
const scoreSchema = z.looseObject({ overall: z.object({ status: z.string() }) })
const ocrSchema = z.record(z.string(), z.unknown())
const imagesSchema = z.record(z.string(), z.unknown())
type Links = z.infer<typeof imagesSchema>
const otherSchema = z.object({ interviewId: id })
const deliverySchema = z.object({
  interviewId: id,
  onboardingStatus: z.string(),
  externalId: z.string().min(1).optional().catch(undefined),
})

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

/** Returns the status of a session; `undefined` when the vendor has no such session. */
async function findOnboardingStatus(api: Api, sessionId: string): Promise<string | undefined> {
  try {
    const path = `/omni/get/onboarding/status${sessionQuery(sessionId)}`
    return (await api.callJson(onboardingSchema, path)).onboardingStatus
  } catch (error) {
    if (isStatus(error, 404)) return undefined
    throw error
  }
}

async function fetchScore(
  api: Api,
  sessionId: string,
): Promise<Pick<VendorDecision, 'status' | 'reasons'>> {
  const score = await api.callJson(scoreSchema, `/omni/get/score${sessionQuery(sessionId)}`)
  const status = SCORES.get(score.overall.status)
  if (!status) throw new VendorError('the vendor answered an unknown score')
  return { status, reasons: toReasons(INCODE_REASONS, listFailedTests(score)) }
}

/** Of each failed block its name, and the tests of it that failed; a test may fail in a block that did not. */
function listFailedTests(score: Record<string, unknown>): string[] {
  const isFailed = (part: unknown) => /^(MANUAL_)?FAIL$/.test(String(membersOf(part).status))
  return Object.entries(score).flatMap(([name, block]) => {
    if (!isFailed(membersOf(block).overall)) return []
    return [
      name,
      ...Object.entries(membersOf(block)).flatMap(([key, part]) =>
        (Array.isArray(part) ? part : [{ ...membersOf(part), key }])
          .filter(isFailed)
          .map((test) => String(membersOf(test).key)),
      ),
    ]
  })
}

/** Fetches what was read from the document; `undefined` in a flow without one. */
async function findDocument(
  api: Api,
  sessionId: string,
  { ocrDataPath, documentTypes }: Settings,
): Promise<Pick<VendorDecision, 'documentType' | 'findings'> | undefined> {
  try {
    const text = await api.callJson(ocrSchema, `${ocrDataPath}${sessionQuery(sessionId)}`)
    // The second version wraps the response of the first.
    const data = 'ocrData' in text ? membersOf(text.ocrData) : text
    const type = documentType(data.typeOfId, documentTypes)
    return { documentType: type, findings: readFindings(data, type) }
  } catch (error) {
    if (isStatus(error, 404)) return undefined
    throw error
  }
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

/** `mappings` are those of the setting, each `theirs:ours`. */
function documentType(theirs: unknown, mappings: readonly string[]): DocumentType | undefined {
  if (typeof theirs !== 'string' || !theirs) return undefined
  const words = mappings.map((word) => word.split(':', 2))
  const [, ours] = words.find(([name]) => name === theirs) ?? []
  return DOCUMENT_TYPES.find((type) => type === ours) ?? 'other'
}

type Images = Pick<Vendor, 'listMedia' | 'download'>

/** Reads the images by links, for which the vendor has the address `path` (§5.4). */
function linkedImages(
  api: Api,
  path: string,
  { baseUrl }: Integration,
  { imageHosts, imageTypes }: Settings,
): Images {
  const hosts = [new URL(baseUrl).host, ...imageHosts]
  const types = imageTypes.filter((type) => !isCropped(type))
  const fetchLinks = (sessionId: string, images: string[]) =>
    api.callJson(imagesSchema, `${path}${sessionQuery(sessionId)}`, { body: { images } })

  return {
    async listMedia({ sessionId, listing }) {
      const links = await fetchLinks(sessionId, types)
      const media = types.flatMap((type) => listAttempts(links, type, listing))
      // A session cannot be approved without images.
      if (media.length === 0)
        throw new NotReadyError('the vendor has no images of this session yet')
      return media
    },

    async download({ sessionId, mediaId }, maxBytes) {
      const { type, takenAt } = readMediaId(mediaId)
      // The link is valid for an hour, so it is requested just before its use.
      const links = await fetchLinks(sessionId, [type])
      const url = takenAt === undefined ? links[type] : findEarlierLinks(links, type).get(takenAt)
      return await fetchSignedUrl(requireText(url), { hosts, maxBytes })
    },
  }
}

/** Reads the images as base64, each in a response of its own. */
function encodedImages(api: Api, { imageTypes }: Settings): Images {
  return {
    // All images together would exceed the vendor's limit, so `download` finds out which ones exist.
    listMedia: async ({ listing }) => imageTypes.map((type) => latestMedia(type, listing)),

    async download({ sessionId, mediaId }, maxBytes) {
      const { type, takenAt } = readMediaId(mediaId)
      if (takenAt !== undefined)
        throw new VendorError('an earlier image is only available by a link')
      const path = `/omni/get/images${sessionQuery(sessionId)}`
      const images = await api.callJson(imagesSchema, path, {
        body: { images: [type] },
        maxBytes: Math.ceil(maxBytes * LARGEST_ENCODING) + 1024,
      })
      const bytes = decodeBase64(requireText(images[type]))
      if (bytes.length > maxBytes) throw new VendorError('the image is larger than allowed')
      return bytes
    },
  }
}

// Base64 is a third longer, and may contain escaped line ends.
const LARGEST_ENCODING = 1.45

/** Reads an id of `latestMedia`, or of an earlier image, which has the time when it was taken. */
function readMediaId(mediaId: string): { type: string; takenAt: string | undefined } {
  const [, type = '', takenAt] = /^(\w+)(?:@(\d+)|#\d+)$/.exec(mediaId) ?? []
  return { type, takenAt }
}

/** Our types of the images that the vendor names (§5.4). Parts that it cut out end in `_cropped`. */
export const INCODE_IMAGE_TYPES: ReadonlyMap<string, string> = new Map([
  ['selfie', 'selfie'],
  ['croppedFace', 'selfie_cropped'],
  ['fullFrameFrontID', 'document_front'],
  ['croppedFrontID', 'document_front_cropped'],
  ['croppedOriginalFrontID', 'document_front_original_cropped'],
  ['fullFrameBackID', 'document_back'],
  ['croppedBackID', 'document_back_cropped'],
  ['croppedOriginalBackID', 'document_back_original_cropped'],
  ['croppedIDFace', 'document_face_cropped'],
  ['croppedSecondIDFace', 'second_document_face_cropped'],
  ['document', 'document'],
  ['signature', 'signature'],
  ['addressStatement', 'address_statement'],
])
const typeOf = (theirs: string): string =>
  INCODE_IMAGE_TYPES.get(theirs) ?? theirs.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()

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

function decodeBase64(text: string): Uint8Array {
  const bare = text.replace(/^\s*data:[^,]{0,100},/, '').replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(bare) || bare.length % 4 !== 0)
    throw new VendorError('the image is not base64')
  return Buffer.from(bare, 'base64')
}

import { z } from 'zod'
import { callVendor, isStatus } from './call.ts'
import { membersOf, toFindings } from './findings.ts'
import { parseAnswer, parseJson, text, toImageType } from './parsing.ts'
import { MOSAIC_REASONS } from './reasons/mosaic.ts'
import { toReasons } from './reasons/reason.ts'
import { createTokenCache, sendWithToken, type TokenCache } from './tokens.ts'
import {
  DELETED_SESSION,
  type DocumentFindings,
  type DocumentType,
  type Integration,
  listCallCredentials,
  type Media,
  NotReadyError,
  parseSettings,
  type SettingsOf,
  UNDATED,
  type Vendor,
  type VendorDecision,
  VendorError,
  type VerificationStatus,
} from './vendor.ts'

const path = z.string().regex(/^(\/[A-Za-z0-9._~-]+)+$/, 'must be a path such as /verify/app')

const SETTINGS = {
  /** The `resource` of token requests; the vendor will refuse requests without it (§6.1). */
  resource: z.string().min(1).default('https://verify.identity.security'),
  verifyPath: path.default('/verify/api/v1'),
  /** The page for people; the start token is appended. */
  appPath: path.default('/verify/app'),
  /** The organization's name on that page; one word. */
  organizationName: z.string().min(1).optional(),
  /** Selects the structure of results; a deprecated parameter, sent only when it is set (§6.4). */
  detailed: z.boolean().optional(),
}
type Settings = SettingsOf<typeof SETTINGS>

/**
 * The adapter of Transmit Security's document verification, by `docs/vendor-protocols.md` §6; § in this file refers to it. The API
 * key is the client id, the shared secret the client secret. It sends no deliveries: results are polled.
 */
export function createMosaic(integration: Integration, tokens = createTokenCache()): Vendor {
  const settings = parseSettings('mosaic', SETTINGS, integration.settings)
  const api = createApi(integration, settings, tokens)

  return {
    // Mosaic sends no deliveries, so none is genuine.
    isGenuine: () => false,

    read: () => ({ kind: 'unknown', explanation: 'Mosaic sends no deliveries' }),

    opensOnce: true,

    async startSession({ returnUrl, state }) {
      const { appPath, organizationName } = settings
      const started = await api.callJson(startedSchema, '/verification', {
        body: {
          callback_url: returnUrl,
          state,
          ...(organizationName === undefined
            ? {}
            : { customer_information: { organization_name: organizationName } }),
        },
      })
      const page = `${integration.baseUrl.replace(/\/+$/, '')}${appPath}`
      return {
        sessionId: started.session_id,
        url: `${page}/${encodeURIComponent(started.start_token)}`,
      }
    },

    async fetchResult(sessionId) {
      try {
        return [toDecision(await api.findResult(sessionId))]
      } catch (error) {
        // The session existed when it was started. Undecided ones are deleted after 90 days (§6.7).
        if (isStatus(error, 404)) return [DELETED_SESSION]
        throw error
      }
    },

    async listMedia({ sessionId }) {
      const { verification_images: chosen } = await api.findResult(sessionId)
      const path = `${sessionPath(sessionId)}/images`
      const { session_images: all } = await api.callJson(imagesSchema, path)
      const media = chooseImages(chosen ?? [], all)
      // A session cannot be approved without images.
      if (media.length === 0)
        throw new NotReadyError('the vendor has no images of this session yet')
      return media
    },

    async download({ sessionId, mediaId }, maxBytes) {
      const path = `${sessionPath(sessionId)}/images/${encodeURIComponent(mediaId)}?format=raw`
      const { bytes, headers } = await api.call(path, { maxBytes })
      // A proxy's error page: worth a retry, unlike an invalid image.
      if (/^(text\/|application\/json)/i.test(headers.get('content-type') ?? ''))
        throw new VendorError('the answer is not an image')
      return bytes
    },

    async deleteSession(sessionId) {
      try {
        await api.call(sessionPath(sessionId), { method: 'DELETE' })
      } catch (error) {
        if (!isStatus(error, 404)) throw error
      }
      return 'deleted'
    },

    // Five seconds, doubled each time up to a quarter of an hour, for the 90 days that the vendor keeps a session.
    checkAfterSeconds: (checks) =>
      checks < POLLS ? Math.min(5 * 2 ** Math.min(checks, 10), LONGEST_POLL_SECONDS) : undefined,
  }
}

const LONGEST_POLL_SECONDS = 15 * 60
const POLLS = (90 * 24 * 3600) / LONGEST_POLL_SECONDS

/** The vendor's API, with a token of the integration's client (§6.1). */
function createApi({ baseUrl, secrets }: Integration, settings: Settings, tokens: TokenCache) {
  const candidates = listCallCredentials(secrets).map(({ apiKey, secret }) => ({
    baseUrl,
    clientId: apiKey,
    clientSecret: secret,
    resource: settings.resource,
  }))

  const call = (
    path: string,
    { method, body, maxBytes }: { method?: string; body?: object; maxBytes?: number } = {},
  ): ReturnType<typeof callVendor> =>
    sendWithToken(tokens, { candidates, request: requestToken }, (token) =>
      callVendor(baseUrl, `${settings.verifyPath}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        body: body && JSON.stringify(body),
        maxBytes,
      }),
    )

  async function callJson<T>(
    schema: z.ZodType<T>,
    ...request: Parameters<typeof call>
  ): Promise<T> {
    const { bytes } = await call(...request)
    return parseAnswer(schema, parseJson(bytes), 'Mosaic')
  }

  /** Fetches the result, and checks that it is of this session. */
  async function findResult(sessionId: string): Promise<Result> {
    const { detailed } = settings
    const query = detailed === undefined ? '' : `?detailed=${detailed}`
    const result = await callJson(resultSchema, `${sessionPath(sessionId)}/result${query}`)
    if (result.session_id !== sessionId) throw new VendorError('the answer is on another session')
    return result
  }

  return { call, callJson, findResult }
}

const sessionPath = (sessionId: string) => `/verification/${encodeURIComponent(sessionId)}`

type Credentials = { baseUrl: string; clientId: string; clientSecret: string; resource: string }

async function requestToken({ baseUrl, clientId, clientSecret, resource }: Credentials) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    resource,
  })
  const { bytes } = await callVendor(baseUrl, '/oidc/token', {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  const { access_token: token, expires_in: expiresInSeconds } = parseAnswer(
    tokenSchema,
    parseJson(bytes),
    'Mosaic',
  )
  return { token, expiresInSeconds }
}

const id = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._~-]{0,199}$/)

const tokenSchema = z.object({
  // RFC 6750 §2.1
  access_token: z.string().regex(/^[A-Za-z0-9._~+/-]+=*$/),
  expires_in: z.coerce.number().positive().catch(300),
})
const startedSchema = z.object({ session_id: id, start_token: z.string().min(1).max(4000) })

const resultSchema = z.object({
  session_id: z.string(),
  status: z.string(),
  // The deprecated structure has the same values (§6.4).
  recommendation: text,
  person: z.unknown().optional(),
  document: z.object({ type: text }).loose().nullish().catch(undefined),
  // The deprecated structure has one of these two (§6.4).
  verified_info: z.unknown().optional(),
  extracted_info: z.unknown().optional(),
  checks: z
    .record(z.string(), z.object({ recommendation: text, reasons: z.array(z.string()).nullish() }))
    .nullish()
    .catch(undefined),
  verification_images: z.array(z.object({ id, type: text })).nullish(),
})
type Result = z.infer<typeof resultSchema>

const imagesSchema = z.object({
  session_images: z.array(
    z.object({ id, type: text, rejected: z.boolean(), original: z.boolean() }),
  ),
})

const STATUSES = new Map<string, VerificationStatus>([
  ['pending', 'pending'],
  ['capturing', 'pending'],
  ['processing', 'pending'],
  // Still open: the person must take pictures again.
  ['recapture', 'resubmission'],
  ['error', 'error'],
])
const RECOMMENDATIONS = new Map<string, VerificationStatus>([
  ['ALLOW', 'approved'],
  ['CHALLENGE', 'review'],
  ['DENY', 'declined'],
])
const DOCUMENT_TYPES = new Map<string, DocumentType>([
  ['passport', 'passport'],
  ['national_id', 'national_id'],
  ['drivers_license', 'drivers_license'],
  ['residence_permit', 'residence_permit'],
  ['visa', 'visa'],
])

function toDecision(result: Result): VendorDecision {
  const isComplete = result.status === 'complete'
  const status = isComplete
    ? RECOMMENDATIONS.get(result.recommendation ?? '')
    : STATUSES.get(result.status)
  if (!status) throw new VendorError('the result has a status or recommendation that is not known')
  if (!isComplete)
    return { ...UNDATED, status, isSubmitted: result.status === 'processing' || undefined }
  const type = result.document?.type
  return {
    ...UNDATED,
    status,
    documentType: documentType(type),
    ...(status === 'approved' ? {} : describeFailure(result)),
    findings: readFindings(result),
  }
}

/** `person` and `document` in either structure (§6.4); the deprecated one repeats the person's names in the document. */
function readFindings(result: Result): DocumentFindings | undefined {
  const info = membersOf(result.verified_info ?? result.extracted_info)
  const person = membersOf(result.person ?? info.person)
  const document = membersOf(result.document ?? info.document)
  const stated = (name: string) => document[name] ?? person[name]
  return toFindings({
    givenName: stated('given_name'),
    surname: stated('surname'),
    fullName: stated('full_name'),
    dateOfBirth: stated('date_of_birth'),
    documentType: documentType(document.type),
    country: document.country,
    number:
      document.number ??
      document.serial_number ??
      document.id_value ??
      document.document_serial_number,
    issuedOn: document.issue_date,
    expiresOn: document.expiration_date ?? document.valid_until,
  })
}

const documentType = (type: unknown): DocumentType | undefined =>
  typeof type === 'string' && type ? (DOCUMENT_TYPES.get(type) ?? 'other') : undefined

/** The failed checks, as the vendor names them: `document_liveness: presentation_attack`; and what the person is told of them. */
function describeFailure({ checks }: Result): Pick<VendorDecision, 'reason' | 'reasons'> {
  const failed = Object.entries(checks ?? {}).filter(([, { recommendation }]) =>
    ['CHALLENGE', 'DENY'].includes(recommendation ?? ''),
  )
  const words = failed.map(([check, { reasons }]) =>
    [check, ...(reasons?.length ? [reasons.join(', ')] : [])].join(': '),
  )
  const codes = failed.flatMap(([check, { reasons }]) => [check, ...(reasons ?? [])])
  return {
    reason: words.join('; ').slice(0, 1000) || undefined,
    reasons: toReasons(MOSAIC_REASONS, codes),
  }
}

type SessionImage = z.infer<typeof imagesSchema>['session_images'][number]

/**
 * Orders the images: of each type the vendor's choice first, otherwise the last original that was not rejected (§6.5); then the
 * others, newest first. Rejected images get a type of their own, so that none is ever shown instead of an accepted one.
 */
function chooseImages(
  chosen: NonNullable<Result['verification_images']>,
  all: readonly SessionImage[],
): Media[] {
  const isChosen = new Set(chosen.map(({ id }) => id))
  const types = new Map(all.map(({ id, type }) => [id, type]))
  const others = all.filter(({ id }) => !isChosen.has(id)).toReversed()
  const accepted = others.filter(({ rejected }) => !rejected)
  const inOrder = [
    ...chosen.map(({ id, type }) => ({ id, type: type ?? types.get(id) })),
    ...accepted.filter(({ original }) => original),
    ...accepted.filter(({ original }) => !original),
  ].map(({ id, type }) => ({ id, type: typeName(type) }))
  const refused = others
    .filter(({ rejected }) => rejected)
    .map(({ id, type }) => ({ id, type: typeName(type) && `${typeName(type)}_rejected` }))
  return [...inOrder, ...refused].flatMap(({ id, type }) =>
    type ? [{ mediaId: id, type, size: undefined, capturedAt: undefined }] : [],
  )
}

// Leaves room for `_rejected`.
const typeName = (type: string | null | undefined): string => toImageType(type ?? '', 50)

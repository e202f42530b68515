import { z } from 'zod'
import { callVendor, fetchSignedUrl, isStatus, withCredentials } from './call.ts'
import { membersOf, toFindings } from './findings.ts'
import { id, parseAnswer, parseJson, pathSegment, text } from './parsing.ts'
import { toReasons } from './reasons/reason.ts'
import { STRIPE_REASONS } from './reasons/stripe.ts'
import { isHmacSigned, isRecent, withTimestamp } from './signatures.ts'
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
  type SettingsOf,
  settingList,
  UNDATED,
  type Vendor,
  type VendorDecision,
  VendorError,
  type VendorReport,
  type VerificationStatus,
} from './vendor.ts'

const SETTINGS = {
  /** The version of the API, sent with every request (§11.1). */
  apiVersion: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/)
    .default('2026-10-28.endive'),
  /** A verification flow of the vendor's dashboard, instead of a document and a selfie (§11.2). */
  verificationFlow: z
    .string()
    .regex(/^vf_[A-Za-z0-9_]{1,100}$/)
    .optional(),
  /** The person takes the photos of the document, and cannot upload them (§11.2). */
  liveCapture: z.boolean().default(false),
  /** What a failed check is here: the person may try again, or is declined (§11.4). */
  failedCheck: z.enum(['resubmission', 'declined']).default('resubmission'),
  timestampToleranceSeconds: z.int().min(1).max(3600).default(300),
  /** Hosts of the links to images, besides the base URL's (§11.5). */
  imageHosts: settingList().default(['files.stripe.com']),
}
type Settings = SettingsOf<typeof SETTINGS>

/**
 * The adapter of Stripe Identity, by `docs/vendor-protocols.md` §11; § in this file refers to it. The API key is a restricted key, the
 * shared secret that of the webhook endpoint. An attempt is a verification report. Deliveries are notices: only results that are
 * fetched from the vendor count.
 */
export function createStripe(integration: Integration, now: () => number = Date.now): Vendor {
  const accepted = listDeliveryCredentials(integration.secrets, now()).map(({ secret }) => secret)
  const settings = parseSettings('stripe', SETTINGS, integration.settings)
  const api = createApi(integration, settings, now)
  const imageHosts = [new URL(integration.baseUrl).host, ...settings.imageHosts]

  return {
    isGenuine(body, header) {
      const { timestamp, signatures } = readSignature(header('stripe-signature') ?? '')
      if (!isRecent(timestamp, now(), settings.timestampToleranceSeconds)) return false
      const message = withTimestamp(timestamp, body)
      return signatures.some((signature) => isHmacSigned(accepted, message, signature))
    },

    read,

    opensOnce: true,

    async startSession({ verificationId, returnUrl }) {
      const { id, url, client_reference_id } = await api.callJson(startedSchema, SESSIONS, {
        form: {
          ...checksOf(settings),
          client_reference_id: verificationId,
          return_url: returnUrl,
        },
        idempotencyKey: verificationId,
      })
      if ((client_reference_id ?? verificationId) !== verificationId)
        throw new VendorError('the answer is about another session')
      // Throws for an id by which the result could not be fetched.
      return { sessionId: pathSegment(id), url }
    },

    renewPage: async ({ sessionId }) => (await api.findSession(sessionId)).url ?? undefined,

    async fetchResult(sessionId) {
      const session = await api.findSession(sessionId)
      const { status, redaction, last_error, last_verification_report: reportId } = session
      if (redaction) return [DELETED_SESSION]
      if (status === 'canceled')
        return [{ ...UNDATED, status: 'expired', reason: 'the session was canceled' }]
      // The attempt has no id before its report.
      if (status === 'processing') return []
      if (status !== 'verified' && status !== 'requires_input')
        throw new VendorError('the vendor answered an unknown status')
      if (!reportId) return toDecisionBeforeReport(session)
      const report = await api.findReport(sessionId, reportId)
      return [toDecision(report, status, { last_error, failedCheck: settings.failedCheck })]
    },

    async listMedia({ sessionId, attemptId }) {
      // Nothing was submitted.
      if (!attemptId) return []
      const media = toMedia(await api.readReport(sessionId, attemptId))
      if (media.length === 0)
        throw new NotReadyError('the vendor does not list the images of this attempt')
      return media
    },

    async download({ mediaId }, maxBytes) {
      const url = await api.createFileLink(mediaId)
      return await fetchSignedUrl(url, { hosts: imageHosts, maxBytes })
    },

    async deleteSession(sessionId) {
      const {
        status,
        redaction,
        last_verification_report: reportId,
      } = await api.findSession(sessionId)
      const isEmpty = status === 'canceled' && !reportId
      // A redacted session cannot be redacted again (§11.6).
      if (!redaction && !isEmpty) await api.redact(sessionId)
      return 'deleted'
    },

    checkAfterSeconds: defaultCheckAfterSeconds,
  }
}

const SESSIONS = '/v1/identity/verification_sessions'
const REPORTS = '/v1/identity/verification_reports'
/** What the vendor shows of a document to restricted keys alone, and only when it is asked for (§11.4). */
const SENSITIVE = 'expand[]=document.dob&expand[]=document.expiration_date&expand[]=document.number'
const SENSITIVE_HOURS = 48
/** The vendor allows 30 (§11.5); the rest is for clocks that differ. */
const LINK_SECONDS = 20

type Request = { form?: Record<string, string>; idempotencyKey?: string }

/** The vendor's API (§11.1). */
function createApi({ baseUrl, secrets }: Integration, settings: Settings, now: () => number) {
  const all = listCallCredentials(secrets)

  const call = (path: string, { form, idempotencyKey }: Request = {}) =>
    withCredentials(all, ({ apiKey }) =>
      callVendor(baseUrl, path, {
        headers: {
          Authorization: `Bearer ${apiKey}`,
          'Stripe-Version': settings.apiVersion,
          ...(form ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
          ...(idempotencyKey ? { 'Idempotency-Key': idempotencyKey } : {}),
        },
        body: form && new URLSearchParams(form).toString(),
      }),
    )

  async function callJson<T>(schema: z.ZodType<T>, path: string, request?: Request): Promise<T> {
    const { bytes } = await call(path, request)
    return parseAnswer(schema, parseJson(bytes), 'Stripe')
  }

  async function findSession(sessionId: string): Promise<Session> {
    const found = await callJson(sessionSchema, sessionPath(sessionId))
    if (found.id !== sessionId) throw new VendorError('the answer is about another session')
    return found
  }

  /** Only an answer of the vendor's own counts as a deletion, not that of something in between. */
  async function redact(sessionId: string): Promise<void> {
    const path = `${sessionPath(sessionId)}/redact`
    const { id } = await callJson(sessionSchema, path, { form: {} })
    if (id !== sessionId) throw new VendorError('the answer is about another session')
  }

  /** Fetches a report, and checks that it is one of this session. */
  async function readReport(sessionId: string, reportId: string, query = ''): Promise<Report> {
    const found = await callJson(reportSchema, `${REPORTS}/${pathSegment(reportId)}${query}`)
    if (found.id !== reportId || found.verification_session !== sessionId)
      throw new VendorError('the answer is about another session')
    return found
  }

  /**
   * Fetches a report with the sensitive members. The vendor may refuse these for an older report; for a recent one a refusal means that
   * the key lacks a permission, which the operator has to correct.
   */
  async function findReport(sessionId: string, reportId: string): Promise<Report> {
    try {
      return await readReport(sessionId, reportId, `?${SENSITIVE}`)
    } catch (error) {
      if (!isStatus(error, 400, 403)) throw error
      const report = await readReport(sessionId, reportId)
      if (now() / 1000 - report.created <= SENSITIVE_HOURS * 3600) throw error
      return report
    }
  }

  /** Returns an address from which an image can be downloaded, without a key, for some seconds. */
  async function createFileLink(fileId: string): Promise<string> {
    const form = {
      file: fileId,
      expires_at: String(Math.floor(now() / 1000) + LINK_SECONDS),
    }
    try {
      return (await callJson(linkSchema, '/v1/file_links', { form })).url
    } catch (error) {
      if (isStatus(error, 404)) throw new ImageNotFoundError('the vendor has no such image')
      throw error
    }
  }

  return { callJson, findSession, redact, readReport, findReport, createFileLink }
}

const sessionPath = (sessionId: string) => `${SESSIONS}/${pathSegment(sessionId)}`

/** The checks of a new session. */
function checksOf({ verificationFlow, liveCapture }: Settings): Record<string, string> {
  if (verificationFlow) return { verification_flow: verificationFlow }
  return {
    type: 'document',
    'options[document][require_matching_selfie]': 'true',
    ...(liveCapture ? { 'options[document][require_live_capture]': 'true' } : {}),
  }
}

// During a change of secrets there is one for each; a forged header must not cost more.
const MAX_SIGNATURES = 10

/** Reads `t=…,v1=…,v1=…`. Signatures of other schemes than `v1` do not count (§11.3). */
function readSignature(header: string): { timestamp: string; signatures: string[] } {
  const valuesOf = (name: string) =>
    header
      .split(',')
      .flatMap((part) =>
        part.trim().startsWith(`${name}=`) ? part.trim().slice(name.length + 1) : [],
      )
  const [timestamp = '', ...others] = valuesOf('t')
  const signatures = valuesOf('v1')
  const isValid = others.length === 0 && signatures.length <= MAX_SIGNATURES
  return isValid ? { timestamp, signatures } : { timestamp: '', signatures: [] }
}

const reportId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)

const startedSchema = z.object({
  id,
  client_reference_id: text,
  url: z.url({ protocol: /^https?$/ }),
})
const linkSchema = z.object({ url: z.string() })
const sessionSchema = z.object({
  id,
  status: z.string(),
  url: z
    .url({ protocol: /^https?$/ })
    .nullish()
    .catch(undefined),
  redaction: z.unknown().optional(),
  last_error: z.object({ code: text }).nullish().catch(undefined),
  last_verification_report: reportId.nullish(),
})
type Session = z.infer<typeof sessionSchema>

const check = z.object({ status: text }).nullish().catch(undefined)
const reportSchema = z.object({
  id: reportId,
  created: z.number(),
  verification_session: z.string(),
  document: z.object({ status: text, type: text }).loose().nullish().catch(undefined),
  selfie: z.object({ status: text }).loose().nullish().catch(undefined),
  id_number: check,
  email: check,
  phone: check,
})
type Report = z.infer<typeof reportSchema>

const fileId = z.string().regex(/^[A-Za-z0-9_-]{1,200}$/)
// Strict, unlike what a decision needs: a list that is not understood is no list without images.
const filesSchema = z.object({
  document: z.array(fileId).nullish(),
  selfie: fileId.nullish(),
  selfieDocument: fileId.nullish(),
})

const eventSchema = z.object({
  type: z.string(),
  data: z
    .object({ object: z.object({ id: id.nullish().catch(undefined), client_reference_id: text }) })
    .nullish()
    .catch(undefined),
})

const EVENTS = 'identity.verification_session.'

/** Reads an event: only the session that it concerns counts (§11.3). */
function read(body: Uint8Array): VendorReport {
  const parsed = eventSchema.safeParse(parseJson(body))
  if (!parsed.success) return { kind: 'unknown', explanation: 'none of the shapes of Stripe' }
  const { type, data } = parsed.data
  if (!type.startsWith(EVENTS))
    return { kind: 'ignored', explanation: 'it is not about a verification session' }
  const { id: sessionId, client_reference_id: reference } = data?.object ?? {}
  if (!sessionId) return { kind: 'unknown', explanation: 'it names no session' }
  // Sent while the session is being started, so it may arrive before the session is known here.
  if (type === `${EVENTS}created`)
    return { kind: 'ignored', explanation: 'the session is new', sessionId }
  return {
    kind: 'notice',
    sessionId,
    // Redaction may replace it.
    echoed: type === `${EVENTS}redacted` ? undefined : (reference ?? undefined),
    explanation: 'a session changed',
  }
}

// The vendor verifies no minors, so there is nothing to try again (§11.4).
const FINAL_ERROR = 'under_supported_age'

/** What ended before the person submitted anything; nothing while the person has not ended it. */
function toDecisionBeforeReport({ status, last_error }: Session): VendorDecision[] {
  if (status === 'verified') throw new VendorError('the session is verified without a report')
  const code = last_error?.code
  if (!code) return []
  return [
    {
      ...UNDATED,
      status: code === FINAL_ERROR ? 'declined' : 'resubmission',
      reason: code.slice(0, 1000),
      reasons: toReasons(STRIPE_REASONS, [code]),
    },
  ]
}

/** Dated when it is fetched: a review in the vendor's dashboard changes the status, and not the date, of a report (§11.4). */
function toDecision(
  report: Report,
  status: 'verified' | 'requires_input',
  { last_error, failedCheck }: Pick<Session, 'last_error'> & Pick<Settings, 'failedCheck'>,
): VendorDecision {
  const code = last_error?.code?.slice(0, 1000)
  const common = {
    ...UNDATED,
    attemptId: report.id,
    documentType: documentType(report.document?.type),
    findings: readFindings(report.document),
  }
  if (status === 'verified') return { ...common, status: 'approved' }
  return {
    ...common,
    status: statusOfFailure(report, code, failedCheck),
    reason: code,
    reasons: toReasons(STRIPE_REASONS, [code]),
  }
}

function statusOfFailure(
  { document, selfie, id_number, email, phone }: Report,
  code: string | undefined,
  failedCheck: Settings['failedCheck'],
): VerificationStatus {
  if (code === FINAL_ERROR) return 'declined'
  const checks = [document, selfie, id_number, email, phone].filter((each) => each != null)
  // Nothing failed, so a person decided it; only `declined` takes an approval back.
  return checks.every((each) => each.status === 'verified') ? 'declined' : failedCheck
}

const DOCUMENT_TYPES = new Map<string, DocumentType>([
  ['passport', 'passport'],
  ['id_card', 'national_id'],
  ['driving_license', 'drivers_license'],
])

const documentType = (type: string | null | undefined): DocumentType | undefined =>
  type ? (DOCUMENT_TYPES.get(type) ?? 'other') : undefined

function readFindings(document: Report['document']): DocumentFindings | undefined {
  if (!document) return undefined
  return toFindings({
    givenName: document.first_name,
    surname: document.last_name,
    fullName: undefined,
    dateOfBirth: toIsoDate(document.dob),
    nationality: undefined,
    documentType: documentType(document.type),
    country: document.issuing_country,
    number: document.number,
    issuedOn: toIsoDate(document.issued_date),
    expiresOn: toIsoDate(document.expiration_date),
  })
}

/** Returns `{year, month, day}` as `YYYY-MM-DD`, whether or not there is such a date. */
function toIsoDate(parts: unknown): string | undefined {
  const { year, month, day } = membersOf(parts)
  if (![year, month, day].every(Number.isInteger)) return undefined
  return [String(year).padStart(4, '0'), ...[month, day].map(twoDigits)].join('-')
}

const twoDigits = (value: unknown) => String(value).padStart(2, '0')

/** The vendor lists the front of the document first (§11.5). */
function toMedia({ document, selfie }: Report): Media[] {
  const files = parseAnswer(
    filesSchema,
    { document: document?.files, selfie: selfie?.selfie, selfieDocument: selfie?.document },
    'Stripe',
  )
  const [front, back, ...others] = files.document ?? []
  const found: [string | null | undefined, string][] = [
    [front, 'document_front'],
    [back, 'document_back'],
    ...others.map((each): [string, string] => [each, 'document_other']),
    [files.selfie, 'selfie'],
    [files.selfieDocument, 'selfie_document'],
  ]
  // The photo with which the face was compared may be one of the document's own.
  const types = new Map<string, string>()
  for (const [mediaId, type] of found) if (mediaId && !types.has(mediaId)) types.set(mediaId, type)
  return [...types].map(([mediaId, type]) => ({
    mediaId,
    type,
    size: undefined,
    capturedAt: undefined,
  }))
}

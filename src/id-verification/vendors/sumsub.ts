import { z } from 'zod'
import { callVendor, isStatus, withCredentials } from './call.ts'
import { joinText, membersOf, toFindings } from './findings.ts'
import { id, parseAnswer, parseJson, pathSegment, text, toImageType } from './parsing.ts'
import { toReasons } from './reasons/reason.ts'
import { SUMSUB_REASONS } from './reasons/sumsub.ts'
import { type HmacAlgorithm, isHmacSigned, signHmac } from './signatures.ts'
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
  UNDATED,
  type Vendor,
  type VendorDecision,
  VendorError,
  type VendorReport,
  type VerificationStatus,
} from './vendor.ts'

const SETTINGS = {
  /** The verification level, as it is named in the vendor's dashboard, in upper and lower case (§10.2). */
  levelName: z.string().min(1).default('basic-kyc-level'),
  /** How long the link to the page for the person opens it (§10.2). */
  linkSeconds: z.int().min(60).max(31_536_000).default(1800),
  /** Also accepts deliveries that are signed with HMAC-SHA1 (§10.3). */
  legacySignature: z.boolean().default(false),
  /** Under which of the two documented addresses an image is (§10.5). */
  imagePath: z.enum(['inspections', 'applicants']).default('inspections'),
}
type Settings = SettingsOf<typeof SETTINGS>

/**
 * The adapter of Sumsub, by `docs/vendor-protocols.md` §10; § in this file refers to it. The API key is the app token, the shared secret
 * the token's secret key; deliveries have a secret of their own. A session is an applicant. Deliveries are notices: only results
 * that are fetched from the vendor count.
 */
export function createSumsub(integration: Integration, now: () => number = Date.now): Vendor {
  const accepted = listDeliveryCredentials(integration.secrets, now()).flatMap(
    ({ webhookSecret }) => webhookSecret || [],
  )
  const settings = parseSettings('sumsub', SETTINGS, integration.settings)
  const api = createApi(integration, now)

  async function createPage(verificationId: string, returnUrl: string): Promise<string> {
    const { url } = await api.callJson(linkSchema, WEBSDK_LINK, {
      levelName: settings.levelName,
      userId: verificationId,
      ttlInSecs: settings.linkSeconds,
      redirect: { successUrl: returnUrl, rejectUrl: returnUrl },
    })
    return url
  }

  return {
    isGenuine(body, header) {
      const name = header('x-payload-digest-alg') ?? 'HMAC_SHA256_HEX'
      const algorithm = ALGORITHMS.get(name)
      if (!algorithm || (algorithm === 'sha1' && !settings.legacySignature)) return false
      return isHmacSigned(accepted, body, header('x-payload-digest') ?? '', algorithm)
    },

    read,

    async startSession({ verificationId, returnUrl }) {
      const level = encodeURIComponent(settings.levelName)
      const applicant = await api.callJson(startedSchema, `${APPLICANTS}?levelName=${level}`, {
        externalUserId: verificationId,
      })
      // Throws for an id by which the result could not be fetched.
      const sessionId = pathSegment(applicant.id)
      return { sessionId, url: await createPage(verificationId, returnUrl) }
    },

    renewPage: ({ verificationId, returnUrl }) => createPage(verificationId, returnUrl),

    async fetchResult(sessionId) {
      try {
        return [toDecision(await api.findApplicant(sessionId))]
      } catch (error) {
        // The applicant existed when the session was started.
        if (isStatus(error, 404)) return [DELETED_SESSION]
        throw error
      }
    },

    async listMedia({ sessionId, attemptId }) {
      const { inspectionId } = await api.findApplicant(sessionId)
      const path = `${applicantPath(sessionId)}/metadata/resources`
      const { items } = await api.callJson(imagesSchema, path)
      if (inspectionId == null && settings.imagePath === 'inspections')
        throw new VendorError('the vendor names no inspection, under which the images are')
      const media = orderImages(items ?? [], attemptId).map((image) =>
        toMedia(image, inspectionId ?? ''),
      )
      if (media.length === 0)
        throw new NotReadyError('the vendor has no images of this session yet')
      return media
    },

    async download({ sessionId, mediaId }, maxBytes) {
      try {
        const { bytes } = await api.call(imagePath(settings, { sessionId, mediaId }), { maxBytes })
        return bytes
      } catch (error) {
        if (isStatus(error, 404)) throw new ImageNotFoundError('the vendor has no such image')
        throw error
      }
    },

    // No call that erases is documented: deactivating an applicant keeps its data (§10.6).
    deleteSession: async () => 'not-offered',

    checkAfterSeconds: defaultCheckAfterSeconds,
  }
}

const ALGORITHMS = new Map<string, HmacAlgorithm>([
  ['HMAC_SHA1_HEX', 'sha1'],
  ['HMAC_SHA256_HEX', 'sha256'],
  ['HMAC_SHA512_HEX', 'sha512'],
])

const APPLICANTS = '/resources/applicants'
const WEBSDK_LINK = '/resources/sdkIntegrations/levels/-/websdkLink'

/** The vendor's API, which has each request signed at its time (§10.1). */
function createApi({ baseUrl, secrets }: Integration, now: () => number) {
  const all = listCallCredentials(secrets)
  const prefix = baseUrl.replace(/\/+$/, '')

  const call = (path: string, { body, maxBytes }: { body?: string; maxBytes?: number } = {}) =>
    withCredentials(all, ({ apiKey, secret }) => {
      const { pathname, search } = new URL(`${prefix}${path}`)
      const method = body === undefined ? 'GET' : 'POST'
      const timestamp = String(Math.floor(now() / 1000))
      return callVendor(baseUrl, path, {
        method,
        headers: {
          Accept: 'application/json, image/*',
          'X-App-Token': apiKey,
          'X-App-Access-Ts': timestamp,
          'X-App-Access-Sig': signHmac(
            secret,
            `${timestamp}${method}${pathname}${search}${body ?? ''}`,
          ),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        body,
        maxBytes,
      })
    })

  async function callJson<T>(schema: z.ZodType<T>, path: string, body?: object): Promise<T> {
    const { bytes } = await call(path, body && { body: JSON.stringify(body) })
    return parseAnswer(schema, parseJson(bytes), 'Sumsub')
  }

  /** Fetches the applicant, and checks that it is the one of this session. */
  async function findApplicant(sessionId: string): Promise<Applicant> {
    const found = await callJson(applicantSchema, `${applicantPath(sessionId)}/one`)
    if (found.id !== sessionId) throw new VendorError('the answer is about another applicant')
    return found
  }

  return { call, callJson, findApplicant }
}

const applicantPath = (sessionId: string) => `${APPLICANTS}/${pathSegment(sessionId)}`

const startedSchema = z.object({ id })
const linkSchema = z.object({ url: z.url({ protocol: /^https?$/ }) })

const attempt = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/)
  .nullish()
  .catch(undefined)
const resultSchema = z.object({
  reviewAnswer: text,
  reviewRejectType: text,
  rejectLabels: z.array(z.string()).nullish().catch(undefined),
  moderationComment: text,
})
const applicantSchema = z.object({
  id,
  inspectionId: id.nullish(),
  info: z.unknown().optional(),
  review: z.object({
    attemptId: attempt,
    reviewStatus: z.string(),
    reviewDate: text,
    reviewResult: resultSchema.nullish().catch(undefined),
  }),
})
type Applicant = z.infer<typeof applicantSchema>

// It becomes a segment of a path, and of our id of the image.
const imageId = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/)
const imagesSchema = z.object({
  items: z
    .array(
      z.object({
        id: z.union([imageId, z.int().nonnegative().transform(String)]),
        addedDate: text,
        attemptId: attempt,
        deactivated: z.boolean().nullish().catch(undefined),
        fileMetadata: z.object({ fileType: text }).nullish().catch(undefined),
        idDocDef: z.object({ idDocType: text, idDocSubType: text }).nullish().catch(undefined),
        reviewResult: z.object({ reviewAnswer: text }).nullish().catch(undefined),
      }),
    )
    .nullish(),
})
type Image = NonNullable<z.infer<typeof imagesSchema>['items']>[number]

const deliverySchema = z.object({ applicantId: id.nullish(), externalUserId: text, type: text })

/** Reads an event: only the applicant that it concerns counts (§10.3). */
function read(body: Uint8Array): VendorReport {
  const parsed = deliverySchema.safeParse(parseJson(body))
  if (!parsed.success) return { kind: 'unknown', explanation: 'none of the shapes of Sumsub' }
  const { applicantId, externalUserId, type } = parsed.data
  const session = applicantId ? { sessionId: applicantId } : {}
  if (type && !/^applicant(?!Action|Kyt)/.test(type))
    return {
      kind: 'ignored',
      explanation: 'it is not about the review of an applicant',
      ...session,
    }
  if (!applicantId) return { kind: 'unknown', explanation: 'it names no applicant' }
  // Sent while the session is being started, so it may arrive before the session is known here.
  if (type === 'applicantCreated')
    return { kind: 'ignored', explanation: 'the applicant is new', ...session }
  return {
    kind: 'notice',
    sessionId: applicantId,
    echoed: externalUserId ?? undefined,
    explanation: 'an applicant changed',
  }
}

const OPEN = new Map<string, VerificationStatus>([
  ['init', 'pending'],
  ['pending', 'pending'],
  ['prechecked', 'pending'],
  ['queued', 'pending'],
  ['awaitingUser', 'pending'],
  ['awaitingService', 'pending'],
  ['onHold', 'review'],
])

/** The answer counts only when the review is completed: before that it may be there, and mean nothing (§10.4). */
/** The person has sent everything, and nothing is expected of them. */
const SUBMITTED = ['pending', 'prechecked', 'queued', 'awaitingService']

function toDecision({ review, info }: Applicant): VendorDecision {
  const { reviewStatus, reviewResult, reviewDate } = review
  const status =
    reviewStatus === 'completed' ? statusOfAnswer(reviewResult) : OPEN.get(reviewStatus)
  if (!status) throw new VendorError('the vendor answered an unknown status')
  const common = { attemptId: review.attemptId ?? '', status }
  if (status === 'pending')
    return {
      ...common,
      isSubmitted: SUBMITTED.includes(reviewStatus) || undefined,
      decidedAt: undefined,
      documentType: undefined,
      reason: undefined,
    }
  const decidedAt = reviewStatus === 'completed' ? toTime(reviewDate) : undefined
  const document = identityDocument(info)
  return {
    ...(decidedAt ? { decidedAt } : UNDATED),
    ...common,
    documentType: documentType(document.idDocType),
    reason: status === 'approved' ? undefined : reasonOf(reviewResult),
    reasons:
      status === 'approved'
        ? undefined
        : toReasons(SUMSUB_REASONS, reviewResult?.rejectLabels ?? []),
    findings: readFindings(info),
  }
}

type Result = Applicant['review']['reviewResult']

function statusOfAnswer(result: Result): VerificationStatus | undefined {
  if (result?.reviewAnswer === 'GREEN') return 'approved'
  if (result?.reviewAnswer !== 'RED') return undefined
  return result.reviewRejectType === 'RETRY' ? 'resubmission' : 'declined'
}

/** The vendor's labels, or what it would tell the person. `clientComment` may contain secrets of the vendor's, and is left out. */
const reasonOf = (result: Result): string | undefined =>
  (result?.rejectLabels?.join(', ') || result?.moderationComment || '').slice(0, 1000) || undefined

const TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?) ?(Z|[+-]\d{2}:?\d{2})?$/

// The vendor was founded later; its clock is not a day ahead.
const EARLIEST = Date.UTC(2010)
const DAY_MS = 86_400_000

/**
 * A time as the vendor writes it, `2024-06-17 10:51:01+0000`; without an offset it is in UTC. `undefined` for one that cannot be true:
 * a review of the year 9999 would outrank every later one.
 */
function toTime(written: string | null | undefined): Date | undefined {
  const [whole, date, time, offset = 'Z'] = TIME.exec(written ?? '') ?? []
  if (whole === undefined) return undefined
  const parsed = new Date(`${date}T${time}${offset.replace(/^(.\d{2})(\d{2})$/, '$1:$2')}`)
  const isPossible = parsed.getTime() >= EARLIEST && parsed.getTime() <= Date.now() + DAY_MS
  return isPossible ? parsed : undefined
}

const DOCUMENT_TYPES = new Map<unknown, DocumentType>([
  ['PASSPORT', 'passport'],
  ['ID_CARD', 'national_id'],
  ['DRIVERS', 'drivers_license'],
  ['RESIDENCE_PERMIT', 'residence_permit'],
  ['VISA', 'visa'],
])

const documentType = (type: unknown): DocumentType | undefined =>
  typeof type === 'string' && type ? (DOCUMENT_TYPES.get(type) ?? 'other') : undefined

/** The first of the documents that proves an identity: others prove an address, or an income. */
function identityDocument(info: unknown): Record<string, unknown> {
  const { idDocs } = membersOf(info)
  const all = Array.isArray(idDocs) ? idDocs.map(membersOf) : []
  return all.find(({ idDocType }) => DOCUMENT_TYPES.has(idDocType)) ?? all[0] ?? {}
}

/** `info` has what was read from all documents; what belongs to one document is taken from that one alone (§10.4). */
function readFindings(info: unknown): DocumentFindings | undefined {
  const document = identityDocument(info)
  const person = membersOf(info)
  const names = document.firstName || document.lastName ? document : person
  return toFindings({
    givenName: joinText(names.firstName, names.middleName),
    surname: names.lastName,
    fullName: undefined,
    dateOfBirth: document.dob ?? person.dob,
    nationality: document.nationality ?? person.nationality,
    documentType: documentType(document.idDocType),
    country: document.country,
    number: document.number,
    issuedOn: document.issuedDate,
    expiresOn: document.validUntil,
  })
}

/**
 * The images of this attempt before those of others, each newest first: a person who must try again may have to repeat one image
 * only. Videos are left out.
 */
function orderImages(images: readonly Image[], attemptId: string | undefined): Image[] {
  const rank = (image: Image) => (attemptId && image.attemptId === attemptId ? 0 : 1)
  const time = (image: Image) => toTime(image.addedDate)?.getTime() ?? 0
  return images
    .filter(({ fileMetadata }) => !VIDEO.test(fileMetadata?.fileType ?? ''))
    .toSorted((a, b) => rank(a) - rank(b) || time(b) - time(a))
}

const VIDEO = /^(video\/.*|mp4|webm|mov|quicktime)$/i

/** Images that the vendor refused, or does not use, get a type of their own, so that none is ever shown instead of an accepted one. */
function toMedia(image: Image, inspectionId: string): Media {
  const isUsed = !image.deactivated && image.reviewResult?.reviewAnswer !== 'RED'
  const type = imageType(image.idDocDef) || 'other'
  return {
    mediaId: `${inspectionId}/${image.id}`,
    type: isUsed ? type : `${type}_rejected`,
    size: undefined,
    capturedAt: toTime(image.addedDate),
  }
}

function imageType(of: Image['idDocDef']): string {
  const { idDocType, idDocSubType } = of ?? {}
  if (DOCUMENT_TYPES.has(idDocType))
    return idDocSubType === 'BACK_SIDE' ? 'document_back' : 'document_front'
  // Leaves room for `_rejected`.
  return toImageType([idDocType, idDocSubType].filter(Boolean).join(' '), 50)
}

function imagePath(settings: Settings, of: { sessionId: string; mediaId: string }): string {
  const [inspectionId = '', imageId = ''] = of.mediaId.split('/')
  const owner =
    settings.imagePath === 'applicants'
      ? applicantPath(of.sessionId)
      : `/resources/inspections/${pathSegment(inspectionId)}`
  return `${owner}/resources/${pathSegment(imageId)}`
}

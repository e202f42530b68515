import { randomUUID } from 'node:crypto'
import type { VendorName } from '../../src/id-verification/vendors/vendor-names.ts'
import { startIncodeSandbox } from '../../src/local/sandbox/incode.ts'
import { startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { startMosaicSandbox } from '../../src/local/sandbox/mosaic.ts'
import { startStripeSandbox } from '../../src/local/sandbox/stripe.ts'
import { startSumsubSandbox } from '../../src/local/sandbox/sumsub.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import type { Held, Slot, Status } from './history.ts'
import { type Link, startLink } from './link.ts'
import type { Operator } from './operator.ts'

/** One sandbox vendor, with the connection to it. */
export type Driver = {
  name: VendorName
  link: Link
  /** Possible decisions of one session, in order. */
  courses: Status[][]
  decide(sessionId: string, status: Status): Promise<void>
  /** Sends its deliveries again. */
  resend(sessionId: string): Promise<void>
  held(sessionId: string): Promise<Held>
  /** Serves damaged images; `undefined` serves them unchanged. */
  breakImages(how: 'truncated' | 'cut-off' | 'not-an-image' | undefined): Promise<void>
  close(): Promise<void>
}

type World = { operator: Operator; courierUrl: string; random: () => number; issuer: string }

const RETRIES = [500, 1_000, 2_000, 4_000, 8_000]

/** The name of every resident, on every document. */
export const HOLDER = { givenName: 'Ana', surname: 'Muestra' }
// One small drawing for all sessions, which the vendors mark for each: else a run would draw images most of the time.
const DOCUMENT = {
  ...HOLDER,
  photoPixels: 480,
  dateOfBirth: '1990-02-03',
  sex: 'F',
  documentNumber: 'U12345678',
  validUntil: '2035-06-07',
} as const

/** All vendors that the release of the operator knows, connected to the portal. */
export async function startVendors(world: World): Promise<Driver[]> {
  const drivers: Driver[] = []
  for (const [name, start] of Object.entries(STARTS))
    if (world.operator.isVendorName(name)) drivers.push(await start(world))
  return drivers
}

const STARTS: Record<VendorName, (world: World) => Promise<Driver>> = {
  veriff,
  kora,
  incode,
  mosaic,
  sumsub,
  stripe,
}

const portOf = (url: string) => Number(new URL(url).port)
const through = (url: string, link: Link) => {
  const wired = new URL(url)
  wired.port = String(link.port)
  return wired.href.replace(/\/$/, '')
}

async function veriff({ operator, courierUrl, random }: World): Promise<Driver> {
  const { parts } = operator
  const [apiKey, sharedSecret] = [randomUUID(), randomUUID()]
  const sandbox = await startVeriffSandbox({
    port: 0,
    apiKey,
    sharedSecret,
    webhookUrl: `${courierUrl}/webhooks/veriff`,
    retryDelaysInMs: RETRIES,
    person: DOCUMENT,
  })
  const link = await startLink(portOf(sandbox.url), random)
  await operator.setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: through(sandbox.url, link),
    apiKey,
    secret: sharedSecret,
  })
  const words: Record<Status, 'approved' | 'declined' | 'resubmission_requested'> = {
    approved: 'approved',
    declined: 'declined',
    resubmission: 'resubmission_requested',
  }
  const decided = new Set<string>()
  const slots: Record<string, Slot> = {
    'document-front': 'documentFront',
    'document-back': 'documentBack',
    face: 'face',
  }
  return {
    name: 'veriff',
    link,
    courses: [
      ['approved'],
      ['approved'],
      ['declined'],
      ['approved', 'declined'],
      ['declined', 'approved'],
      ['resubmission', 'approved'],
    ],
    async decide(sessionId, status) {
      const word = words[status]
      if (!word) throw new Error(`Veriff does not say ${status}`)
      const isOverturn = decided.has(sessionId)
      if (status === 'resubmission') return await sandbox.complete(sessionId, word)
      decided.add(sessionId)
      if (isOverturn) await sandbox.decide(sessionId, word)
      else await sandbox.complete(sessionId, word)
    },
    resend: (sessionId) => sandbox.resend(sessionId),
    async held(sessionId) {
      const held = nothing()
      const { attempts = [] } = (await sandbox.findSession(sessionId)) ?? {}
      for (const { media } of attempts) {
        held.shown = {}
        for (const { context, sha256 } of media) {
          const slot = slots[context]
          if (!slot) continue
          held.taken[slot].push(sha256)
          held.shown[slot] ??= sha256
        }
      }
      return held
    },
    breakImages: (body) => sandbox.misbehave(body ? { media: { body } } : {}),
    async close() {
      await link.close()
      await sandbox.close()
    },
  }
}

async function kora({ operator, courierUrl, random }: World): Promise<Driver> {
  const { parts } = operator
  const [apiKey, tenantId, secret] = [randomUUID(), randomUUID(), randomUUID()]
  const sandbox = await startKoraSandbox({
    port: 0,
    apiKey,
    tenantId,
    secret,
    webhookUrl: `${courierUrl}/webhooks/kora`,
    persistAfterInMs: 2_000,
    retryDelaysInMs: RETRIES,
    person: DOCUMENT,
  })
  const link = await startLink(portOf(sandbox.url), random)
  await operator.setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'kora',
    baseUrl: through(sandbox.url, link),
    apiKey,
    secret,
    settings: [
      `tenantId=${tenantId}`,
      'captureUrl=https://capture.test/?id=',
      `imageHosts=${new URL(sandbox.url).host}`,
    ],
  })
  const words: Record<Status, 'verified' | 'rejected' | 'manual_review'> = {
    approved: 'verified',
    declined: 'rejected',
    review: 'manual_review',
  }
  const slots: Record<string, Slot> = {
    document_front: 'documentFront',
    document_back: 'documentBack',
    selfie: 'face',
  }
  return {
    name: 'kora',
    link,
    courses: [
      ['approved'],
      ['declined'],
      ['approved', 'declined'],
      ['review', 'approved'],
      ['declined', 'approved'],
    ],
    async decide(sessionId, status) {
      const word = words[status]
      if (!word) throw new Error(`Kora does not say ${status}`)
      sandbox.complete(sessionId, word)
    },
    async resend(sessionId) {
      sandbox.resend(sessionId)
    },
    async held(sessionId) {
      const held = nothing()
      for (const [type, sha256] of (await sandbox.findSession(sessionId))?.images ?? []) {
        const slot = slots[type]
        if (!slot) continue
        held.taken[slot].push(sha256)
        held.shown[slot] = sha256
      }
      return held
    },
    async breakImages(image) {
      sandbox.misbehave(image ? { image } : {})
    },
    async close() {
      await link.close()
      await sandbox.close()
    },
  }
}

async function incode({ operator, courierUrl, random, issuer }: World): Promise<Driver> {
  const { parts } = operator
  const [apiKey, password] = [randomUUID(), randomUUID()]
  const { client_id: clientId, client_secret: clientSecret = '' } = await operator.createClient(
    parts.db,
    {
      name: 'Incode',
      type: 'service',
      redirectUris: [],
      scope: 'webhook.incode',
    },
  )
  const email = 'portal@example.test'
  const sandbox = await startIncodeSandbox({
    port: 0,
    apiKey,
    email,
    password,
    webhookUrl: `${courierUrl}/webhooks/incode`,
    authentication: { tokenUrl: `${issuer}/api/oauth/token`, clientId, clientSecret },
    retryDelaysInMs: RETRIES,
    person: DOCUMENT,
  })
  const link = await startLink(portOf(sandbox.url), random)
  await operator.setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'incode',
    baseUrl: through(sandbox.url, link),
    apiKey,
    secret: password,
    settings: [
      `executiveEmail=${email}`,
      `webhookClientId=${clientId}`,
      'imageTypes=selfie',
      'imageTypes=fullFrameFrontID',
      'imageTypes=fullFrameBackID',
    ],
  })
  const words: Record<Status, 'OK' | 'FAIL' | 'WARN'> = {
    approved: 'OK',
    declined: 'FAIL',
    review: 'WARN',
  }
  const slots: Record<string, Slot> = {
    fullFrameFrontID: 'documentFront',
    fullFrameBackID: 'documentBack',
    selfie: 'face',
  }
  const scored = new Set<string>()
  return {
    name: 'incode',
    link,
    courses: [
      ['approved'],
      ['declined', 'approved'],
      ['declined', 'approved'],
      ['approved', 'declined'],
      ['review', 'declined'],
      ['approved', 'declined', 'approved', 'declined'],
    ],
    async decide(sessionId, status) {
      const word = words[status]
      if (!word) throw new Error(`Incode does not say ${status}`)
      // A reviewer decides after the score.
      if (scored.has(sessionId))
        return sandbox.review(sessionId, status === 'approved' ? 'APPROVED' : 'REJECTED')
      scored.add(sessionId)
      sandbox.complete(sessionId, word)
    },
    async resend(sessionId) {
      sandbox.resend(sessionId)
    },
    async held(sessionId) {
      const held = nothing()
      for (const { type, sha256 } of (await sandbox.findSession(sessionId))?.captures ?? []) {
        const slot = slots[type]
        if (!slot) continue
        held.taken[slot].push(sha256)
        held.shown[slot] = sha256
      }
      return held
    },
    async breakImages(image) {
      sandbox.misbehave(image ? { image } : {})
    },
    async close() {
      await link.close()
      await sandbox.close()
    },
  }
}

async function mosaic({ operator, random }: World): Promise<Driver> {
  const { parts } = operator
  const [clientId, clientSecret] = [randomUUID(), randomUUID()]
  const sandbox = await startMosaicSandbox({ port: 0, clientId, clientSecret, person: DOCUMENT })
  const link = await startLink(portOf(sandbox.url), random)
  await operator.setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'mosaic',
    baseUrl: through(sandbox.url, link),
    apiKey: clientId,
    secret: clientSecret,
  })
  const words: Record<Status, 'ALLOW' | 'DENY' | 'CHALLENGE'> = {
    approved: 'ALLOW',
    declined: 'DENY',
    review: 'CHALLENGE',
  }
  const slots: Record<string, Slot> = {
    document_front: 'documentFront',
    document_back: 'documentBack',
    selfie: 'face',
  }
  return {
    name: 'mosaic',
    link,
    // Mosaic sends no webhooks, and after a decision it is not polled again.
    courses: [['approved'], ['declined'], ['review', 'approved'], ['resubmission', 'approved']],
    async decide(sessionId, status) {
      if (status === 'resubmission') return sandbox.requestRecapture(sessionId)
      const word = words[status]
      if (!word) throw new Error(`Mosaic does not say ${status}`)
      sandbox.complete(sessionId, word)
    },
    async resend() {},
    async held(sessionId) {
      const held = nothing()
      for (const { type = '', sha256 } of (await sandbox.findSession(sessionId))?.images ?? []) {
        const slot = slots[type]
        if (!slot) continue
        held.taken[slot].push(sha256)
        held.shown[slot] = sha256
      }
      return held
    },
    async breakImages(body) {
      sandbox.misbehave(body ? { images: { body } } : {})
    },
    async close() {
      await link.close()
      await sandbox.close()
    },
  }
}

async function sumsub({ operator, courierUrl, random }: World): Promise<Driver> {
  const { parts } = operator
  const [appToken, secretKey, webhookSecret] = [randomUUID(), randomUUID(), randomUUID()]
  const sandbox = await startSumsubSandbox({
    port: 0,
    appToken,
    secretKey,
    webhookSecret,
    webhookUrl: `${courierUrl}/webhooks/sumsub`,
    retryDelaysInMs: RETRIES,
    person: HOLDER,
  })
  const link = await startLink(portOf(sandbox.url), random)
  await operator.setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'sumsub',
    baseUrl: through(sandbox.url, link),
    apiKey: appToken,
    secret: secretKey,
    webhookSecret,
  })
  const words: Record<Status, 'GREEN' | 'FINAL' | 'RETRY' | 'onHold'> = {
    approved: 'GREEN',
    declined: 'FINAL',
    resubmission: 'RETRY',
    review: 'onHold',
  }
  const slots: Record<string, Slot> = {
    document_front: 'documentFront',
    document_back: 'documentBack',
    selfie: 'face',
  }
  return {
    name: 'sumsub',
    link,
    courses: [
      ['approved'],
      ['declined'],
      ['approved', 'declined'],
      ['review', 'approved'],
      ['resubmission', 'approved'],
    ],
    async decide(sessionId, status) {
      const word = words[status]
      if (!word) throw new Error(`Sumsub does not say ${status}`)
      sandbox.complete(sessionId, word)
    },
    async resend(sessionId) {
      sandbox.resend(sessionId)
    },
    async held(sessionId) {
      const held = nothing()
      for (const { type, sha256, isCurrent } of (await sandbox.findSession(sessionId))?.taken ??
        []) {
        const slot = slots[type]
        if (!slot) continue
        held.taken[slot].push(sha256)
        if (isCurrent) held.shown[slot] = sha256
      }
      return held
    },
    async breakImages(image) {
      sandbox.misbehave(image ? { image } : {})
    },
    async close() {
      await link.close()
      await sandbox.close()
    },
  }
}

async function stripe({ operator, courierUrl, random }: World): Promise<Driver> {
  const { parts } = operator
  const [apiKey, webhookSecret] = [randomUUID(), randomUUID()]
  const sandbox = await startStripeSandbox({
    port: 0,
    apiKey,
    webhookSecret,
    webhookUrl: `${courierUrl}/webhooks/stripe`,
    retryDelaysInMs: RETRIES,
    person: DOCUMENT,
  })
  const link = await startLink(portOf(sandbox.url), random)
  await operator.setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'stripe',
    baseUrl: through(sandbox.url, link),
    apiKey,
    secret: webhookSecret,
    settings: [`imageHosts=${new URL(sandbox.url).host}`],
  })
  const slots: Record<string, Slot> = {
    document_front: 'documentFront',
    document_back: 'documentBack',
    selfie: 'face',
  }
  const verified = new Set<string>()
  return {
    name: 'stripe',
    link,
    courses: [
      ['approved'],
      ['declined'],
      ['approved', 'declined'],
      ['resubmission', 'approved'],
      ['approved', 'declined', 'approved'],
    ],
    async decide(sessionId, status) {
      // Of a verified session only a reviewer changes the status.
      if (verified.has(sessionId))
        return sandbox.override(sessionId, status === 'approved' ? 'verified' : 'unverified')
      if (status === 'approved') verified.add(sessionId)
      const outcome = OUTCOMES_OF_STRIPE[status]
      if (!outcome) throw new Error(`Stripe does not say ${status}`)
      sandbox.complete(sessionId, outcome)
    },
    async resend(sessionId) {
      sandbox.resend(sessionId)
    },
    async held(sessionId) {
      const held = nothing()
      for (const { type, sha256, isCurrent } of (await sandbox.findSession(sessionId))?.taken ??
        []) {
        const slot = slots[type]
        if (!slot) continue
        held.taken[slot].push(sha256)
        if (isCurrent) held.shown[slot] = sha256
      }
      return held
    },
    async breakImages(image) {
      sandbox.misbehave(image ? { image } : {})
    },
    async close() {
      await link.close()
      await sandbox.close()
    },
  }
}

const OUTCOMES_OF_STRIPE: Partial<
  Record<Status, 'verified' | 'under_supported_age' | 'document_unverified_other'>
> = {
  approved: 'verified',
  declined: 'under_supported_age',
  resubmission: 'document_unverified_other',
}

const nothing = (): Held => ({
  shown: {},
  taken: { documentFront: [], documentBack: [], face: [] },
})

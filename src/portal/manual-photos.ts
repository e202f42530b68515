import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createUploadTurns } from '../api/uploads.ts'
import type { OwnCapture, UploadType } from '../id-verification/captures.ts'
import { MAX_IMAGE_BYTES } from '../id-verification/image.ts'
import { sendImage } from '../id-verification/uploads.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Vault } from '../platform/vault.ts'
import { readFormWithFile } from '../web/form-body.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { type PhotoFault, type PhotoPlace, photoStepPage } from './manual-photo-page.ts'

/* The step that takes one photo, on the resident's own browser and on a phone that is connected to it. */

type Parts = { issuer: string; db: Db; vault: Vault; jobs: Jobs }

// Residents send for minutes over slow connections; each photo is in memory several times.
const UPLOADS_AT_ONCE = 4
const UPLOADS_OF_ONE = 2
// A photo that is too large is answered on its own page, unless it is far too large.
const LARGEST_BODY = MAX_IMAGE_BYTES + 8 * 1024 * 1024

export type PhotoSteps = ReturnType<typeof createPhotoSteps>

type Shown = { capture: OwnCapture; step: UploadType; place: PhotoPlace }
/** `authorize` throws unless the form is from our page. */
type Taking = Shown & {
  authorize: (csrf: unknown) => void
  /** The address after the photo was taken. */
  next: () => Promise<string>
}

/** Shows and takes single photos, a few at once in this process. */
export function createPhotoSteps(parts: Parts) {
  const turns = createUploadTurns(UPLOADS_AT_ONCE)
  const running = new Map<string, number>()

  function show(c: Context<PageEnv>, given: Shown, fault?: PhotoFault) {
    setSecurityHeaders(c, { issuer: parts.issuer, camera: true })
    const status = fault === undefined ? 200 : fault === 'busy' ? 503 : 400
    return c.html(photoStepPage(c.var.reader, { ...given, fault }), status)
  }

  /** Of one resident, so that nobody takes every turn. */
  async function inTurn(c: Context<PageEnv>, id: string, work: () => Promise<Response>) {
    const before = running.get(id) ?? 0
    if (before >= UPLOADS_OF_ONE) throw new PageError(429, 'too_many_uploads', busy)
    running.set(id, before + 1)
    try {
      return await runThrough(c, [turns, limit], work)
    } finally {
      const left = (running.get(id) ?? 1) - 1
      if (left > 0) running.set(id, left)
      else running.delete(id)
    }
  }

  async function read(c: Context<PageEnv>, given: Taking): Promise<Response> {
    const { capture, step } = given
    const form = await readFormWithFile(c)
    given.authorize(form.get('csrf'))
    const image = form.get('image')
    if (!(image instanceof File) || image.size === 0) return show(c, given, 'missing')
    if (image.size > MAX_IMAGE_BYTES) return show(c, given, 'large')
    const bytes = new Uint8Array(await image.arrayBuffer())
    const outcome = await orBusy(
      sendImage(parts, { verificationId: capture.id, type: step, bytes }),
    )
    if (outcome === 'busy') return show(c, given, 'busy')
    if ('refused' in outcome) return show(c, given, faultOf(outcome.refused))
    if ('closed' in outcome && outcome.closed === 'too many') return show(c, given, 'too-many')
    // A reviewer asked for another one.
    if ('missing' in outcome && outcome.missing.includes(step)) return show(c, given, 'same')
    return c.redirect(await given.next(), 303)
  }

  return {
    show,
    /** Reads the photo of the form, waits until a worker has stored it, and goes on; or shows the step again, with what was wrong. */
    take: (c: Context<PageEnv>, given: Taking): Promise<Response> =>
      inTurn(c, given.capture.id, () => read(c, given)),
  }
}

const limit = bodyLimit({
  maxSize: LARGEST_BODY,
  onError: () => {
    throw new PageError(413, 'payload_too_large', tooLarge)
  },
})

/** Runs the work as a handler behind these. */
async function runThrough(
  c: Context<PageEnv>,
  middleware: readonly MiddlewareHandler[],
  work: () => Promise<Response>,
): Promise<Response> {
  const [first, ...rest] = middleware
  if (!first) return work()
  let response: Response | undefined
  await first(c, async () => {
    response = await runThrough(c, rest, work)
  })
  if (!response) throw new Error('a limit answered without an error')
  return response
}

/** The outcome, or that no worker answered in time. */
export const orBusy = <Outcome>(sent: Promise<Outcome>): Promise<Outcome | 'busy'> =>
  sent.catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 503) return 'busy'
    throw error
  })

const busy = ({ capture }: Texts) => capture.photo.faults.busy
const tooLarge = ({ capture }: Texts) => capture.photo.faults.large

/** The reasons of `image.ts` and `image-decoder.ts`, as far as a resident can do something about them. */
function faultOf(refused: string): PhotoFault {
  if (refused === 'not an image of a known kind') return 'type'
  if (refused === 'the image is cut off') return 'cut-off'
  return refused.startsWith('the image has more than') ? 'pixels' : 'unreadable'
}

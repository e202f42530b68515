import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { findPhoto, type Photo } from '../id-verification/own-verifications.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Storage } from '../platform/storage.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { securityHeaders, setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import { photoPath } from '../web/photos.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Guard, Resident } from './guard.ts'
import { drawNotice, photoPage } from './photo-pages.ts'

type Parts = {
  issuer: string
  db: Db
  storage: Storage
  guard: Guard
  forms: FormTokens
  log: Log
}

// Residents with slow connections leave some of the storage client's 50 connections to everybody else.
const MAX_OPEN_PHOTOS = 32
// A page says that a photo cannot be shown rather than wait for the bucket for longer.
const BUCKET_WAIT_MS = 3_000

/**
 * `/photos/:id`: a page for each photo, and the photo itself, for the resident alone whose it is. No page contains an address of the
 * bucket. Like everything that shows photos, these need a recent sign-in.
 */
export function photoRoutes(parts: Parts): Hono<PageEnv> {
  const { db, guard } = parts
  const routes = new Hono<PageEnv>()
  const pictures = createPictures(parts)

  /** The same answer for what does not exist, what is somebody else's, and whoever is not signed in. */
  async function requirePhoto(c: Context<PageEnv>): Promise<{ resident: Resident; photo: Photo }> {
    const resident = await guard.findResident(c)
    const accountId = resident?.account.id
    const photo = accountId && (await findPhoto(db, { accountId, id: c.req.param('id') ?? '' }))
    if (!resident || !photo) throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
    return { resident, photo }
  }

  routes.get('/photos/:id', async (c) => {
    // Whether or not there is such a photo.
    if (!(await guard.findResident(c))) return guard.askToSignIn(c)
    const { resident, photo } = await requirePhoto(c)
    return showPhoto(parts, c, resident, photo)
  })
  routes.post('/photos/:id', bodyLimit({ maxSize: 16 * 1024 }), async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const confirmation = await guard.requireRecentSignIn(c, resident, form)
    return confirmation ?? c.redirect(photoPath(c.req.param('id')), 303)
  })
  routes.get('/photos/:id/image', async (c) => {
    const { resident, photo } = await requirePhoto(c)
    return resident.isRecent ? pictures.send(c, photo) : cannotShow(parts, c, photo, 'hidden')
  })
  routes.get('/photos/:id/thumbnail', async (c) => {
    const { resident, photo } = await requirePhoto(c)
    return resident.isRecent
      ? pictures.sendThumbnail(c, photo)
      : cannotShow(parts, c, photo, 'hidden')
  })
  return routes
}

async function showPhoto(
  { issuer, storage, forms }: Parts,
  c: Context<PageEnv>,
  { session, isRecent }: Resident,
  photo: Photo,
): Promise<Response> {
  const isReadable = () =>
    Promise.race([
      storage.head(photo.key).then(Boolean, () => false),
      wait(BUCKET_WAIT_MS, false, { ref: false }),
    ])
  setSecurityHeaders(c, { issuer })
  const state = isRecent ? ((await isReadable()) ? 'shown' : 'unreadable') : 'hidden'
  return c.html(photoPage(c.var.reader, { photo, state, csrf: forms.create(session.uid) }))
}

function createPictures(parts: Parts) {
  const { issuer, storage, log } = parts
  let open = 0

  const failed = (c: Context<PageEnv>, photo: Photo, error: unknown) => {
    log.error('a photo cannot be read', { imageId: photo.id, error })
    return cannotShow(parts, c, photo, 'unreadable')
  }

  return {
    /** The photo as a stream, to be displayed or saved. */
    async send(c: Context<PageEnv>, photo: Photo): Promise<Response> {
      const { type, contentType } = photo
      const extension = contentType.slice('image/'.length).replace('jpeg', 'jpg')
      const disposition = c.req.query('download') === undefined ? 'inline' : 'attachment'
      const headers = {
        ...pictureHeaders(c, issuer),
        'Content-Type': contentType,
        'Content-Disposition': `${disposition}; filename="${type.replaceAll('_', '-')}.${extension}"`,
      }
      if (c.req.method === 'HEAD') return c.body(null, 200, headers)
      if (open >= MAX_OPEN_PHOTOS) return cannotShow(parts, c, photo, 'unreadable')
      open++
      try {
        const { size, body } = await storage.open(photo.key)
        body.once('close', () => open--)
        // The web stream reports it to whoever reads.
        body.on('error', () => {})
        const stream = Readable.toWeb(body) as ReadableStream<Uint8Array>
        return c.body(stream, 200, { ...headers, 'Content-Length': String(size) })
      } catch (error) {
        open--
        return failed(c, photo, error)
      }
    },
    async sendThumbnail(c: Context<PageEnv>, photo: Photo): Promise<Response> {
      const { thumbnailKey } = photo
      if (thumbnailKey === null)
        throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
      const headers = {
        ...pictureHeaders(c, issuer),
        'Content-Type': 'image/jpeg',
        'Content-Disposition': 'inline',
      }
      if (c.req.method === 'HEAD') return c.body(null, 200, headers)
      try {
        return c.body(new Uint8Array(await storage.get(thumbnailKey)), 200, headers)
      } catch (error) {
        return failed(c, photo, error)
      }
    },
  }
}

/** With `Cache-Control: no-store`; opened alone, the picture can do nothing. Browsers lay it out with styles of their own. */
const pictureHeaders = (c: Context<PageEnv>, issuer: string) => ({
  ...securityHeaders({ issuer, locale: c.var.reader.locale }),
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
})

/** A drawing that says why, in the place of the picture; whoever opened the picture alone is led to its page. */
function cannotShow(
  { issuer }: Parts,
  c: Context<PageEnv>,
  photo: Photo,
  reason: 'unreadable' | 'hidden',
): Response {
  if ((c.req.header('accept') ?? '').includes('text/html'))
    return c.redirect(photoPath(photo.id), 303)
  const headers = { ...pictureHeaders(c, issuer), 'Content-Type': 'image/svg+xml' }
  return reason === 'hidden'
    ? c.body(drawNotice(c.var.reader, reason), 403, headers)
    : c.body(drawNotice(c.var.reader, reason), 503, { ...headers, 'Retry-After': '30' })
}

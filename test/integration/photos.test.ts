import { randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setAccountStatus } from '../../src/accounts/accounts.ts'
import { findVerification } from '../../src/id-verification/operations.ts'
import { eraseVerification } from '../../src/id-verification/retention.ts'
import { listStoredObjects } from '../../src/id-verification/stored-objects.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import { connectImageVendor } from '../support/image-vendor.ts'
import { drawNoise, exifSegment, withSegments } from '../support/images.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

let portal: TestPortal
let vendor: Awaited<ReturnType<typeof connectImageVendor>>
let jobs: Jobs
/** Photos of noise, which no encoder makes small: 1.5 MB each. */
let photos: Record<'document-front' | 'document-back' | 'face', Buffer>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  vendor = await connectImageVendor(portal)
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  const draw = (seed: number) => drawNoise({ width: 1280, height: 853, seed }).jpeg().toBuffer()
  photos = {
    'document-front': withSegments(await draw(1), exifSegment(6)),
    'document-back': await draw(2),
    face: await draw(3),
  }
})
afterAll(async () => {
  await jobs.stop()
  await vendor.close()
  await portal.close()
})

const at = (path: string) => new URL(path, portal.issuer).href

async function signedIn(email: string) {
  const browser = createUserAgent()
  const signIn = await browser.open(at('/'))
  const home = await browser.submit(signIn, 'login', { email, password: PASSWORD })
  expect(home.text).toContain('name="sign-out"')
  return { browser, home }
}

/** A resident with an approved verification, whose images are backed up. */
async function verified(images: Partial<typeof photos>) {
  const resident = await addResident(portal.parts)
  const { id, sessionId } = await vendor.approve(resident.id, images)
  await portal.db.begin((sql) =>
    jobs.enqueue(sql, 'list-images', { verificationId: id, attemptId: sessionId }),
  )
  await eventually(async () => (await findVerification(portal.db, id))?.imagesComplete || undefined)
  return { resident, id, ...(await signedIn(resident.email)) }
}
const small = () => sharp(photos.face).resize(120).jpeg().toBuffer()

const namesOf = (text: string) =>
  [...text.matchAll(/<img src="([^"]+)"/g)].map(([, src]) => `${src}`)

/** As a browser asks for the picture of a page. */
const picture = (browser: UserAgent, path: string, init: RequestInit = {}) =>
  browser.request(at(path), { ...init, headers: { Accept: 'image/avif,image/webp,*/*;q=0.8' } })
const statusOf = async (browser: UserAgent, path: string) => {
  const answer = await picture(browser, path)
  await answer.body?.cancel()
  return answer.status
}

/** The addresses that answer for one photo. */
const addresses = (imageId: string) =>
  ['', '/image', '/thumbnail'].map((rest) => `/photos/${imageId}${rest}`)
const idIn = (path = '') => path.split('/')[2] ?? ''

test('a home page with three photos weighs less than 150 KB, and names no address but the portal’s', async () => {
  const { home, browser, id } = await verified(photos)
  const pictures = namesOf(home.text)
  expect(pictures).toHaveLength(3)
  const named = [...home.text.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, address]) => address)
  expect(named.filter((address) => /^(?!\/(?!\/)|#)/.test(`${address}`))).toEqual([])
  for (const foreign of ['X-Amz', portal.s3Endpoint]) expect(home.text).not.toContain(foreign)
  expect(home.headers.get('content-security-policy')).toContain("img-src 'self';")

  let weight = Buffer.byteLength(home.text)
  for (const path of [createSite(PLAIN_SITE).stylesheet.path, ...pictures])
    weight += (await (await picture(browser, path)).arrayBuffer()).byteLength
  expect(weight).toBeLessThan(150_000)
  // A dozen would do as well.
  const thumbnails = await Promise.all(
    pictures.map(async (path) => Buffer.from(await (await picture(browser, path)).arrayBuffer())),
  )
  for (const each of thumbnails) expect(each.length).toBeLessThan(12_000)
  // Upright, and nothing but the picture.
  const { width, height, format, exif, orientation } = await sharp(thumbnails[0]).metadata()
  expect({ width, height, format, exif, orientation }).toEqual({
    width: 213,
    height: 320,
    format: 'jpeg',
    exif: undefined,
    orientation: undefined,
  })
  // It is among what backups are proven by.
  const objects = await listStoredObjects(portal.db, { after: undefined, limit: 1000 })
  const own = objects.filter(({ key }) => key.includes(id) && key.endsWith('.thumbnail.jpg'))
  expect(own).toHaveLength(3)
  for (const { key, size, sha256 } of own)
    expect(await portal.parts.storage.head(key)).toMatchObject({ size, sha256 })
})

test('the photo itself is streamed without being kept, and has a page that says what it is', async () => {
  const { browser, home } = await verified({ 'document-front': photos['document-front'] })
  const imageId = idIn(namesOf(home.text)[0])
  const [row] = await portal.db<{ sha256: string }[]>`
    select encode(clean_sha256, 'hex') as sha256 from image where id = ${imageId}`
  const viewer = await browser.open(at(`/photos/${imageId}`))
  expect(viewer.text).toContain('<h1>Front of the document</h1>')
  expect(viewer.text).toContain(row?.sha256)
  expect(namesOf(viewer.text)).toEqual([`/photos/${imageId}/image`])
  const answer = await picture(browser, `/photos/${imageId}/image`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'content-length': String(bytes.length),
    'content-disposition': 'inline; filename="document-front.jpg"',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
    'cross-origin-resource-policy': 'same-origin',
  })
  // The clean copy: without the place that the camera wrote.
  expect(bytes.length).toBeLessThan(photos['document-front'].length)
  const saved = await picture(browser, `/photos/${imageId}/image?download=1`, { method: 'HEAD' })
  expect(saved.headers.get('content-disposition')).toMatch(/^attachment;/)
  expect(await saved.text()).toBe('')
  // What is broken off leaves room for the next.
  for (let count = 0; count < 40; count++) {
    const { body } = await picture(browser, `/photos/${imageId}/image`)
    await body?.cancel()
  }
  expect(await statusOf(browser, `/photos/${imageId}/image`)).toBe(200)
})

test('nobody else sees a photo: it is as one that does not exist', async () => {
  const face = await small()
  const { resident, browser, home, id } = await verified({ face })
  const imageId = idIn(namesOf(home.text)[0])
  const stranger = (await verified({ face: await small() })).browser
  const nobody = createUserAgent()
  const answers = async (each: UserAgent, of = imageId) =>
    Promise.all(addresses(of).map((path) => statusOf(each, path)))
  expect(await answers(browser)).toEqual([200, 200, 200])
  expect(await answers(stranger)).toEqual([404, 404, 404])
  // Whoever is not signed in is asked to, whether or not there is such a photo.
  expect(await answers(nobody)).toEqual([303, 404, 404])
  expect(await answers(nobody, randomUUID())).toEqual([303, 404, 404])
  expect(await answers(browser, randomUUID())).toEqual([404, 404, 404])
  expect(await answers(browser, 'x')).toEqual([404, 404, 404])
  expect((await stranger.open(at(`/verifications/${id}`))).status).toBe(404)
  expect((await stranger.open(at('/verifications/x'))).status).toBe(404)
  expect((await nobody.open(at(`/verifications/${id}`))).text).toContain('name="login"')

  // As on the home page: of an attempt that counts no longer, and of a tenant whose document may be somebody else's.
  await portal.db`update verification set attempt_id = 'another' where id = ${id}`
  expect(await answers(browser)).toEqual([404, 404, 404])
  const [subject] = await portal.db<{ id: string }[]>`
    insert into subject (tenant, external_id, account_id) values ('default', ${id}, ${resident.id}) returning id`
  await portal.db`
    update verification set attempt_id = image.attempt_id, subject_id = ${subject?.id ?? ''}, match = 'mismatch'
    from image where verification.id = ${id} and image.verification_id = verification.id`
  expect(await answers(browser)).toEqual([404, 404, 404])
  expect((await browser.open(at(`/verifications/${id}`))).text).toContain(
    'not confirmed to be yours',
  )
  await portal.db`update verification set match = 'match' where id = ${id}`
  expect(await answers(browser)).toEqual([200, 200, 200])

  // Without a session that counts, one is asked to sign in as well.
  await setAccountStatus(portal.db, resident.id, 'suspended')
  expect(await answers(browser)).toEqual([303, 404, 404])
  await setAccountStatus(portal.db, resident.id, 'active')
  const again = await signedIn(resident.email)
  expect(await answers(again.browser)).toEqual([200, 200, 200])
  await again.browser.submit(again.home, 'sign-out')
  expect(await answers(again.browser)).toEqual([303, 404, 404])
})

test('photos and what was read need a recent sign-in, wherever they are asked for', async () => {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  const { browser, home } = await signedIn(resident.email)
  const imageId = idIn(namesOf(home.text)[0])
  await portal.db`
    update oidc_artifact set payload = payload ||
      jsonb_build_object('loginTs', extract(epoch from now())::bigint - 960)
    where kind = 'Session' and account_id = ${resident.id}`
  const drawn = await picture(browser, `/photos/${imageId}/image`)
  expect([drawn.status, drawn.headers.get('content-type')]).toEqual([403, 'image/svg+xml'])
  expect(await drawn.text()).toContain('Sign in again')
  const viewer = await browser.open(at(`/photos/${imageId}/image`))
  expect([new URL(viewer.url).pathname, namesOf(viewer.text)]).toEqual([`/photos/${imageId}`, []])
  const details = await browser.open(at(`/verifications/${id}`))
  expect(details.text).not.toMatch(/<img|E123456/)
  const asked = await browser.submit(details, 'details')
  expect(asked.text).toContain('Confirm that it is you')
  const shown = await browser.submit(asked, 'confirm', { password: PASSWORD })
  expect(new URL(shown.url).pathname).toBe(`/verifications/${id}`)
  expect(shown.text).toContain('E123456')
  expect(await statusOf(browser, `/photos/${imageId}/image`)).toBe(200)
})

test('the page of a check says what was read, what it was compared with, by whom, and until when', async () => {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id, {
    findings: { surname: 'Mejía', nationality: 'HN' },
  })
  await portal.db`
    insert into decision (verification_id, attempt_id, status, decided_at) values
      (${id}, '0', 'resubmission', '2026-01-01'), (${id}, '1', 'approved', '2026-01-02'),
      (${id}, '1', 'pending', null)`
  const { browser, home } = await signedIn(resident.email)
  expect(home.text).toContain(`href="/verifications/${id}"`)
  const { text } = await browser.open(at(`/verifications/${id}`))
  const words = text.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
  for (const part of [
    'Passport Approved',
    'Checked by Veriff',
    'Valid until 1 May 2031',
    'Surname Mejía',
    'Date of birth 3 February 1990',
    'Nationality Honduras',
    'Number E123456',
    'The document matches these entries of your account: Name Ana Mejia (entered by the people who run this portal)',
    'Attempt 1: New photos needed, 1 January 2026',
    'Attempt 2: Approved, 2 January 2026',
  ])
    expect(words).toContain(part)
  expect(words).not.toContain('In progress')
  expect(namesOf(text)).toHaveLength(3)
})

test('an image from before there were thumbnails gets one when a page first shows it', async () => {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  const { browser, home } = await signedIn(resident.email)
  expect(namesOf(home.text).map((path) => path.split('/')[3])).toEqual(['image', 'image', 'image'])
  await browser.open(at('/'))
  await eventually(async () => {
    const names = namesOf((await browser.open(at('/'))).text)
    return names.every((path) => path.endsWith('/thumbnail'))
  })
  const made = await portal.db<{ key: string; digest: Buffer }[]>`
    select thumbnail_key as key, thumbnail_sha256 as digest from image where verification_id = ${id} order by type`
  expect(made[2]?.key).toBe(`default/${id}/1/selfie.thumbnail.jpg`)
  for (const { key, digest } of made)
    expect((await portal.parts.storage.head(key))?.sha256).toEqual(digest)
  // Not one for each look; at most two, where ten minutes end in between.
  const asked = await portal.db`
    select from pgboss.job where name = 'make-thumbnail' and data ->> 'imageId' in
      (select id::text from image where verification_id = ${id})`
  expect(asked.length).toBeLessThanOrEqual(6)
})

test('an erased check takes its photos and thumbnails along', async () => {
  const { browser, home, id } = await verified({ face: await small() })
  const imageId = idIn(namesOf(home.text)[0])
  const [row] = await portal.db<{ key: string }[]>`
    select thumbnail_key as key from image where id = ${imageId}`
  const key = row?.key ?? ''
  expect(await portal.parts.storage.head(key)).toBeDefined()
  await eraseVerification({ db: portal.db, jobs }, id, 'operator')
  for (const path of addresses(imageId)) expect(await statusOf(browser, path)).toBe(404)
  await eventually(async () => (await portal.parts.storage.head(key)) === undefined)
})

test('pages of photos and checks are in the language of the resident', async () => {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  const browser = createUserAgent({ 'Accept-Language': 'es' })
  const signIn = await browser.open(at('/'))
  const home = await browser.submit(signIn, 'login', { email: resident.email, password: PASSWORD })
  expect(home.text).toContain('>Detalles de esta verificación</a>')
  const details = await browser.open(at(`/verifications/${id}`))
  expect(details.headers.get('content-language')).toBe('es')
  for (const words of ['Verificada por', 'Apellidos', '(según quienes administran este portal)'])
    expect(details.text).toContain(words)
  const viewer = await browser.open(at(`/photos/${idIn(namesOf(home.text)[0])}`))
  expect(viewer.text).toContain('<h1>Frente del documento</h1>')
  const missing = await browser.open(at(`/photos/${randomUUID()}`))
  expect(missing.text).toContain('No hay nada en esta dirección.')
  await portal.db`
    update oidc_artifact set payload = payload ||
      jsonb_build_object('loginTs', extract(epoch from now())::bigint - 960)
    where kind = 'Session' and account_id = ${resident.id}`
  const drawn = await picture(browser, namesOf(home.text)[0] ?? '')
  expect(await drawn.text()).toContain('Inicie sesión de nuevo para ver esta foto.')
  // The switch of languages leads back from where the sign-in is asked for.
  const asked = await browser.submit(await browser.open(at(`/verifications/${id}`)), 'details')
  expect(asked.text).toContain(`name="return" value="/verifications/${id}"`)
})

test('while the bucket cannot be read, pages say so in place of the photo', async () => {
  const { browser, home } = await verified({ face: await small() })
  const [thumbnail = ''] = namesOf(home.text)
  const imageId = idIn(thumbnail)
  await portal.pauseS3()
  try {
    expect((await browser.open(at('/'))).status).toBe(200)
    for (const path of [thumbnail, `/photos/${imageId}/image`]) {
      const drawn = await picture(browser, path)
      expect([drawn.status, drawn.headers.get('content-type')]).toEqual([503, 'image/svg+xml'])
      expect(await drawn.text()).toContain('cannot be shown')
    }
    const viewer = await browser.open(at(`/photos/${imageId}/image`))
    expect(viewer.text).toContain('This photo cannot be shown right now.')
    expect(namesOf(viewer.text)).toEqual([])
  } finally {
    await portal.resumeS3()
  }
  expect(await statusOf(browser, `/photos/${imageId}/image`)).toBe(200)
})

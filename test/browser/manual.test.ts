import type { Browser, BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startWithVerifier } from '../../src/id-verification/operations.ts'
import { requestAgain } from '../../src/id-verification/review.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { FAKE_CAMERA, findChromium, launchChromium } from '../support/chromium.ts'
import { drawNoise } from '../support/images.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'

const executable = findChromium()
const LINES = [
  'P<HNDMEJIA<<ANA'.padEnd(44, '<'),
  'L898902C36HND9002030F3506075<<<<<<<<<<<<<<<2',
].join('\n')

describe.skipIf(!executable)('a verification that people review, in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  const contexts: BrowserContext[] = []
  beforeAll(async () => {
    portal = await startPortal({ worker: true })
    await setVendorIntegration(portal.db, portal.parts.sealer, { vendor: 'manual' })
    browser = await launchChromium(executable ?? '', FAKE_CAMERA)
  })
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
  })

  async function openPage(options: Parameters<Browser['newContext']>[0]) {
    const context = await browser.newContext(options)
    contexts.push(context)
    return context.newPage()
  }

  /** A page of a signed-in resident, with a verification of `manual`. */
  async function start(options: Parameters<Browser['newContext']>[0]) {
    const page = await openPage(options)
    const resident = await addResident(portal.parts)
    const { db, sealer } = portal.parts
    const parts = { db, sealer, issuer: portal.issuer }
    const { id } = await startWithVerifier(parts, { vendor: 'manual', accountId: resident.id })
    await page.goto(portal.issuer)
    await page.locator('input[type=email]').fill(resident.email)
    await page.locator('input[type=password]').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    await page.goto(`${portal.issuer}/verify/manual/${id}`)
    return { page, id, resident }
  }

  const isWithin = async (page: Page) =>
    page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
  async function expectAccessible(page: Page) {
    expect(await findAccessibilityFaults(page), page.url()).toEqual([])
    if (await page.evaluate(() => matchMedia('(scripting: enabled)').matches))
      expect(await isWithin(page), page.url()).toBe(true)
  }
  const jpegOf = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/jpeg', buffer })

  async function photograph(page: Page) {
    await page.locator('[data-open]').click()
    await page.locator('[data-finder] video').waitFor()
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
  }

  test('is done on a phone with its camera', async () => {
    const { page, id } = await start({ viewport: { width: 320, height: 700 } })
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Begin' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    expect(await page.locator('.fault').textContent()).toBe('Choose one of the documents.')
    await expectAccessible(page)
    await page.getByLabel('Passport').check()
    await page.getByRole('button', { name: 'Continue' }).click()

    await photograph(page)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Take the photo', exact: true }).click()
    await page.locator('[data-preview] canvas').waitFor()
    expect(await page.locator('[data-finder]').isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Send this photo' }).click()
    await page.getByRole('heading', { name: 'Photo of your face' }).waitFor()

    // Advice that is no gate, and an error of the server that the page shows without being left.
    const dark = await sharp({
      create: { width: 300, height: 300, channels: 3, background: '#111' },
    })
      .jpeg()
      .toBuffer()
    const says = () => page.locator('[data-says]:visible').allTextContents()
    await page.locator('#image').setInputFiles(jpegOf('face.jpg', dark))
    await page.locator('[data-says=dark]').waitFor()
    expect(await says()).toHaveLength(3)
    await expectAccessible(page)
    await page.locator('#image').setInputFiles(jpegOf('face.jpg', Buffer.from('no photo')))
    await page.locator('[data-says=unknown]').waitFor()
    await page.getByRole('button', { name: 'Send this photo' }).click()
    await page.locator('#image-fault').waitFor()
    expect(await page.title()).toContain('Error: Photo of your face')
    await expectAccessible(page)
    // The connection breaks; the same photo is sent again.
    const sharpOne = await drawNoise({ width: 700, height: 700 }).jpeg().toBuffer()
    await page.locator('#image').setInputFiles(jpegOf('face.jpg', sharpOne))
    await page.locator('[data-says=good]').waitFor()
    await page.route('**/face', (route) => route.abort())
    await page.getByRole('button', { name: 'Send this photo' }).click()
    await page.locator('[data-broken]').waitFor()
    await page.unroute('**/face')
    await page.getByRole('button', { name: 'Send this photo' }).click()
    await page.getByRole('heading', { name: 'What the document says' }).waitFor()

    await page.getByLabel('The lines with').fill(LINES.replace('9002030', '9002031'))
    await page.getByRole('button', { name: 'Fill in' }).click()
    expect(await page.locator('#mrz-fault').textContent()).toContain('Line 2, characters 14 to 20')
    await expectAccessible(page)
    await page.getByLabel('The lines with').fill(LINES)
    await page.getByRole('button', { name: 'Fill in' }).click()
    expect(await page.getByLabel('Surnames').inputValue()).toBe('MEJIA')
    await page.getByLabel('Given names').fill('Ana Lucía')
    await page.getByLabel('Number of the document').fill('L898902C4')
    await page.getByRole('button', { name: 'Save and continue' }).click()
    expect(await page.locator('.notice.bad').textContent()).toContain('The number is different.')
    await expectAccessible(page)
    await page.getByLabel('Number of the document').fill('L898902C3')
    await page.getByRole('button', { name: 'Save and continue' }).click()
    await page.getByRole('heading', { name: 'Check and send' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Send everything' }).click()
    await page.getByRole('heading', { name: 'A person looks at it' }).waitFor()
    await expectAccessible(page)

    const { db, vault } = portal.parts
    const asked = { id, asked: ['selfie'], reason: 'The face is covered.' } as const
    await requestAgain({ db, vault }, asked)
    await page.reload()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Next step' }).click()
    await page.getByText('A person asks you for another photo').waitFor()
  })

  test('is done on a desk without scripts, in Spanish, with the photos of a phone', async () => {
    const { page: desk } = await start({
      viewport: { width: 1280, height: 900 },
      javaScriptEnabled: false,
      locale: 'es-HN',
    })
    await desk.getByRole('link', { name: 'Empezar' }).click()
    await desk.getByLabel('Documento de identidad').check()
    await desk.getByRole('button', { name: 'Continuar' }).click()
    expect(await desk.locator('[data-camera]').isVisible()).toBe(false)
    await expectAccessible(desk)
    await desk.getByRole('link', { name: 'Volver a los pasos' }).click()
    await desk.getByRole('link', { name: 'Continuar en su teléfono' }).click()
    await expectAccessible(desk)
    await desk.getByRole('button', { name: 'Mostrar un código QR' }).click()
    await desk.getByRole('img', { name: 'Código QR' }).waitFor()
    await expectAccessible(desk)
    const kept = await desk.context().cookies()
    const cookie = kept.find(({ name }) => name === 'phone-link')?.value ?? ''
    const link = `${portal.issuer}/verify/phone/open/${decodeURIComponent(cookie).split(' ')[1]}`

    const phone = await openPage({ viewport: { width: 390, height: 800 }, locale: 'es-HN' })
    await phone.goto(link)
    await expectAccessible(phone)
    await phone.getByRole('button', { name: 'Tomar fotos' }).click()
    const code = (await phone.locator('p.code').textContent()) ?? ''
    await expectAccessible(phone)
    await desk.getByRole('link', { name: 'Ver si algo cambió' }).click()
    await expectAccessible(desk)
    await desk.getByLabel('El código en su teléfono').fill(code)
    await desk.getByRole('button', { name: 'Conectar este teléfono' }).click()
    // The phone's page follows by itself.
    await phone.getByRole('link', { name: 'Siguiente paso' }).click()
    for (const title of ['Foto del frente', 'Foto del reverso', 'Foto de su rostro']) {
      await phone.getByRole('heading', { name: title }).waitFor()
      await photograph(phone)
      await phone.getByRole('button', { name: 'Tomar la foto', exact: true }).click()
      await phone.locator('[data-preview] canvas').waitFor()
      if (title === 'Foto del frente') await expectAccessible(phone)
      await phone.getByRole('button', { name: 'Enviar esta foto' }).click()
      await phone.getByRole('heading', { name: 'Fotos para su verificación' }).waitFor()
      const next = phone.getByRole('link', { name: 'Siguiente paso' })
      if (await next.isVisible()) await next.click()
    }
    await phone.getByText('Todas las fotos llegaron').waitFor()
    await expectAccessible(phone)

    await desk.getByRole('link', { name: 'Ver si algo cambió' }).click()
    expect(await desk.locator('.sent img').count()).toBe(3)
    await expectAccessible(desk)
    await desk.getByRole('link', { name: 'Continuar aquí' }).click()
    await desk.getByLabel('Nombres').fill('Ana')
    await desk.getByLabel('Apellidos').fill('Mejía')
    await desk.getByLabel('Día').first().fill('3')
    await desk.getByLabel('Mes').first().fill('2')
    await desk.getByLabel('Año').first().fill('1990')
    await desk.getByLabel('Número del documento').fill('0801-1990-00001')
    await desk.getByLabel('Nacionalidad').selectOption('HN')
    await desk.getByLabel('País que emitió').selectOption('HN')
    await desk.getByRole('button', { name: 'Guardar' }).click()
    await expectAccessible(desk)
    await desk.getByRole('button', { name: 'Enviar todo' }).click()
    await desk.getByRole('heading', { name: 'Una persona lo está mirando' }).waitFor()
    await phone.goto(`${portal.issuer}/verify/phone`)
    await phone.getByText('Todo se envió').waitFor()
  })
})

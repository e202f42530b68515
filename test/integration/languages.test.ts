import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAccount, findAccountByEmail } from '../../src/accounts/accounts.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createApplication } from '../support/application.ts'
import { sendRaw } from '../support/http.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

const SPANISH = { 'Accept-Language': 'es-HN,es;q=0.9,en;q=0.1' }

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
afterAll(() => portal.close())

const at = (path: string) => `${portal.issuer}${path}`
const languageOf = ({ text, headers }: Page) => {
  const [, tag] = /<html lang="([^"]+)">/.exec(text) ?? []
  expect(headers.get('content-language')).toBe(tag)
  return tag
}
const switchTo = (browser: UserAgent, page: Page, locale: string) =>
  browser.submit(page, 'locale', { locale }, { action: '/language' })

async function signedIn(email: string, headers: Record<string, string> = {}) {
  const browser = createUserAgent(headers)
  const signIn = await browser.open(at('/'))
  const home = await browser.submit(signIn, 'login', { email, password: PASSWORD })
  expect(home.text).toContain('name="sign-out"')
  return { browser, home }
}

async function requestOf(extra: Record<string, string> = {}) {
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  return (await application.authorizationRequest('openid profile offline_access', extra)).url
}

describe('the language of a page', () => {
  test('is the browser’s, or what the application asks for, or what was chosen', async () => {
    const spanish = createUserAgent(SPANISH)
    const signIn = await spanish.open(at('/'))
    expect(languageOf(signIn)).toBe('es')
    expect(signIn.text).toContain('<h1>Iniciar sesión</h1>')
    expect(languageOf(await createUserAgent().open(at('/')))).toBe('en')

    const asked = await requestOf({ ui_locales: 'fr es-419 en' })
    const english = createUserAgent({ 'Accept-Language': 'en' })
    const interaction = await english.open(asked)
    expect(languageOf(interaction)).toBe('es')
    // The parameter is of this request: the portal's own pages are in the browser's language.
    expect(languageOf(await english.open(at('/')))).toBe('en')

    const chosen = await switchTo(english, interaction, 'en')
    expect(languageOf(chosen)).toBe('en')
    expect(chosen.url).toBe(interaction.url)
    expect(languageOf(await english.open(asked))).toBe('en')
  })

  test('stays when a form is refused, and on the pages of the protocol', async () => {
    const url = await requestOf({ ui_locales: 'es' })
    const browser = createUserAgent()
    const refused = await browser.submit(await browser.open(url), 'login', {
      email: 'nobody@example.test',
      password: 'wrong',
    })
    expect(refused.status).toBe(401)
    expect(languageOf(refused)).toBe('es')
    expect(refused.text).toContain('El correo electrónico y la contraseña no coinciden.')

    const broken = new URL(url)
    broken.searchParams.set('redirect_uri', 'https://elsewhere.test/')
    const error = await browser.open(broken.href)
    expect(error.status).toBe(400)
    expect(languageOf(error)).toBe('es')
    expect(error.text).toContain('No se pudo completar esta solicitud')
    expect(error.text).toContain('invalid_redirect_uri')
    const device = await createUserAgent(SPANISH).open(at('/device'))
    expect(device.text).toContain('<h1>Conectar un dispositivo</h1>')
  })

  test('is that of error pages; programs get English', async () => {
    const browser = createUserAgent(SPANISH)
    const missing = await browser.open(at('/nowhere'))
    expect(missing.status).toBe(404)
    expect(languageOf(missing)).toBe('es')
    expect(missing.text).toContain('No hay nada en esta dirección.')
    const expired = await browser.open(at('/interaction/none'))
    expect(expired.text).toContain('Este paso venció o se inició en otro navegador.')
    const forged = await browser.request(at('/sign-in'), {
      method: 'POST',
      body: new URLSearchParams(),
    })
    expect(await forged.text()).toContain('Este formulario no se envió desde nuestra página')
    const json = await fetch(at('/nowhere'), { headers: SPANISH })
    expect(await json.json()).toEqual({
      error: 'not_found',
      error_description: 'There is nothing at this address.',
    })
    const host = await sendRaw(`${portal.url}/`, {
      headers: { Host: 'elsewhere.test', Accept: 'text/html', ...SPANISH },
    })
    expect(host.headers['content-language']).toBe('es')
    expect(host.text).toContain('<h1>No pudimos continuar</h1>')
  })

  test('is announced in the discovery document', async () => {
    const metadata = await (await fetch(at('/.well-known/openid-configuration'))).json()
    expect(metadata).toMatchObject({ ui_locales_supported: ['en', 'es'] })
  })

  test.each([
    ['a long one', `${'x-'.repeat(3_000)}es`],
    ['many ranges', 'fr,'.repeat(2_000)],
    ['a malformed one', ';;q=,=*es_HN;q=9'],
    ['bytes that are no text', '\u00ff\u00fe\u0080'],
    ['a name of every object', 'constructor, __proto__, toString'],
  ])('is the default for %s in Accept-Language', async (_what, header) => {
    const answer = await sendRaw(`${portal.url}/`, {
      headers: { Accept: 'text/html', 'Accept-Language': header },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers['content-language']).toBe('en')
  })

  test('no NUL gets into it', async () => {
    const raw = sendRaw(`${portal.url}/`, { headers: { 'Accept-Language': 'es\u0000' } })
    await expect(raw).rejects.toThrow('Invalid character')
    const page = await createUserAgent(SPANISH).open(await requestOf({ ui_locales: 'en\u0000' }))
    expect(languageOf(page)).toBe('es')
    const cookie = await sendRaw(`${portal.url}/`, {
      headers: { Accept: 'text/html', Cookie: 'language=es%00' },
    })
    expect(cookie.headers['content-language']).toBe('en')
  })
})

describe('the switch', () => {
  test('keeps the interaction, to its end at the application', async () => {
    const resident = await addResident(portal.parts)
    const browser = createUserAgent()
    const signIn = await browser.open(await requestOf())
    expect(languageOf(signIn)).toBe('en')
    const spanish = await switchTo(browser, signIn, 'es')
    expect(spanish.url).toBe(signIn.url)
    expect(spanish.text).toContain('Iniciar sesión')
    const consent = await browser.submit(spanish, 'login', {
      email: resident.email,
      password: PASSWORD,
    })
    expect(languageOf(consent)).toBe('es')
    expect(consent.text).toContain('¿Permite que Bluewater Bank vea esto?')
    expect(consent.text).toContain('Su nombre')
    const back = await browser.submit(
      await switchTo(browser, consent, 'en'),
      'allow',
      {},
      {
        leaveAt: REDIRECT_URI,
      },
    )
    expect(new URL(back.url).searchParams.has('code')).toBe(true)
  })

  test('returns to pages of this portal alone, and only takes languages that there are', async () => {
    const browser = createUserAgent()
    const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      browser.request(at('/language'), {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { Origin: portal.issuer, ...headers },
      })
    const other = new URL(portal.issuer)
    other.port = '1'
    for (const address of [
      'https://elsewhere.test/',
      '//elsewhere.test/',
      '/\\elsewhere.test',
      '/.//elsewhere.test/',
      '/%2e//elsewhere.test/',
      '\t//elsewhere.test',
      'javascript:alert(1)',
      'http://',
      other.href,
      '',
    ]) {
      const { status, headers } = await send({ locale: 'es', return: address })
      expect([status, headers.get('location')], address).toEqual([303, '/'])
    }
    const kept = await send({ locale: 'es', return: '/reset?x=%0d%0aSet-Cookie:a=b#c' })
    expect(kept.headers.get('location')).toBe('/reset?x=%0d%0aSet-Cookie:a=b')
    expect(kept.headers.get('set-cookie')).toMatch(
      /^language=es; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    for (const locale of ['fr', 'constructor', 'es\u0000'])
      expect((await send({ locale })).headers.get('set-cookie')).toBeNull()
    expect((await send({ locale: 'en' }, { Origin: 'https://elsewhere.test' })).status).toBe(403)
    expect(languageOf(await browser.open(at('/')))).toBe('es')
  })
})

describe('mails', () => {
  test('are in the language in which the resident signs in, and then in the chosen one', async () => {
    const resident = await addResident(portal.parts)
    const { browser, home } = await signedIn(resident.email, {
      ...SPANISH,
      'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    })
    const first = await receiveMail(portal, resident.email, 'Nuevo inicio de sesión en su cuenta')
    expect(first.text).toContain('Firefox en Linux')
    expect(first.text).toMatch(/el \d\d de \p{L}+ de \d{4} a las .* \(UTC\)\./u)
    expect(first.text).toMatch(/\n\nEl portal de identidad\n$/)
    const stored = async () =>
      (await findAccount(portal.db, portal.parts.vault, resident.id))?.locale
    expect(await stored()).toBe('es')

    // A browser that is new to the account may be an intruder's: it does not choose the language.
    await signedIn(resident.email)
    expect(await stored()).toBe('es')
    await switchTo(browser, home, 'en')
    expect(await stored()).toBe('en')
    const { link } = first
    const report = await browser.open(link)
    expect(report.text).toContain('<h1>You did not sign in?</h1>')
  })

  test('are chosen by first sign-ins at the same moment, of which each succeeds', async () => {
    const resident = await addResident(portal.parts)
    await Promise.all(Array.from({ length: 6 }, () => signedIn(resident.email, SPANISH)))
    expect((await findAccount(portal.db, portal.parts.vault, resident.id))?.locale).toBe('es')
  })

  test('to somebody without an account are in the language of the request, which the account keeps', async () => {
    await setPolicy(portal.db, 'sign-up', 'open')
    const browser = createUserAgent()
    const signIn = await browser.open(await requestOf({ ui_locales: 'es' }))
    expect(signIn.text).toContain('Cree una cuenta')
    const [, path = ''] = /href="([^"]+\/sign-up)"/.exec(signIn.text) ?? []
    const form = await browser.open(at(path))
    expect(languageOf(form)).toBe('es')
    const email = `${crypto.randomUUID()}@example.test`
    const sent = await browser.submit(form, 'send', { email })
    expect(sent.text).toContain('Revise su correo electrónico')
    const { link } = await receiveMail(portal, email, 'Cree su cuenta')
    const names = { 'given-name': 'Ana', 'family-name': 'Mejía' }
    const refused = await browser.submit(await browser.open(link), 'create', {
      ...names,
      password: 'short',
    })
    expect(refused.text).toContain('La contraseña debe tener 15 caracteres o más.')
    const consent = await browser.submit(refused, 'create', { ...names, password: PASSWORD })
    expect(consent.text).toContain('¿Permite que Bluewater Bank vea esto?')
    await receiveMail(portal, email, 'Se creó su cuenta')
    const account = await findAccountByEmail(portal.db, portal.parts.vault, email)
    expect(account?.locale).toBe('es')
  })

  test('of the operator’s commands and of links are in the stored language', async () => {
    const resident = await addResident(portal.parts)
    await signedIn(resident.email, SPANISH)
    const browser = createUserAgent()
    const page = await browser.open(at('/reset'))
    await browser.submit(page, 'send', { email: resident.email })
    const reset = await receiveMail(portal, resident.email, 'Establezca una nueva contraseña')
    expect(reset.link).toContain('/reset/')
    await readCommand(['resident', 'reset-mfa', resident.id]).run({
      ...portal.parts,
      issuer: portal.issuer,
    })
    const removed = await receiveMail(portal, resident.email, 'Se quitaron sus segundos pasos')
    expect(removed.text).toContain('Quienes administran el portal quitaron')
  })

  test('for an account without a language are in that of the request', async () => {
    const resident = await addResident(portal.parts)
    const browser = createUserAgent(SPANISH)
    await browser.submit(await browser.open(at('/reset')), 'send', { email: resident.email })
    await receiveMail(portal, resident.email, 'Establezca una nueva contraseña')
  })

  test('about a consent name the permissions in the language of the account', async () => {
    const resident = await addResident(portal.parts)
    const { browser } = await signedIn(resident.email, SPANISH)
    const consent = await browser.open(await requestOf({ ui_locales: 'en' }))
    expect(languageOf(consent)).toBe('en')
    await browser.submit(consent, 'allow', {}, { leaveAt: REDIRECT_URI })
    const mail = await receiveMail(portal, resident.email, 'Una aplicación puede ver sus datos')
    expect(mail.text).toContain('- Su nombre')
    expect(mail.text).toMatch(/le dio permiso a «Bluewater Bank», hasta el \d+ de \S+ de \d{4}:/)
  })
})

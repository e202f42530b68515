/** A browser without scripts: it stores cookies, follows redirects, and submits the forms of a page. */
export type UserAgent = ReturnType<typeof createUserAgent>
export type Page = { url: string; status: number; text: string; headers: Headers }

type Fields = Record<string, string | string[]>
/** By origin and name, with a space between. */
type CookieJar = Map<string, { value: string; path: string }>
/** `filled` are the fields that a browser submits unchanged; `boxes` are those that are not ticked. */
type Form = {
  action: string
  filled: [string, string][]
  boxes: [string, string][]
  buttons: string[]
}

/** `headers` are sent with every request. */
export function createUserAgent(headers: Record<string, string> = {}) {
  const jar: CookieJar = new Map()

  async function request(url: string, init: RequestInit = {}): Promise<Response> {
    const cookies = cookiesFor(jar, url)
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: {
        Accept: 'text/html',
        ...headers,
        ...(cookies ? { Cookie: cookies } : {}),
        ...(init.headers as Record<string, string> | undefined),
      },
    })
    storeCookies(jar, url, response)
    return response
  }

  /** Follows redirects until a page, or until the browser would leave for `leaveAt`. */
  async function follow(response: Response, url: string, leaveAt?: string): Promise<Page> {
    let current = response
    let at = url
    for (let hops = 0; hops < 20; hops++) {
      const { status, headers } = current
      const location = headers.get('location')
      if (status < 300 || status >= 400 || !location)
        return { url: at, status, text: await current.text(), headers }
      await current.body?.cancel()
      at = new URL(location, at).href
      if (leaveAt && at.startsWith(leaveAt)) return { url: at, status, text: '', headers }
      current = await request(at)
    }
    throw new Error('too many redirects')
  }

  async function send(page: Page, form: Form, fields: Fields, leaveAt?: string): Promise<Page> {
    const url = new URL(form.action || page.url, page.url).href
    const response = await request(url, {
      method: 'POST',
      body: fill(form, fields),
      headers: { Origin: new URL(page.url).origin },
    })
    return follow(response, url, leaveAt)
  }

  return {
    jar,
    request,
    async open(url: string, leaveAt?: string): Promise<Page> {
      return follow(await request(url), url, leaveAt)
    },
    /**
     * Submits the form that has a button of this name, with its hidden, ticked and chosen fields, changed by `fields`. A
     * list ticks exactly those boxes. `action` selects one of several forms. A question of the portal that nothing is chosen for is
     * answered as by a resident who agrees to everything; a list of scopes answers it too.
     */
    async submit(
      page: Page,
      button: string,
      fields: Fields = {},
      options: { leaveAt?: string; action?: string } = {},
    ): Promise<Page> {
      const form = findForms(page.text).find(
        ({ buttons, action }) =>
          buttons.includes(button) && (!options.action || action === options.action),
      )
      if (!form) throw new Error(`the page has no form with a button "${button}"`)
      return send(
        page,
        form,
        { [button]: '', ...answers(form, fields), ...fields },
        options.leaveAt,
      )
    },
    /** Submits the page's only form, with a button without a name. */
    async submitFirst(page: Page, fields: Fields): Promise<Page> {
      const [form] = findForms(page.text)
      if (!form) throw new Error('the page has no form')
      return send(page, form, fields)
    },
  }
}

/** The `Cookie` header for a URL, or an empty string. */
function cookiesFor(jar: CookieJar, url: string): string {
  const { origin, pathname } = new URL(url)
  return [...jar]
    .filter(([key, { path }]) => key.startsWith(`${origin} `) && pathname.startsWith(path))
    .map(([key, { value }]) => `${key.split(' ')[1]}=${value}`)
    .join('; ')
}

function storeCookies(jar: CookieJar, url: string, response: Response) {
  const { origin } = new URL(url)
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? []
    const path = /path=([^;]+)/i.exec(attributes)?.[1] ?? '/'
    if (value === '' || /expires=Thu, 01 Jan 1970/i.test(attributes))
      jar.delete(`${origin} ${name}`)
    else jar.set(`${origin} ${name}`, { value, path })
  }
}

function fill(form: Form, fields: Fields): URLSearchParams {
  return new URLSearchParams([
    ...form.filled.filter(([name]) => !Object.hasOwn(fields, name)),
    ...Object.entries(fields).flatMap(([name, value]) =>
      [value].flat().map((each): [string, string] => [name, each]),
    ),
  ])
}

/** The answers to the questions of a consent: all of it, unless `fields` has a list of scopes. */
function answers(form: Form, { scope: listed }: Fields): Fields {
  const valuesOf = (fields: [string, string][], name: string) =>
    fields.flatMap(([each, value]) => (each === name ? [value] : []))
  const questions = valuesOf(form.filled, 'asked').map((scope): [string, string] => {
    const name = `permission ${scope}`
    const [chosen] = valuesOf(form.filled, name)
    const hasAlternative = valuesOf(form.boxes, name).length + (chosen === undefined ? 0 : 1) > 2
    if (listed !== undefined && !hasAlternative) return [name, listed.includes(scope) ? scope : '']
    return [name, chosen ?? scope]
  })
  const isOpen = questions.some(([name]) => valuesOf(form.filled, name).length === 0)
  return {
    ...Object.fromEntries(questions),
    ...(isOpen
      ? { image: [...valuesOf(form.filled, 'image'), ...valuesOf(form.boxes, 'image')] }
      : {}),
  }
}

const attribute = (tag: string, name: string): string | undefined =>
  decoded(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1])

const decoded = (text: string | undefined) =>
  text
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

function findForms(text: string): Form[] {
  return [...text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(
    ([, open = '', inside = '']) => {
      const inputs = [...inside.matchAll(/<input\b[^>]*>/g)].map(([tag]) => ({
        type: attribute(tag, 'type'),
        isChecked: /\schecked\b/.test(tag),
        field: [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? ''] as [string, string],
      }))
      const isBox = (type: string | undefined) => /checkbox|radio/.test(type ?? '')
      return {
        action: attribute(open, 'action') ?? '',
        filled: inputs
          .filter(({ type, isChecked }) => type === 'hidden' || (isBox(type) && isChecked))
          .map(({ field }) => field),
        boxes: inputs
          .filter(({ type, isChecked }) => isBox(type) && !isChecked)
          .map(({ field }) => field),
        buttons: [...inside.matchAll(/<button\b[^>]*>/g)].map(
          ([tag]) => attribute(tag, 'name') ?? '',
        ),
      }
    },
  )
}

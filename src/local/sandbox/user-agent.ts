/** A browser without scripts: it stores cookies, follows redirects, and submits the forms of a page. */
export type UserAgent = ReturnType<typeof createUserAgent>
export type Page = { url: string; status: number; text: string; headers: Headers }

type Fields = Record<string, string | string[]>

/** `headers` are sent with every request. */
export function createUserAgent(headers: Record<string, string> = {}) {
  const jar = new Map<string, { value: string; path: string }>()

  async function request(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin, pathname } = new URL(url)
    const cookies = [...jar]
      .filter(([key, { path }]) => key.startsWith(`${origin} `) && pathname.startsWith(path))
      .map(([key, { value }]) => `${key.split(' ')[1]}=${value}`)
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: {
        Accept: 'text/html',
        ...headers,
        ...(cookies.length > 0 ? { Cookie: cookies.join('; ') } : {}),
        ...(init.headers as Record<string, string> | undefined),
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? []
      const path = /path=([^;]+)/i.exec(attributes)?.[1] ?? '/'
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(attributes))
        jar.delete(`${origin} ${name}`)
      else jar.set(`${origin} ${name}`, { value, path })
    }
    return response
  }

  /** Follows redirects until a page, or until the browser would leave for `leaveAt`. */
  async function follow(response: Response, url: string, leaveAt?: string): Promise<Page> {
    let current = response
    let at = url
    for (let hops = 0; hops < 20; hops++) {
      const location = current.headers.get('location')
      if (current.status < 300 || current.status >= 400 || !location)
        return {
          url: at,
          status: current.status,
          text: await current.text(),
          headers: current.headers,
        }
      await current.body?.cancel()
      at = new URL(location, at).href
      if (leaveAt && at.startsWith(leaveAt))
        return { url: at, status: current.status, text: '', headers: current.headers }
      current = await request(at)
    }
    throw new Error('too many redirects')
  }

  async function send(
    page: Page,
    form: { action: string; filled: [string, string][] },
    fields: Fields,
    leaveAt?: string,
  ): Promise<Page> {
    const url = new URL(form.action || page.url, page.url).href
    const response = await request(url, {
      method: 'POST',
      body: new URLSearchParams([
        ...form.filled.filter(([name]) => !Object.hasOwn(fields, name)),
        ...Object.entries(fields).flatMap(([name, value]) =>
          [value].flat().map((each): [string, string] => [name, each]),
        ),
      ]),
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
     * list ticks exactly those boxes. `action` selects one of several forms.
     */
    async submit(
      page: Page,
      button: string,
      fields: Fields = {},
      options: { leaveAt?: string; action?: string } = {},
    ): Promise<Page> {
      const form = forms(page.text).find(
        ({ buttons, action }) =>
          buttons.includes(button) && (!options.action || action === options.action),
      )
      if (!form) throw new Error(`the page has no form with a button "${button}"`)
      return send(page, form, { [button]: '', ...fields }, options.leaveAt)
    },
    /** Submits the page's only form, with a button without a name. */
    async submitFirst(page: Page, fields: Fields): Promise<Page> {
      const [form] = forms(page.text)
      if (!form) throw new Error('the page has no form')
      return send(page, form, fields)
    },
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

function forms(text: string) {
  return [...text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(
    ([, open = '', inside = '']) => ({
      action: attribute(open, 'action') ?? '',
      filled: [...inside.matchAll(/<input\b[^>]*>/g)]
        .filter(([tag]) => {
          const type = attribute(tag, 'type')
          return type === 'hidden' || (/checkbox|radio/.test(type ?? '') && /\schecked\b/.test(tag))
        })
        .map(([tag]): [string, string] => [
          attribute(tag, 'name') ?? '',
          attribute(tag, 'value') ?? '',
        ]),
      buttons: [...inside.matchAll(/<button\b[^>]*>/g)].map(
        ([tag]) => attribute(tag, 'name') ?? '',
      ),
    }),
  )
}

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Colour, findContrastFault, isColour } from './colours.ts'

/** How the operator names and shows this portal, and where the operator can be reached. */
export type SiteConfig = {
  /** The name of the portal; `undefined`: each language has a word for it. */
  name: string | undefined
  logo: SiteLogo | undefined
  /** The colour of links, buttons and outlines, on a light and on a dark page. */
  colours: { light: Colour | undefined; dark: Colour | undefined }
  /** The time zone (IANA) of residents who have not chosen one. */
  timeZone: string
  contact: SiteContact
}
type SiteContact = {
  /** Who is responsible for this portal, and its postal address. */
  operator: string | undefined
  address: string | undefined
  email: string | undefined
  phone: string | undefined
  /** The operator's own privacy policy. */
  policyUrl: string | undefined
}
export type SiteLogo = { contentType: 'image/png' | 'image/svg+xml'; bytes: Uint8Array }

/** A file that never changes under its path, which contains its digest. */
export type Asset = { path: string; contentType: string; body: string | Uint8Array<ArrayBuffer> }

/** What every page has from the operator. */
export type Site = {
  stylesheet: Asset
  logo: Asset | undefined
  contact: SiteContact
  /** Every page then says that its people are invented. */
  isSandbox: boolean
  /** Whether there is a console for developers, which every page then leads to. */
  hasConsole: boolean
}

const css = readFileSync(new URL('./styles.css', import.meta.url), 'utf8')

/** What pages need of the configuration: the stylesheet with its colours, the logo, the contacts. */
export function createSite(
  { colours, logo, contact }: SiteConfig,
  { isSandbox = false, hasConsole = false } = {},
): Site {
  const styles = `${css}${overridesOf(colours)}`
  return {
    stylesheet: createAsset('portal', 'css', 'text/css; charset=utf-8', styles),
    logo:
      logo &&
      createAsset(
        'logo',
        logo.contentType === 'image/png' ? 'png' : 'svg',
        logo.contentType,
        new Uint8Array(logo.bytes),
      ),
    contact,
    isSandbox,
    hasConsole,
  }
}

/** An asset whose path contains its digest, so that browsers keep it without end. */
export function createAsset(
  name: string,
  extension: string,
  contentType: string,
  body: Asset['body'],
): Asset {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return { path: `/assets/${name}-${digest}.${extension}`, contentType, body }
}

/** Without configuration. */
export const PLAIN_SITE: SiteConfig = {
  name: undefined,
  logo: undefined,
  colours: { light: undefined, dark: undefined },
  timeZone: 'UTC',
  contact: {
    operator: undefined,
    address: undefined,
    email: undefined,
    phone: undefined,
    policyUrl: undefined,
  },
}

function overridesOf({ light, dark }: SiteConfig['colours']): string {
  const accent = (colour: Colour) => `:root{--accent:${colour}}`
  // They come after the rules of the file, of which a light colour must replace neither the dark one nor the one on paper.
  return [
    light && `@media screen and (prefers-color-scheme:light){${accent(light)}}`,
    dark && `@media screen and (prefers-color-scheme:dark){${accent(dark)}}`,
  ]
    .flatMap((rule) => (rule ? [`\n${rule}\n`] : []))
    .join('')
}

/** What the accent colour is shown on. */
const BACKGROUNDS = ['paper', 'card', 'good-back', 'bad-back', 'waiting-back']

/**
 * Returns what is wrong with an accent colour: that it cannot be read well enough on the pages (WCAG 2.2 §1.4.3), with its contrast and
 * the nearest colour that can.
 */
export function findAccentFault(colour: Colour, scheme: 'light' | 'dark'): string | undefined {
  const fault = findContrastFault(colour, backgroundsOf(scheme))
  return (
    fault &&
    `has a contrast of ${fault.contrast.toFixed(2)}:1 to the ${scheme} page, and text needs 4.5:1: the nearest colour that has it is ${fault.nearest}`
  )
}

/** The backgrounds of a scheme in the stylesheet: its first rule is the light one, its second the dark one. */
function backgroundsOf(scheme: 'light' | 'dark'): Colour[] {
  const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) => body)
  const body = scheme === 'light' ? light : dark
  return BACKGROUNDS.map((name) => {
    const value = new RegExp(`--${name}: (\\S+);`).exec(body)?.[1] ?? ''
    if (!isColour(value)) throw new Error(`styles.css has no ${scheme} --${name}`)
    return value
  })
}

// A page and all that it loads stay under 150 KB.
const MAX_LOGO_BYTES = 64 * 1024

/** Detects the type of a logo from its bytes. Returns what is wrong with it where it cannot be shown. */
export function readSiteLogo(bytes: Uint8Array): SiteLogo | string {
  if (bytes.length > MAX_LOGO_BYTES)
    return `names a file of ${Math.ceil(bytes.length / 1024)} KiB: a logo has at most ${MAX_LOGO_BYTES / 1024}`
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1')
  if (start === '\x89PNG\r\n\x1a\n') return { contentType: 'image/png', bytes }
  const text = Buffer.from(bytes).toString('utf8')
  if (!/^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<svg[\s>]/.test(text))
    return 'names a file that is neither PNG nor SVG'
  // Browsers run no script of an image and load nothing for it, but the file has an address of its own.
  return /<script|<foreignObject|<!ENTITY|\son\w+\s*=/i.test(text)
    ? 'names an SVG file with scripts, foreign objects or entities: export it as a plain SVG, or as a PNG'
    : { contentType: 'image/svg+xml', bytes }
}

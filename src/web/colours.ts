/** A colour as `#rrggbb`. */
export type Colour = `#${string}`

export const isColour = (value: string): value is Colour => /^#[0-9a-f]{6}$/i.test(value)

/** The contrast that WCAG 2.2 asks of text (§1.4.3). Parts such as borders and outlines need 3 (§1.4.11). */
const TEXT_CONTRAST = 4.5

/** The contrast of two colours (WCAG 2.2, contrast ratio): from 1 to 21. */
export function contrastOf(a: Colour, b: Colour): number {
  const [lighter = 0, darker = 0] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => y - x)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminanceOf(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(colour).map((channel) => {
    const value = channel / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const channelsOf = (colour: Colour): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))

const colourOf = (channels: readonly number[]): Colour =>
  `#${channels.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`

/** The least contrast of a colour to any of these. */
const leastContrast = (colour: Colour, others: readonly Colour[]): number =>
  Math.min(...others.map((other) => contrastOf(colour, other)))

/**
 * Whether text in this colour can be read on every one of `backgrounds`: `undefined`, or the least contrast and the nearest colour that
 * suffices, which is the same one mixed with as little black or white as possible.
 */
export function findContrastFault(
  colour: Colour,
  backgrounds: readonly Colour[],
): { contrast: number; nearest: Colour } | undefined {
  const contrast = leastContrast(colour, backgrounds)
  if (contrast >= TEXT_CONTRAST) return undefined
  const isDark = backgrounds.every((background) => luminanceOf(background) < 0.18)
  const nearest = mixUntil(
    colour,
    isDark ? 255 : 0,
    (mixed) => leastContrast(mixed, backgrounds) >= TEXT_CONTRAST,
  )
  return { contrast, nearest }
}

const STEPS = 256

/** Mixes the colour with black (0) or white (255), by the smallest step that is enough. */
function mixUntil(colour: Colour, target: number, isEnough: (mixed: Colour) => boolean): Colour {
  const channels = channelsOf(colour)
  for (let step = 1; step < STEPS; step++) {
    const mixed = colourOf(channels.map((channel) => channel + ((target - channel) * step) / STEPS))
    if (isEnough(mixed)) return mixed
  }
  return colourOf([target, target, target])
}

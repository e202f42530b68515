/**
 * Letters as strokes, so that a drawing is the same on a machine without fonts. A glyph is `[width, path]` on a grid with
 * the top of a capital at 0 and the baseline at 10.
 */
const GLYPHS: Record<string, readonly [width: number, path: string]> = {
  A: [6, 'M0 10L3 0L6 10M1.1 6.4H4.9'],
  B: [5.9, 'M0 0V10H3.2A2.7 2.7 0 0 0 3.2 4.6H0M0 0H2.9A2.3 2.3 0 0 1 2.9 4.6'],
  C: [6.4, 'M6.2 2.2A3.5 5 0 1 0 6.2 7.8'],
  D: [6.2, 'M0 0V10H2.4A3.8 5 0 0 0 2.4 0Z'],
  E: [5, 'M5 0H0V10H5M0 4.8H4.2'],
  F: [5, 'M5 0H0V10M0 4.8H4.1'],
  G: [6.6, 'M6.2 2.1A3.5 5 0 1 0 6.6 6.4V5.3H3.9'],
  H: [6, 'M0 0V10M6 0V10M0 4.8H6'],
  I: [0, 'M0 0V10'],
  J: [4, 'M4 0V7.2A2 2.8 0 0 1 0 7.6'],
  K: [5.8, 'M0 0V10M5.5 0L0 6M2 4L5.8 10'],
  L: [4.8, 'M0 0V10H4.8'],
  M: [7.2, 'M0 10V0L3.6 6.5L7.2 0V10'],
  N: [6, 'M0 10V0L6 10V0'],
  O: [7, 'M3.5 0A3.5 5 0 1 0 3.5 10A3.5 5 0 1 0 3.5 0Z'],
  P: [5.7, 'M0 10V0H3A2.7 2.75 0 0 1 3 5.5H0'],
  Q: [7, 'M3.5 0A3.5 5 0 1 0 3.5 10A3.5 5 0 1 0 3.5 0ZM4.3 7.2L6.8 10.6'],
  R: [5.8, 'M0 10V0H3A2.6 2.6 0 0 1 3 5.2H0M3 5.2L5.8 10'],
  S: [
    5.4,
    'M5 1.8C4.4 .6 3.6 0 2.6 0C1.2 0 .2 1 .2 2.4C.2 5.6 5.4 4.2 5.4 7.4C5.4 9 4.2 10 2.7 10C1.4 10 .4 9.2 0 8',
  ],
  T: [6, 'M0 0H6M3 0V10'],
  U: [6, 'M0 0V6.6A3 3.4 0 0 0 6 6.6V0'],
  V: [6, 'M0 0L3 10L6 0'],
  W: [8.8, 'M0 0L2.2 10L4.4 1.5L6.6 10L8.8 0'],
  X: [5.8, 'M0 0L5.8 10M5.8 0L0 10'],
  Y: [6, 'M0 0L3 5V10M6 0L3 5'],
  Z: [5.6, 'M0 0H5.6L0 10H5.6'],
  '0': [5.6, 'M2.8 0A2.8 5 0 1 0 2.8 10A2.8 5 0 1 0 2.8 0Z'],
  '1': [3, 'M.4 2.2L2.6 0V10'],
  '2': [5.4, 'M.2 2.7A2.5 2.7 0 0 1 5.2 2.8C5.2 5 .6 7.2 0 10H5.4'],
  '3': [
    5.4,
    'M.3 1.6C1 .4 1.8 0 2.7 0A2.35 2.35 0 0 1 2.7 4.7H2M2.7 4.7A2.65 2.65 0 0 1 2.7 10C1.5 10 .5 9.4 0 8.2',
  ],
  '4': [5.4, 'M4 10V0L0 7H5.4'],
  '5': [5.3, 'M5 0H.9L.5 4.6C1.2 4 1.9 3.8 2.6 3.8A2.7 3.1 0 0 1 2.6 10C1.4 10 .5 9.4 0 8.4'],
  '6': [
    5.4,
    'M4.8 1.2C4.3 .4 3.6 0 2.9 0C1.2 0 .1 2 .1 5.8V7A2.65 3 0 1 0 2.7 4C1.5 4 .5 5 .1 6.4',
  ],
  '7': [5.4, 'M0 0H5.4L1.8 10'],
  '8': [
    5.4,
    'M2.7 0A2.3 2.3 0 1 0 2.7 4.6A2.3 2.3 0 1 0 2.7 0ZM2.7 4.6A2.7 2.7 0 1 0 2.7 10A2.7 2.7 0 1 0 2.7 4.6Z',
  ],
  '9': [
    5.4,
    'M.6 8.8C1.1 9.6 1.8 10 2.5 10C4.2 10 5.3 8 5.3 4.2V3A2.65 3 0 1 0 2.7 6C3.9 6 4.9 5 5.3 3.6',
  ],
  '<': [4.6, 'M4.6 1.5L0 5L4.6 8.5'],
  '-': [3.4, 'M0 5H3.4'],
  '.': [0, 'M0 9.9V10'],
  ',': [0.6, 'M.6 9.6L0 11.4'],
  "'": [0, 'M0 0V2.4'],
  '/': [4, 'M0 10L4 0'],
  '?': [5, 'M.1 2.4A2.4 2.4 0 1 1 3.6 4.4C2.7 5 2.5 5.6 2.5 6.8M2.5 9.9V10'],
  ' ': [3.2, ''],
}

/** Diacritics, drawn over the middle of the letter that they follow in Unicode's decomposed form. */
const MARKS: Record<string, string> = {
  '\u0300': 'M.7 -1.4L-.8 -3',
  '\u0301': 'M-.7 -1.4L.8 -3',
  '\u0302': 'M-1.3 -1.4L0 -2.8L1.3 -1.4',
  '\u0303': 'M-1.6 -1.7C-.8 -3 .6 -.8 1.6 -2.2',
  '\u0308': 'M-1.1 -2V-1.9M1.1 -2V-1.9',
  '\u030a': 'M0 -3.2A.9 .9 0 1 0 0 -1.4A.9 .9 0 1 0 0 -3.2Z',
  '\u030c': 'M-1.3 -2.8L0 -1.4L1.3 -2.8',
  '\u0327': 'M.3 10V11Q1 12.4 -.8 12.4',
}

export type Lettering = {
  x: number
  /** The baseline. */
  y: number
  /** Height of a capital, in the units of the drawing. */
  size: number
  color: string
  /** Thickness of a stroke, relative to the size; 0.1 is like a regular font weight. */
  weight?: number
  opacity?: number
  anchor?: 'start' | 'middle' | 'end'
  /** Space between letters, in tenths of the size. */
  spacing?: number
  /** Draws every letter in a cell of this width, in tenths of the size, like a machine-readable line. */
  cell?: number
}

/**
 * SVG for one line of capitals. It contains only shapes, never the text, so that a hostile name cannot become markup. An
 * unknown letter is drawn as a question mark.
 */
export function lettering(text: string, options: Lettering): string {
  const { x, y, size, color, weight = 0.1, opacity = 1, anchor = 'start' } = options
  const { spacing = 2.6, cell } = options
  const letters: string[] = []
  let end = 0
  let width = 0
  let middle = 0
  for (const character of text.toUpperCase().normalize('NFD')) {
    const mark = MARKS[character]
    if (mark) {
      letters.push(`<path transform="translate(${round(middle)})" d="${mark}"/>`)
      continue
    }
    if (/\p{M}/u.test(character)) continue
    const [glyphWidth, path] = GLYPHS[character] ?? unknown
    const left = cell === undefined ? end : end + (cell - glyphWidth) / 2
    if (path) letters.push(`<path transform="translate(${round(left)})" d="${path}"/>`)
    middle = left + glyphWidth / 2
    width = cell === undefined ? end + glyphWidth : end + cell
    end = cell === undefined ? width + spacing : width
  }
  const scale = size / 10
  const start = anchor === 'start' ? x : x - width * scale * (anchor === 'middle' ? 0.5 : 1)
  return `<g transform="translate(${round(start)} ${round(y - size)}) scale(${round(scale)})" fill="none" stroke="${color}" stroke-width="${round(weight * 10)}" stroke-linecap="round" stroke-linejoin="round" opacity="${opacity}">${letters.join('')}</g>`
}

const unknown = GLYPHS['?'] ?? ([0, ''] as const)

const round = (value: number) => Math.round(value * 1000) / 1000

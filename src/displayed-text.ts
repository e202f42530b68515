import { z } from 'zod'

/*
 * One rule for every text that somebody else wrote and a page, a mail or a terminal shows: names, purposes, reasons.
 *
 * Refused are characters that are not seen and change what is seen: controls, line separators, bidirectional marks, embeddings
 * and isolates, zero-width and other default-ignorable code points (variation selectors and the joiners of emoji among them),
 * private use, surrogates and unassigned ones; and more than four combining marks on one letter. A joiner (U+200C, U+200D) is allowed
 * between letters of the scripts that cannot be written without it.
 */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const JOINING =
  '\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}'
const JOINER = new RegExp(`(?<=[${JOINING}])[\\u200c\\u200d](?=[${JOINING}])`, 'gu')
const STACKED_MARKS = /^\p{M}|\p{M}{5}/u

/** NFC, one kind of space, none at the ends. */
export const normalizeText = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/\p{Zs}+/gu, ' ')
    .replace(/^ | $/g, '')

/** Whether the text may be shown as it is. */
export function isDisplayable(text: string): boolean {
  const rest = text.replace(JOINER, '')
  return rest.search(HIDDEN) < 0 && !STACKED_MARKS.test(rest.normalize('NFC'))
}

/** A text of 1 to `longest` characters that people will read; `what` names it in the error. */
export const displayedText = (what: string, longest: number) =>
  z
    .string()
    .overwrite(normalizeText)
    .min(1, `${what} has no words`)
    .max(longest, `${what} has at most ${longest} characters`)
    .refine(isDisplayable, {
      error: `${what} is one line of ordinary text, without control or invisible characters`,
    })

/** A text that was stored before the rule, or by a vendor: what is hidden in it becomes visible as U+FFFD. */
export const visibleText = (text: string): string =>
  isDisplayable(text)
    ? text
    : text
        .normalize('NFC')
        .replace(/[\n\r\t]+/g, ' ')
        .replace(HIDDEN, '\ufffd')
        .replace(/^\p{M}+|\p{M}{5,}/gu, '\ufffd')

/** For a terminal: the same characters as escapes. Line ends stay where `lines` says so. */
export const escapeForTerminal = (text: string, { lines = false } = {}): string =>
  text.replace(HIDDEN, (character) =>
    lines && character === '\n' ? character : escapeSequence(character),
  )

/** As `JSON.stringify`, with everything escaped that a terminal would act on. */
export const stringifyForTerminal = (value: unknown): string =>
  String(JSON.stringify(value)).replace(HIDDEN, escapeSequence)

// Each UTF-16 unit, so that JSON reads it back.
const escapeSequence = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

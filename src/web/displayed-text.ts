import { z } from 'zod'
import { HIDDEN } from './terminal-text.ts'

/*
 * The one rule for text that others wrote and that a page, a mail or a terminal shows: names, purposes, reasons.
 *
 * Rejects characters that are invisible and change what is visible: controls, line separators, bidirectional marks, embeddings
 * and isolates, zero-width and other default-ignorable code points (variation selectors and the joiners of emoji included), private
 * use, surrogates and unassigned ones; and more than four combining marks on one letter. A joiner (U+200C, U+200D) is allowed between
 * letters of scripts that need it.
 */
const JOINING =
  '\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}'
const JOINER = new RegExp(`(?<=[${JOINING}])[\\u200c\\u200d](?=[${JOINING}])`, 'gu')
const STACKED_MARKS = /^\p{M}|\p{M}{5}/u

/** Returns the text in NFC, with one kind of space and none at the ends. */
export const normalizeText = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/\p{Zs}+/gu, ' ')
    .replace(/^ | $/g, '')

/** Whether the text can be shown unchanged. */
export function isDisplayable(text: string): boolean {
  const rest = text.replace(JOINER, '')
  return rest.search(HIDDEN) < 0 && !STACKED_MARKS.test(rest.normalize('NFC'))
}

/** A schema for text of 1 to `longest` characters that people will read; `what` names it in the error. */
export const displayedText = (what: string, longest: number) =>
  z
    .string()
    .overwrite(normalizeText)
    .min(1, `${what} has no words`)
    .max(longest, `${what} has at most ${longest} characters`)
    .refine(isDisplayable, {
      error: `${what} is one line of ordinary text, without control or invisible characters`,
    })

/** Returns text that was not validated (older rows, vendors) with hidden characters as U+FFFD. */
export const visibleText = (text: string): string =>
  isDisplayable(text)
    ? text
    : text
        // Normalized as for validation: NFC can decompose one mark into several.
        .normalize('NFC')
        .replace(/[\n\r\t]+/g, ' ')
        .replace(HIDDEN, '\ufffd')
        .replace(/^\p{M}+|\p{M}{5,}/gu, '\ufffd')

import { HIDDEN } from '../web/terminal-text.ts'
import type { RequestDetail } from './store.ts'

/*
 * What an application sends is foreign text, which may contain anything by mistake: a token where a scope belongs, or an e-mail address.
 */

const LONGEST = 300
// What is replaced is looked for in more than is kept, because a part of it would not be recognised.
const MOST_READ = 600
const LONGEST_PART = 100
const MOST_ENTRIES = 20

const EMAIL = /[^\s@/?#&=:,"'<>]+(@|%(25)*40)[^\s@/?#&=,"'<>]+\.[^\s@/?#&=,"'<>]+/gi
// A JWT, or a run of characters without a word in it: tokens, codes and secrets of this portal have 43 or more.
const SECRET =
  /eyJ[\w-]+(\.[\w-]*)+|(?<![\w-]|\w\.)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{40,}(?![\w-]|\.\w)/g

/** The text in one line of at most 300 characters, with control characters as escapes, and without e-mail addresses, tokens and secrets. */
export function cleanText(text: string): string {
  const isLong = text.length > MOST_READ
  const clean = text
    .slice(0, MOST_READ)
    .replace(SECRET, '[a secret]')
    .replace(EMAIL, '[an e-mail address]')
    .replace(HIDDEN, escapeOf)
  const kept = isLong ? Math.min(clean.length - LONGEST_PART, LONGEST - 1) : LONGEST - 1
  return isLong || clean.length > LONGEST ? `${clean.slice(0, Math.max(kept, 0))}…` : clean
}

const escapeOf = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

/** The same for everything in a detail. */
export const cleanDetail = (detail: RequestDetail): RequestDetail => cleanValue(detail, 0)

function cleanValue<T>(value: T, depth: number): T
function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value !== 'object' || value === null)
    return ['number', 'boolean'].includes(typeof value) ? value : null
  if (depth > 4) return null
  if (Array.isArray(value))
    return value.slice(0, MOST_ENTRIES).map((each) => cleanValue(each, depth + 1))
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(
    entries
      .slice(0, MOST_ENTRIES)
      .map(([name, each]) => [cleanText(name), cleanValue(each, depth + 1)]),
  )
}

/**
 * A redirect address that arrived, without what may be somebody's: the values in its query that no registered address has, its fragment,
 * and user and password.
 */
export function maskAddress(given: string, registered: readonly string[]): string {
  const known = new Set(registered.flatMap((each) => queryOf(each).split('&')))
  const [beforeFragment = '', fragment] = given.split('#', 2)
  const [path = '', ...query] = beforeFragment.split('?')
  const pairs = query
    .join('?')
    .split('&')
    .map((pair) => (known.has(pair) ? pair : pair.replace(/=.+/s, '=…')))
  const withoutUser = path.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1[user]')
  return `${withoutUser}${query.length > 0 ? `?${pairs.join('&')}` : ''}${fragment === undefined ? '' : '#…'}`
}

const queryOf = (address: string): string =>
  address.split('#', 1)[0]?.split('?').slice(1).join('?') ?? ''

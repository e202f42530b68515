/** Characters that are not seen and change what is seen; `displayed-text.ts` says which, and refuses them. */
export const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Replaces hidden characters by escape sequences. With `lines`, line feeds stay. */
export const escapeForTerminal = (text: string, { lines = false } = {}): string =>
  text.replace(HIDDEN, (character) =>
    lines && character === '\n' ? character : escapeSequence(character),
  )

/** Like `JSON.stringify`, with every hidden character escaped. */
export const stringifyForTerminal = (value: unknown): string =>
  String(JSON.stringify(value)).replace(HIDDEN, escapeSequence)

// Each UTF-16 unit, so that JSON reads it back.
const escapeSequence = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

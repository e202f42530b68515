/**
 * Whether an object in this JSON text has a key twice, at any depth (RFC 8259 §4: parsers disagree about such objects).
 * Returns `false` for text that is not JSON, which the parser rejects. Linear in the text, without recursion.
 */
export function hasDuplicateKeys(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes)
  /** For each open object the keys so far; `undefined` for an array. */
  const open: (Set<string> | undefined)[] = []
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]/gsy
  const rest = /[^"{}[\],]*/gy
  let isKey = false
  for (let at = 0; at < text.length; ) {
    rest.lastIndex = at
    rest.exec(text)
    tokens.lastIndex = rest.lastIndex
    const [token] = tokens.exec(text) ?? []
    if (token === undefined) return false
    at = tokens.lastIndex
    const keys = open.at(-1)
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token.startsWith('"') && isKey && keys) {
      const key = read(token)
      if (key === undefined) return false
      if (keys.has(key)) return true
      keys.add(key)
    }
    isKey = token === '{' || (token === ',' && open.at(-1) !== undefined)
  }
  return false
}

/** The value of a string token. One key can be escaped in many ways: `"a"` is `"\u0061"`. */
function read(token: string): string | undefined {
  if (!token.includes('\\')) return token.slice(1, -1)
  try {
    return JSON.parse(token)
  } catch {
    return undefined
  }
}

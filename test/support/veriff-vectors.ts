import { readFileSync } from 'node:fs'

type Vector = {
  id: string
  secret: string
  body?: string
  bodyBase64?: string
  bytes?: number
  sha256?: string
  expected: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../fixtures/veriff-vectors.json', import.meta.url), 'utf8'),
) as Vector[]

export const API_KEY = '8d1f2c3b-4a5e-4f60-9b7c-1a2b3c4d5e6f'
export const SECRET = 'b6d7c3a2-1f0e-4c5d-9a8b-0e1f2d3c4b5a'

export function vector(id: string): Vector {
  const found = vectors.find((each) => each.id === id)
  if (!found) throw new Error(`there is no vector ${id}`)
  return found
}

/** The exact bytes that were signed. */
export function bytesOf(id: string): Uint8Array {
  const { body, bodyBase64 } = vector(id)
  return bodyBase64 ? Buffer.from(bodyBase64, 'base64') : Buffer.from(body ?? '')
}

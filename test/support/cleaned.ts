import { expect } from 'vitest'
import { pixelsOf } from './images.ts'

/** The clean copy, which must be there, and show what the original shows. */
export async function cleaned(
  clean: (bytes: Buffer) => Buffer | 'truncated' | 'broken',
  bytes: Buffer,
): Promise<Buffer> {
  const copy = clean(bytes)
  if (typeof copy === 'string') throw new Error(`the image is ${copy}`)
  expect((await pixelsOf(copy)).equals(await pixelsOf(bytes))).toBe(true)
  // What is clean stays as it is.
  expect(clean(copy)).toBe(copy)
  return copy
}

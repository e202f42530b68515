import { expect, test } from 'vitest'
import { BREAKS, breakFile } from '../chaos/breaks.ts'

test.each(Object.keys(BREAKS))('%s still fits the sources that it breaks', async (name) => {
  const { text } = await breakFile(name)
  expect(text).toContain(BREAKS[name]?.to)
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSeedsDocument } from '../../scripts/seeds.ts'

test('docs/seeds.md says what the rows say', async () => {
  const document = readFileSync(new URL('../../docs/seeds.md', import.meta.url), 'utf8')
  expect(document === (await createSeedsDocument()), 'run `npm run seeds`').toBe(true)
})

import { expect, test } from 'vitest'
import { SCOPES, SERVICE_SCOPES, UNAVAILABLE_SCOPES } from '../../src/clients/scopes.ts'
import { readSection } from '../support/docs.ts'

test.each(Object.entries(SCOPES))('%s has a title and a sentence for people', (scope, texts) => {
  for (const [name, text] of Object.entries(texts))
    expect(text.trim(), `write the ${name} of ${scope} in SCOPES`).not.toBe('')
})

test.each([...Object.keys(SCOPES), ...SERVICE_SCOPES, ...UNAVAILABLE_SCOPES])(
  'docs/contract.md §2 names %s',
  (scope) => {
    const rows = readSection('docs/contract.md', 2).split('\n')
    expect(
      rows.find((row) => row.startsWith('| Scopes |')),
      `name ${scope} in the row "Scopes" of docs/contract.md §2`,
    ).toContain(`\`${scope}\``)
  },
)

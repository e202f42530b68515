import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { VENDORS } from '../../src/id-verification/vendors/vendor-names.ts'
import { readSection } from '../support/docs.ts'

const root = new URL('../../', import.meta.url)

describe.each(VENDORS)('%s', (vendor) => {
  test('has a stand-in', async () => {
    const file = new URL(`src/local/sandbox/${vendor}.ts`, root)
    const start = `start${vendor.charAt(0).toUpperCase()}${vendor.slice(1)}Sandbox`
    const advice = `write a stand-in for ${vendor}: src/local/sandbox/${vendor}.ts, which exports ${start}`
    expect(existsSync(file), advice).toBe(true)
    expect((await import(file.href))[start], advice).toBeTypeOf('function')
  })

  test('has a section in docs/vendor-protocols.md', () => {
    const text = readFileSync(new URL('docs/vendor-protocols.md', root), 'utf8')
    const headings = text.split('\n').filter((line) => /^## \d+\. /.test(line))
    expect(
      headings.filter((heading) => heading.toLowerCase().split(' ').includes(vendor)),
      `describe the protocol of ${vendor} in a section of docs/vendor-protocols.md`,
    ).toHaveLength(1)
  })

  test('is a `type` in docs/contract.md §3', () => {
    const rows = readSection('docs/contract.md', 3).split('\n')
    expect(
      rows.find((row) => row.startsWith('| `type` |')),
      `name ${vendor} in the row "type" of docs/contract.md §3`,
    ).toContain(`\`${vendor}\``)
  })

  test('is in docs/vendors.md', () => {
    const text = readFileSync(new URL('docs/vendors.md', root), 'utf8').toLowerCase()
    const settings = text.split('## settings')[1]?.split('\n## ')[0] ?? ''
    expect(settings, `list the settings of ${vendor} in docs/vendors.md`).toContain(
      `- **${vendor}**:`,
    )
  })

  test('is named in docs/contract.md §5', () => {
    expect(
      readSection('docs/contract.md', 5),
      `name ${vendor} in docs/contract.md §5, and say how it delivers`,
    ).toContain(`\`${vendor}\``)
  })
})

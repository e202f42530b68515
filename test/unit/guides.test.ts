import { describe, expect, test } from 'vitest'
import { openApiDocument } from '../../src/api/openapi.ts'
import { createEntries } from '../../src/reference/entries.ts'
import { fieldsOf } from '../../src/reference/fields.ts'
import { GROUPS } from '../../src/reference/groups.ts'
import { loadGuides, renderGuide } from '../../src/reference/guides.ts'
import { createSearchIndex, search } from '../../src/reference/search.ts'

describe('a guide', () => {
  test.each([
    ['<script>alert(1)</script>', '&lt;script&gt;'],
    ['a <img src=x onerror=alert(1)> b', '&lt;img'],
    ['```ts\n</code><script>\n```', '&lt;/code&gt;&lt;script&gt;'],
    ['`<b>`', '<code>&lt;b&gt;</code>'],
    ['# <i>x</i>', '&lt;i&gt;'],
  ])('shows HTML as text: %s', (markdown, expected) => {
    const body = String(renderGuide(markdown).body)
    expect(body).toContain(expected)
    expect(body).not.toMatch(/<(script|img|b|i)[ >]/)
  })

  test.each([
    ['[x](javascript:alert(1))', undefined],
    ['[x](//evil.example)', undefined],
    ['[x](../contract.md)', undefined],
    ['[x](https://a.example/"onclick)', 'https://a.example/&quot;onclick'],
    ['[x](events.md#answer-an-erasure)', '/guides/events#answer-an-erasure'],
    ['[x](#here)', '#here'],
    ['`/reference/oauth/authorize`', '/reference/oauth/authorize'],
  ])('leads where it should: %s', (markdown, expected) => {
    const [, href] = / href="([^"]*)"/.exec(String(renderGuide(markdown).body)) ?? []
    expect(href).toBe(expected)
  })

  test('has a title, and sections with anchors of their own', () => {
    for (const { name, title, sections } of loadGuides()) {
      expect([name, sections[0]?.title]).toEqual([name, title])
      const anchors = sections.slice(1).map(({ anchor }) => anchor)
      expect([name, new Set(anchors).size]).toEqual([name, anchors.length])
    }
  })
})

describe('the reference', () => {
  const entries = createEntries(
    openApiDocument('https://portal.example.org'),
    'https://sandbox.example.org',
  )

  test('has every endpoint once, each in a group', () => {
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
    for (const { id } of GROUPS) expect(entries.some(({ group }) => group === id)).toBe(true)
  })

  test('has code for the sandbox, and the real address in nothing else', () => {
    for (const { id, samples } of entries)
      for (const code of Object.values(samples))
        expect([id, code.includes('https://sandbox.example.org/')]).toEqual([id, true])
  })

  test('finds what has every word, what has it in its title first', () => {
    const index = createSearchIndex(entries, loadGuides())
    expect(search(index, 'erase subject').found[0]?.path).toBe(
      '/reference/back-office/deleteSubject',
    )
    expect(search(index, 'code_challenge').found[0]?.title).toBe('code_challenge')
    expect(search(index, '  ')).toEqual({ found: [], count: 0 })
    expect(search(index, 'toString __proto__').count).toBe(0)
  })
})

test('the members of a schema are found through references, lists and alternatives', () => {
  const schemas = {
    Item: {
      type: 'object',
      properties: { id: { type: 'string', format: 'uuid' } },
      required: ['id'],
    },
  }
  const schema = {
    anyOf: [
      {
        type: 'object',
        properties: {
          items: {
            type: 'array',
            items: { $ref: '#/components/schemas/Item' },
            description: 'All',
          },
        },
      },
      { type: 'null' },
    ],
  }
  expect(fieldsOf(schema, schemas)).toEqual([
    { name: 'items', type: 'list of object', isRequired: false, description: 'All' },
    { name: 'items[].id', type: 'string (uuid)', isRequired: true, description: '' },
  ])
})

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { clientTypes } from '../../scripts/generate-client.ts'
import { pythonClient } from '../../scripts/generate-python-client.ts'
import { isMosaicPath, mosaicErrorSchema } from '../../src/api/mosaic/errors.ts'
import { OPERATIONS, openApiDocument } from '../../src/api/openapi.ts'
import {
  backOfficeErrorSchema,
  errorSchema,
  linePattern,
  trimmedLinePattern,
} from '../../src/api/schemas.ts'
import { isDisplayable } from '../../src/web/displayed-text.ts'

/* What Redocly, Spectral, Python's openapi-spec-validator and Schemathesis found in the document once, checked without them. */

type Schema = { type?: unknown; format?: unknown; minimum?: unknown; maximum?: unknown }
type Response = {
  description: string
  content?: Record<string, { schema: Schema; example?: unknown }>
}
type Described = {
  operationId: string
  tags: string[]
  summary: string
  description: string
  security: Record<string, string[]>[]
  parameters: {
    name: string
    in: string
    required: boolean
    description: string
    schema: Schema
    example?: unknown
  }[]
  requestBody?: { content: Record<string, { schema: unknown; example: unknown }> }
  responses: Record<string, Response>
}

function errorSchemaOf(path: string) {
  if (isMosaicPath(path)) return mosaicErrorSchema
  return path.startsWith('/api/v1/idv/') ? backOfficeErrorSchema : errorSchema
}

const document = openApiDocument('https://portal.example.org')
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.values(methods).map((operation) => ({ path, ...(operation as Described) })),
)
const named = operations.map((each) => [each.operationId, each] as const)

/** Every member called `key` in the document, wherever it is. */
function findAll(key: string, value: unknown = document): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => [
    ...(name === key ? [part] : []),
    ...findAll(key, part),
  ])
}

test('every operation is in the document, under an id of its own', () => {
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(
    OPERATIONS.map(({ operationId }) => operationId).sort(),
  )
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
})

// The contract shortens a path to its end after `…`, and names a parameter as it likes.
const contract = ['contract.md', 'events.md']
  .map((name) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8'))
  .join('\n')
  .replaceAll(/\{\w+\}|\bID\b/g, '{}')
const ends = [...contract.matchAll(/…(\/[\w{}/-]+)/g)].map(([, end = '']) => end)

test.each([...new Set(operations.map(({ path }) => path))])('the contract names %s', (given) => {
  const path = given.replaceAll(/\{\w+\}/g, '{}')
  const isNamed = new RegExp(`${path.replaceAll(/[{}]/g, '\\$&')}(?![\\w{}/-])`).test(contract)
  expect(
    isNamed || ends.some((end) => path.endsWith(end)),
    `write a row for ${given} in docs/contract.md §3 or §4`,
  ).toBe(true)
})

test('the document names its licence, a contact and its tags', () => {
  expect(document.info.license.name).not.toBe('')
  expect(document.info.contact.url).toBe('https://portal.example.org')
  for (const { description } of document.tags) expect(description).not.toBe('')
})

describe.each(named)('%s', (_id, operation) => {
  test('has a tag of the document, a summary and a description', () => {
    expect(operation.tags).toHaveLength(1)
    expect(document.tags.map(({ name }) => name)).toContain(operation.tags[0])
    expect(operation.summary).not.toBe('')
    expect(operation.description).not.toBe('')
  })

  test('describes every parameter, those of its path among them', () => {
    const inPath = operation.parameters.filter((each) => each.in === 'path')
    const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(inPath.map(({ name }) => name)).toEqual(names)
    for (const parameter of operation.parameters) {
      expect(parameter.description, parameter.name).toBeTruthy()
      expect(parameter.required).toBe(parameter.in === 'path')
      expect(parameter.schema.type, parameter.name).toBeDefined()
    }
    for (const { example } of inPath) expect(example).toBeTruthy()
  })

  test('has an example of its request and of its answer', () => {
    for (const { example } of Object.values(operation.requestBody?.content ?? {}))
      expect(example).toBeDefined()
    const answers = Object.entries(operation.responses).filter(([status]) => status < '300')
    expect(answers).toHaveLength(1)
    for (const [, { content, description }] of answers) {
      expect(description).not.toBe('')
      const json = content?.['application/json']
      if (json) expect(json.example).toBeDefined()
    }
  })

  test('has failures, each with an example that has the body of such a failure', () => {
    const failures = Object.entries(operation.responses).filter(([status]) => status >= '400')
    const statuses = failures.map(([status]) => status)
    expect(statuses).toContain('500')
    if (operation.security.length > 0)
      expect(statuses).toEqual(expect.arrayContaining(['401', '406', '429']))
    if (operation.requestBody)
      expect(statuses).toEqual(expect.arrayContaining(['400', '413', '415']))
    const schema = errorSchemaOf(operation.path)
    for (const [status, { description, content }] of failures) {
      expect(description, status).not.toBe('')
      expect(schema.strict().parse(content?.['application/json']?.example), status).toBeDefined()
    }
  })
})

test('every reference leads to a component', () => {
  const references = findAll('$ref')
  expect(references.length).toBeGreaterThan(50)
  const components = Object.keys(document.components.schemas).map(
    (name) => `#/components/schemas/${name}`,
  )
  expect(references.filter((each) => !components.includes(String(each)))).toEqual([])
})

/** What ECMA 262 has and Python's `re` lacks, or reads as something else. */
const NOT_IN_PYTHON = [/\\[pPkc]/, /\\u\{/, /\(\?<[^=!]/, /\(\?<[=!][^)]*[*+{]/, /\[\^?\]/, /\\\//]

test('every pattern is read by ECMA 262 and by Python', () => {
  const patterns = findAll('pattern').map(String)
  expect(patterns.length).toBeGreaterThan(10)
  for (const pattern of patterns) {
    expect(() => new RegExp(pattern, 'u'), pattern).not.toThrow()
    expect(
      NOT_IN_PYTHON.filter((each) => each.test(pattern)),
      pattern,
    ).toEqual([])
  }
})

test('numbers are integers with bounds, and addresses are URIs', () => {
  const links = operations.filter(({ operationId }) => operationId.endsWith('GetImageLink'))
  expect(links).toHaveLength(2)
  for (const { parameters } of links)
    expect(parameters.find(({ name }) => name === 'expiresIn')?.schema).toMatchObject({
      type: 'integer',
      minimum: 60,
      maximum: 3600,
      default: 900,
    })
  const addresses = findAll('callback_url').filter((each) => typeof each === 'object') as {
    pattern: string
  }[]
  expect(addresses).toHaveLength(3)
  for (const address of addresses) {
    expect(address).toMatchObject({ type: 'string', format: 'uri' })
    const pattern = new RegExp(address.pattern, 'u')
    for (const allowed of [
      'https://office.example.org',
      'https://office.example.org:8443/back?a=b%20c&d',
      'https://xn--bcher-kva.example/',
      'http://localhost:3000/back',
      'http://[::1]:3000/',
    ])
      expect(pattern.test(allowed), allowed).toBe(true)
    for (const refused of [
      'http://office.example.org/',
      'http://localhost.example.org/',
      'https://user@office.example.org/',
      'https://office.example.org/#a',
      'https://office.example.org:65536/',
      'javascript:alert(1)',
    ])
      expect(pattern.test(refused), refused).toBe(false)
  }
})

describe('the patterns of text', () => {
  const units = Array.from({ length: 0x10000 }, (_, code) => code).filter(
    (code) => code < 0xd800 || code > 0xdfff,
  )
  const line = new RegExp(linePattern(300), 'u')
  const id = new RegExp(trimmedLinePattern(255), 'u')
  const isAssigned = (text: string) => !/\p{Cn}/u.test(text)

  test('allow what the server allows', () => {
    const wrong = units
      .map((code) => String.fromCharCode(code))
      .filter((text) => {
        const isId = /^[^\p{C}\p{Z}]$/u.test(text)
        const isLine = isDisplayable(text)
        return (isId && !id.test(text)) || (isLine && !line.test(text))
      })
    expect(wrong).toEqual([])
    // A joiner between letters that need it.
    expect(line.test('\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645')).toBe(true)
  })

  test('refuse every assigned character below U+10000 that the server refuses by itself', () => {
    const wrong = units
      .map((code) => String.fromCharCode(code))
      .filter(isAssigned)
      // A mark needs a letter before it, a joiner two.
      .filter((text) => {
        const isId = /^[^\p{C}\p{Z}]$/u.test(text)
        const isLine = isDisplayable(`a${text}`) || /[\u200c\u200d]/.test(text)
        return (!isId && id.test(text)) || (!isLine && line.test(`a${text}`))
      })
    expect(wrong.map((text) => text.charCodeAt(0).toString(16))).toEqual([])
  })

  test('have the same lengths', () => {
    expect(line.test('a'.repeat(300))).toBe(true)
    expect(line.test('a'.repeat(301))).toBe(false)
    expect(id.test('a'.repeat(255))).toBe(true)
    expect(id.test('a'.repeat(256))).toBe(false)
    expect(id.test(' a')).toBe(false)
    expect(id.test('')).toBe(false)
  })
})

test('the client in the repository is made of the document', () => {
  const file = readFileSync(new URL('../../clients/typescript/schema.ts', import.meta.url), 'utf8')
  // The formatter's own: space, separators, parentheses.
  const bare = (text: string) =>
    text
      .replaceAll(/^\/\/.*$/gm, '')
      .replaceAll(/[\s;,()]/g, '')
      .replaceAll(/([:<{])\|/g, '$1')
  expect(bare(file) === bare(clientTypes()), 'run `npm run client`').toBe(true)
})

test('the Python client is made from the document that the server returns', () => {
  const read = (name: string) =>
    readFileSync(
      new URL(`../../clients/python/src/identity_portal/${name}`, import.meta.url),
      'utf8',
    )
  const { schema, api } = pythonClient()
  const isSame = read('schema.py') === schema && read('api.py') === api
  expect(isSame, 'run `npm run client`').toBe(true)
})

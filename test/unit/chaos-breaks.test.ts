import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BREAKS, breakSources } from '../chaos/breaks.ts'

test.each(Object.keys(BREAKS))('%s still fits the sources that it breaks', async (name) => {
  const dir = await mkdtemp(join(tmpdir(), 'chaos-breaks-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const main = await breakSources(name, join(dir, 'broken'))
  const { file = '', to = 'none' } = BREAKS[name] ?? {}
  expect(await readFile(join(main, '..', file), 'utf8')).toContain(to)
})

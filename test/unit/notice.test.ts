import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createNotice } from '../../scripts/notice.ts'

test('NOTICE lists what package-lock.json installs', async () => {
  const notice = readFileSync(new URL('../../NOTICE', import.meta.url), 'utf8')
  expect(notice === (await createNotice()), 'run `npm run notice`').toBe(true)
})

test('names the LGPL libraries, and no package of development alone', async () => {
  const notice = await createNotice()
  for (const line of [/^libheif-js \S+: LGPL-3\.0$/m, /^@img\/sharp-libvips-linux-x64 \S+: LGPL/m])
    expect(notice).toMatch(line)
  expect(notice).not.toMatch(/^(vitest|typescript|knip) /m)
})

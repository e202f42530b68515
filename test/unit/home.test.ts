import { expect, test } from 'vitest'
import { ensureHome } from '../../src/platform/home.ts'

test('a user whom the machine does not know gets a home, and every other user keeps theirs', () => {
  const unknown: NodeJS.ProcessEnv = {}
  ensureHome(unknown, () => {
    throw new Error('uv_os_homedir returned ENOENT')
  })
  expect(unknown).toEqual({ HOME: '/' })
  const known: NodeJS.ProcessEnv = {}
  ensureHome(known, () => '/home/ana')
  expect(known).toEqual({})
})

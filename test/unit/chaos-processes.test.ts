import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { superviseProcess } from '../chaos/processes.ts'
import { PRESENT } from '../rehearsals/upgrade/release.ts'

const READY = "console.log('it is ready')\n"
const STAY = 'setInterval(() => {}, 1_000)\n'

/** A program in place of a release. */
async function supervise(program: string) {
  const dir = await mkdtemp(join(tmpdir(), 'chaos-processes-'))
  const write = async (name: string, text: string) => {
    const main = join(dir, `${name}.mjs`)
    await writeFile(main, text)
    return { ...PRESENT, name, main }
  }
  const given = { role: 'worker' as const, port: 0, env: {}, onLog: () => {} }
  const kept = await superviseProcess({ ...given, release: await write('first', program) })
  onTestFinished(async () => {
    await kept.close()
    await rm(dir, { recursive: true })
  })
  return { kept, write }
}

test('a process that ends by itself is restarted, and its end is listed with what it said last', async () => {
  const { kept } = await supervise(`${READY}console.error('why')\nsetTimeout(() => {}, 50)`)
  await vi.waitFor(() => expect(kept.listCrashes()[0]).toBe('first: status 0\nwhy\n'), 5_000)
  await vi.waitFor(() => expect(kept.starts.get('first')).toBeGreaterThan(1), 5_000)
})

test('a signal or another status than 1 before it is ready is listed', async () => {
  const { kept } = await supervise('process.exit(3)')
  await vi.waitFor(
    () => expect(kept.listCrashes()[0]).toMatch('first: status 3 during its start'),
    5_000,
  )
})

test('a start that gives up, an end by the run and a replacement are not listed', async () => {
  const { kept, write } = await supervise('process.exit(1)')
  await vi.waitFor(() => expect(kept.starts.get('first')).toBeGreaterThan(1), 5_000)
  await kept.restart({ release: await write('second', READY + STAY) })
  await kept.untilUp(5)
  kept.kill()
  await vi.waitFor(() => expect(kept.starts.get('second')).toBe(2), 5_000)
  await kept.untilUp(5)
  expect(kept.isUp()).toBe(true)
  expect(kept.listCrashes()).toEqual([])
})

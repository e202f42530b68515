import { expect, test } from 'vitest'
import { createBatcher } from '../../src/platform/batch.ts'

/** A `run` whose calls end when the test says so. */
function control() {
  const calls: { lane: string; batch: number[]; end: (error?: Error) => void }[] = []
  const run = (lane: string, batch: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      const end = (error?: Error) =>
        error ? reject(error) : resolve(batch.map((request) => request * 10))
      calls.push({ lane, batch, end })
    })
  return { calls, run }
}
/** Resolves when there are so many calls. */
async function reach(calls: unknown[], count: number) {
  while (calls.length < count) await new Promise((resolve) => setImmediate(resolve))
}

test('what comes in one turn goes in one call, and each gets its own answer', async () => {
  const { calls, run } = control()
  const ask = createBatcher(['a'], { largest: 8, run })
  const answers = Promise.all([ask(1), ask(2), ask(3)])
  await reach(calls, 1)
  expect(calls.map(({ batch }) => batch)).toEqual([[1, 2, 3]])
  calls[0]?.end()
  expect(await answers).toEqual([10, 20, 30])
})

test('a lane has one call at a time; what comes meanwhile shares the next, up to the largest', async () => {
  const { calls, run } = control()
  const ask = createBatcher(['a'], { largest: 2, run })
  const first = ask(1)
  await reach(calls, 1)
  const rest = Promise.all([ask(2), ask(3), ask(4)])
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls.map(({ batch }) => batch)).toEqual([[1]])
  calls[0]?.end()
  expect(await first).toBe(10)
  await reach(calls, 2)
  calls[1]?.end()
  await reach(calls, 3)
  calls[2]?.end()
  expect(await rest).toEqual([20, 30, 40])
  expect(calls.map(({ batch }) => batch)).toEqual([[1], [2, 3], [4]])
})

test('every free lane takes a call', async () => {
  const { calls, run } = control()
  const ask = createBatcher(['a', 'b'], { largest: 1, run })
  const answers = Promise.all([ask(1), ask(2)])
  await reach(calls, 2)
  expect(calls.map(({ lane }) => lane).sort()).toEqual(['a', 'b'])
  for (const { end } of calls) end()
  expect(await answers).toEqual([10, 20])
})

test('a call that fails rejects its requests alone, and the lane goes on', async () => {
  const { calls, run } = control()
  const ask = createBatcher(['a'], { largest: 8, run })
  const failing = Promise.allSettled([ask(1), ask(2)])
  await reach(calls, 1)
  calls[0]?.end(new Error('the connection broke'))
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const next = ask(3)
  await reach(calls, 2)
  calls[1]?.end()
  expect(await next).toBe(30)
})

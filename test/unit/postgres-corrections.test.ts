import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CORRECTIONS, correct } from '../../src/platform/postgres-corrections.ts'

const sourceOf = (file: string) =>
  readFileSync(new URL(`../../node_modules/postgres/src/${file}`, import.meta.url), 'utf8')

test.each(CORRECTIONS)('$file is corrected, and only as it is installed', (correction) => {
  const source = sourceOf(correction.file)
  const corrected = correct(correction, source)
  for (const { to } of correction.changes) expect(corrected).toContain(to)
  expect(() => correct(correction, `${source}\n`)).toThrow(
    `is not the one that its corrections were written for (src/${correction.file})`,
  )
})

type Queue = {
  length: number
  push(x: number): number
  shift(): number
  remove(x: number): unknown
  first(): number
}
async function createQueue(): Promise<Queue> {
  const [correction] = CORRECTIONS.filter(({ file }) => file === 'queue.js')
  if (!correction) throw new Error('no correction of the queue')
  const text = correct(correction, sourceOf('queue.js'))
  const { default: Queue } = await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`
  )
  return Queue()
}

test('the queue is first in, first out, with removals, like an array', async () => {
  const queue = await createQueue()
  const model: number[] = []
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let n = 0; n < 20_000; n++) {
    const kind = random(5)
    if (kind < 2 || model.length === 0) model.push(queue.push(n))
    else if (kind < 4) expect(queue.shift()).toBe(model.shift())
    else {
      const [removed] = model.splice(random(model.length), 1)
      queue.remove(removed as number)
    }
    expect(queue.length).toBe(model.length)
    if (model.length > 0) expect(queue.first()).toBe(model[0])
  }
})

test('a queue that is never empty keeps no holes', async () => {
  const queue = await createQueue()
  queue.push(0)
  const looks: number[] = []
  const indexOf = Array.prototype.indexOf
  Array.prototype.indexOf = function (this: unknown[], ...given: [unknown, number?]) {
    looks.push(this.length)
    return indexOf.apply(this, given)
  }
  try {
    for (let n = 1; n <= 100_000; n++) {
      queue.push(n)
      queue.shift()
    }
    queue.remove(100_000)
  } finally {
    Array.prototype.indexOf = indexOf
  }
  expect(looks).toHaveLength(1)
  expect(looks[0]).toBeLessThan(100)
})

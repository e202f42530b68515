import { expect, test } from 'vitest'
import {
  type Attack,
  control,
  describeResult,
  describeSummary,
  judge,
  runAttacks,
  summarize,
} from '../attack/runner.ts'

const attack = (name: string, run: Attack<string>['run']): Attack<string> => ({
  area: 'invented',
  name,
  run,
})
const refused = attack('one that is refused', async () => judge([false, 'it is shown']))
const through = attack('one that gets through', async (target) =>
  judge([target === 'weak', 'it is shown'], [false, 'it is sent'], [true, 'it is kept']),
)
const broken = attack('one that cannot be tried', async () => {
  control(false, 'a resident signs in')
  return 'refused'
})
const endless = attack('one that never ends', () => new Promise(() => {}))

const LIMITS = { areasAtOnce: 2, secondsEach: 5, secondsInAll: 60 }
const run = (attacks: Attack<string>[], limits = LIMITS) => runAttacks(attacks, 'weak', limits)

test('only a run in which every attack was refused is good', async () => {
  const all = await run([refused, refused])
  expect(summarize(all)).toEqual({ refused: 2, gotThrough: 0, failedToRun: 0, isGood: true })
  expect(describeSummary(summarize(all))).toBe('2 attacks refused, 0 got through')
})

test('an attack that gets through is counted, with what got through', async () => {
  const results = await run([refused, through, refused])
  expect(summarize(results)).toEqual({ refused: 2, gotThrough: 1, failedToRun: 0, isGood: false })
  expect(describeSummary(summarize(results))).toBe('2 attacks refused, 1 got through')
  expect(results[1]).toMatchObject({ outcome: 'got through', detail: 'it is shown; it is kept' })
  expect(results.map(describeResult).map((line) => line[0])).toEqual(['✓', '✗', '✓'])
})

test('an attack whose control failed is not counted as refused', async () => {
  const results = await run([broken, refused])
  expect(summarize(results)).toEqual({ refused: 1, gotThrough: 0, failedToRun: 1, isGood: false })
  expect(describeSummary(summarize(results))).toBe(
    '1 attacks refused, 0 got through, 1 failed to run',
  )
  expect(results[0]?.detail).toContain('a resident signs in')
})

test('an attack that never ends, and those for which no time is left, failed to run', async () => {
  const slow = await run([endless, refused], { ...LIMITS, secondsEach: 0.05 })
  expect(slow.map(({ outcome }) => outcome)).toEqual(['failed to run', 'refused'])
  expect(slow[0]?.detail).toBe('no verdict after 0.05 s')
  const late = await run([endless, refused], { ...LIMITS, secondsInAll: 0.05 })
  expect(late.map(({ detail }) => detail)).toEqual(['no time was left', 'no time was left'])
  expect(summarize(late)).toMatchObject({ failedToRun: 2, isGood: false })
})

test('attacks of one area follow one another, and the results stand in the order given', async () => {
  const running = new Set<string>()
  const slow = (area: string, name: string) => ({
    area,
    name,
    run: async () => {
      const alone = !running.has(area)
      running.add(area)
      await new Promise((resolve) => setImmediate(resolve))
      running.delete(area)
      return judge([!alone, 'another one of its area runs'])
    },
  })
  const attacks = [slow('a', '1'), slow('b', '2'), slow('a', '3'), slow('c', '4')]
  const results = await run(attacks)
  expect(results.map(({ name }) => name)).toEqual(['1', '2', '3', '4'])
  expect(summarize(results).refused).toBe(4)
})

test('a run of nothing is not good', async () => {
  expect(summarize(await run([])).isGood).toBe(false)
})

test('what a library quotes of a token or an address is not printed', async () => {
  const secret = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0.x'
  const leaking = attack('one that throws', async () => {
    throw new Error(`redirected to http://localhost/?code=${secret}\nat line 1`)
  })
  const [result] = await run([leaking])
  expect(result?.detail).not.toContain('c2VjcmV0')
  expect(result?.detail).not.toContain('line 1')
})

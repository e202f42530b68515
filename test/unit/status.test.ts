import { expect, test } from 'vitest'
import { currentStatus, type Decision } from '../../src/id-verification/status.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 15, 10, minute))
const decision = (
  attemptId: string,
  status: Decision['status'],
  decidedAt: Date | null,
): Decision => ({
  attemptId,
  status,
  decidedAt,
  documentType: null,
})

function* orders<T>(items: T[]): Generator<T[]> {
  if (items.length <= 1) yield items
  for (const [index, item] of items.entries())
    for (const rest of orders(items.filter((_, other) => other !== index))) yield [item, ...rest]
}

/** The same end from every order, and from every order with everything said twice. */
function everyOrder(decisions: Decision[]) {
  const ends = new Set<string>()
  for (const order of orders(decisions)) {
    ends.add(JSON.stringify(currentStatus(order)))
    ends.add(JSON.stringify(currentStatus([...order, ...order])))
  }
  expect(ends.size).toBe(1)
  return currentStatus(decisions)
}

const progress = (attemptId: string) => decision(attemptId, 'pending', null)

test('started, submitted, resubmission, submitted, approved ends approved in every order', () => {
  const end = everyOrder([
    progress('1'),
    decision('1', 'resubmission', at(32)),
    progress('2'),
    decision('2', 'review', at(33)),
    decision('2', 'approved', at(34)),
  ])
  expect(end).toMatchObject({ status: 'approved', attemptId: '2' })
})

test('a late abandoned, expired or review never takes an approval back', () => {
  for (const status of ['expired', 'review', 'resubmission'] as const)
    expect(
      everyOrder([decision('1', 'approved', at(1)), decision('1', status, at(9))]).status,
    ).toBe('approved')
})

test('a late decline of an earlier attempt never hides the approval of the next', () => {
  const end = everyOrder([decision('1', 'declined', at(1)), decision('2', 'approved', at(5))])
  expect(end).toMatchObject({ status: 'approved', attemptId: '2' })
})

test('a later decline removes an approval, and a later approval restores it', () => {
  const declined = [decision('1', 'approved', at(1)), decision('1', 'declined', at(2))]
  expect(everyOrder(declined).status).toBe('declined')
  expect(everyOrder([...declined, decision('1', 'approved', at(3))]).status).toBe('approved')
})

test('contradictions of one moment hand nothing out, in either order', () => {
  expect(
    everyOrder([decision('1', 'approved', at(1)), decision('1', 'declined', at(1))]).status,
  ).toBe('declined')
})

test('asked for new photos is pending again when the next attempt has begun', () => {
  const asked = decision('1', 'resubmission', at(1))
  expect(everyOrder([progress('1'), asked]).status).toBe('resubmission')
  expect(everyOrder([progress('1'), asked, progress('2')]).status).toBe('pending')
})

test('nothing said, or only progress, is pending', () => {
  expect(currentStatus([]).status).toBe('pending')
  expect(everyOrder([progress('1'), progress('2')]).status).toBe('pending')
})

test('contradictions of one moment that are no approval settle on one, in every order', () => {
  const said = ['resubmission', 'review', 'expired'] as const
  const end = everyOrder(said.map((status) => decision('1', status, at(1))))
  expect(end.status).toBe('review')
})

test('of equal decisions of one moment the later attempt’s holds, in every order', () => {
  const end = everyOrder([decision('1', 'approved', at(1)), decision('2', 'approved', at(1))])
  expect(end).toMatchObject({ status: 'approved', attemptId: '2' })
})

test('a decision without a time is older than every one with a time', () => {
  const end = everyOrder([decision('1', 'approved', null), decision('2', 'declined', at(1))])
  expect(end).toMatchObject({ status: 'declined', attemptId: '2' })
})

test('an expiry without a time is what holds, and progress beside it is not', () => {
  const end = everyOrder([progress('1'), decision('1', 'expired', null)])
  expect(end).toEqual({
    status: 'expired',
    attemptId: '1',
    decidedAt: null,
    documentType: null,
  })
})

test('pending with a time is a decision of the vendor, and outlasts what came before', () => {
  const end = everyOrder([decision('1', 'review', at(1)), decision('1', 'pending', at(2))])
  expect(end).toMatchObject({ status: 'pending', attemptId: '1', decidedAt: at(2) })
})

test('a new attempt makes pending only what was asked for again', () => {
  const end = everyOrder([decision('1', 'review', at(1)), progress('2')])
  expect(end).toMatchObject({ status: 'review', attemptId: '1' })
})

import { expect, test } from 'vitest'
import { check } from '../chaos/checker.ts'
import type { Held, History, Outcome } from '../chaos/history.ts'

const NOBODY = { documentFront: [], documentBack: [], face: [] }

/** Two residents, each with one verification that was approved, one of them after it was declined; nothing went wrong. */
function faultless() {
  const history: History = {
    sessions: [
      { verificationId: 'v1', accountId: 'ana', vendor: 'veriff', sessionId: 's1' },
      { verificationId: 'v2', accountId: 'bea', vendor: 'kora', sessionId: 's2' },
    ],
    said: [
      { sessionId: 's1', status: 'declined', at: 1_000 },
      { sessionId: 's1', status: 'approved', at: 5_000 },
      { sessionId: 's2', status: 'approved', at: 2_000 },
    ],
    deliveries: [
      { vendor: 'veriff', sha256: 'd1', isForged: false, status: 200, at: 1_100 },
      { vendor: 'veriff', sha256: 'd1', isForged: false, status: 200, at: 1_200 },
      { vendor: 'veriff', sha256: 'd2', isForged: false, status: 0, at: 5_100 },
      { vendor: 'veriff', sha256: 'f1', isForged: true, status: 401, at: 5_200 },
    ],
    reads: [
      {
        accountId: 'ana',
        startedAt: 3_000,
        endedAt: 3_010,
        verificationId: null,
        links: [],
        images: {},
      },
      {
        accountId: 'ana',
        startedAt: 9_000,
        endedAt: 9_010,
        verificationId: 'v1',
        links: ['face'],
        images: { face: 'face-1' },
      },
    ],
  }
  const outcome: Outcome = {
    verifications: [
      {
        id: 'v1',
        accountId: 'ana',
        status: 'approved',
        imagesComplete: true,
        shown: { face: 'face-1' },
        imagesPending: 0,
      },
      {
        id: 'v2',
        accountId: 'bea',
        status: 'approved',
        imagesComplete: true,
        shown: { face: 'face-2' },
        imagesPending: 0,
      },
    ],
    statuses: [
      { verificationId: 'v1', status: 'pending', committedAt: 500 },
      { verificationId: 'v2', status: 'pending', committedAt: 500 },
      { verificationId: 'v1', status: 'declined', committedAt: 1_500 },
      { verificationId: 'v2', status: 'approved', committedAt: 2_500 },
      { verificationId: 'v1', status: 'approved', committedAt: 5_500 },
    ],
    storedByItself: { at: 10_000, keys: new Set(['veriff d1', 'veriff d2']) },
    deliveries: [
      { id: '1', vendor: 'veriff', sha256: 'd1', state: 'applied', timesApplied: 1 },
      { id: '2', vendor: 'veriff', sha256: 'd2', state: 'applied', timesApplied: 1 },
    ],
    decisions: [
      { verificationId: 'v1', status: 'declined' },
      { verificationId: 'v1', status: 'approved' },
      { verificationId: 'v2', status: 'approved' },
    ],
    images: [
      { verificationId: 'v1', slot: 'face', sha256: 'face-1', stored: 'face-1' },
      { verificationId: 'v2', slot: 'face', sha256: 'face-2', stored: 'face-2' },
    ],
    strayObjects: [],
    waitingJobs: 0,
  }
  const held = new Map<string, Held>([
    ['s1', { shown: { face: 'face-1' }, taken: { ...NOBODY, face: ['face-1'] } }],
    ['s2', { shown: { face: 'face-2' }, taken: { ...NOBODY, face: ['face-2'] } }],
  ])
  return { history, outcome, held }
}
type World = ReturnType<typeof faultless>

test('a run without fault has none', () => {
  const { history, outcome, held } = faultless()
  expect(check(history, outcome, held)).toEqual([])
})

const first = <T>(list: T[]): T => list[0] as T

test.each<[string, (world: World) => unknown, RegExp]>([
  ['a delivery is gone', ({ outcome }) => outcome.deliveries.shift(), /is lost: veriff d1/],
  [
    'a delivery came back only because the vendor sent it again',
    ({ outcome }) => (outcome.storedByItself = { at: 10_000, keys: new Set(['veriff d2']) }),
    /is lost: veriff d1/,
  ],
  [
    'a delivery is stored twice',
    ({ outcome }) => outcome.deliveries.push({ ...first(outcome.deliveries), id: '3' }),
    /stored 2 times/,
  ],
  [
    'a delivery is applied twice',
    ({ outcome }) => (first(outcome.deliveries).timesApplied = 2),
    /applied 2 times/,
  ],
  [
    'a delivery is never applied',
    ({ outcome }) => (first(outcome.deliveries).state = 'received'),
    /ended as "received"/,
  ],
  [
    'a forged delivery is answered 200',
    ({ history }) => ((history.deliveries.at(-1) as { status: number }).status = 200),
    /forged delivery of veriff was taken/,
  ],
  [
    'a forged delivery is stored',
    ({ outcome }) =>
      outcome.deliveries.push({
        id: '3',
        vendor: 'veriff',
        sha256: 'f1',
        state: 'quarantined',
        timesApplied: 0,
      }),
    /forged delivery of veriff was taken/,
  ],
  [
    'a status steps back',
    ({ outcome }) =>
      outcome.statuses.push({ verificationId: 'v1', status: 'declined', committedAt: 6_000 }),
    /went pending → declined → approved → declined/,
  ],
  [
    'a decided verification is pending again',
    ({ outcome }) =>
      outcome.statuses.push({ verificationId: 'v2', status: 'pending', committedAt: 6_000 }),
    /went pending → approved → pending/,
  ],
  [
    'a status is one that nobody said',
    ({ outcome }) => ((outcome.statuses[3] as { status: string }).status = 'review'),
    /went pending → review/,
  ],
  [
    'the last word was not heard',
    ({ outcome }) => (first(outcome.verifications).status = 'declined'),
    /ended as declined/,
  ],
  [
    'a word counts twice',
    ({ outcome }) => outcome.decisions.push({ verificationId: 'v2', status: 'approved' }),
    /recorded 2 times/,
  ],
  [
    'the bucket holds other bytes',
    ({ outcome }) => (first(outcome.images).stored = 'other'),
    /other bytes than were recorded/,
  ],
  [
    "an image is another resident's",
    ({ outcome }) => Object.assign(first(outcome.images), { sha256: 'face-2', stored: 'face-2' }),
    /a stored face is not the vendor's/,
  ],
  [
    'an image was never copied',
    ({ outcome }) => (first(outcome.verifications).imagesPending = 1),
    /1 images were never copied/,
  ],
  [
    'a set is not complete',
    ({ outcome }) => (first(outcome.verifications).imagesComplete = false),
    /its images are not complete/,
  ],
  [
    'an image is not handed out',
    ({ outcome }) => (first(outcome.verifications).shown = {}),
    /the face that is shown is not the vendor's latest/,
  ],
  [
    'something lies about in the bucket',
    ({ outcome }) => outcome.strayObjects.push('default/x'),
    /which no row names/,
  ],
  [
    "somebody sees another's",
    ({ history }) => ((history.reads[1] as { verificationId: string }).verificationId = 'v2'),
    /which is another's/,
  ],
  [
    'somebody sees what was not approved then',
    ({ history }) =>
      Object.assign(history.reads[1] as object, { startedAt: 4_000, endedAt: 4_100 }),
    /shown while it was not approved/,
  ],
  [
    'somebody sees other bytes',
    ({ history }) => ((history.reads[1] as { images: object }).images = { face: 'half' }),
    /a face was shown that is not the vendor's/,
  ],
  [
    'half a set takes the place of a whole one',
    ({ history, outcome }) => {
      const verification = { verificationId: 'v3', accountId: 'ana', sessionId: 's2' }
      history.sessions.push({ ...verification, vendor: 'kora' })
      outcome.statuses.push({ verificationId: 'v3', status: 'approved', committedAt: 9_500 })
      const read = { accountId: 'ana', startedAt: 12_000, endedAt: 12_010, links: [], images: {} }
      history.reads.push({ ...read, verificationId: 'v3' })
    },
    /half of it was shown in place of the whole v1/,
  ],
  ['a job waits for ever', ({ outcome }) => (outcome.waitingJobs = 1), /never came to an end/],
])('found: %s', (_what, spoil, expected) => {
  const world = faultless()
  spoil(world)
  expect(check(world.history, world.outcome, world.held).join('\n')).toMatch(expected)
})

import { expect, test } from 'vitest'
import { leadsOn, outcomeNote } from '../../src/portal/outcome-note.ts'
import { LANGUAGES } from '../../src/web/texts/languages.ts'

const { en } = LANGUAGES
type Told = Parameters<typeof outcomeNote>[1]

const told = (given: Partial<Told>): Told => ({
  status: 'declined',
  matchReview: null,
  reasons: null,
  isExpired: false,
  expiresSoon: false,
  isLatest: true,
  isOfSubject: false,
  ...given,
})
const note = (given: Partial<Told>) => String(outcomeNote(en, told(given)))
const BUTTON = 'href="/verify"'

test.each<Partial<Told>>([
  { status: 'approved' },
  { status: 'approved', isExpired: true, isLatest: false },
  { status: 'pending' },
  { status: 'review', reasons: ['photo-unclear'] },
])('there is nothing to say of %j', (given) => {
  expect(note(given).trim()).toBe('')
})

test.each<[Partial<Told>, string]>([
  [{}, en.reasons.unstated.why],
  [{ reasons: ['face-different'] }, en.reasons['face-different'].next],
  [{ status: 'resubmission' }, en.reasons.newPhotos],
  [{ status: 'expired' }, en.reasons.unfinished.why],
  [{ status: 'error' }, en.reasons.technical.why],
  [{ status: 'approved', isExpired: true }, en.reasons.newDocument],
  [{ status: 'approved', expiresSoon: true }, en.reasons.expiresSoon],
  [{ status: 'approved', matchReview: 'rejected' }, en.reasons.tryAgain],
])('of %j it says why, and leads on', (given, text) => {
  expect(note(given)).toContain(text)
  expect(note(given)).toContain(BUTTON)
})

test('an older check, one that another try cannot change, and one of an organisation lead nowhere', () => {
  expect(note({ isLatest: false })).not.toContain(BUTTON)
  expect(note({ reasons: ['age'] })).not.toContain(BUTTON)
  const organisations = note({ isOfSubject: true, reasons: ['age'] })
  expect(organisations).toContain(en.reasons.askOrganisation)
  expect(organisations).not.toContain(BUTTON)
})

test.each<Partial<Told>>([
  {},
  { reasons: ['age'] },
  { isLatest: false },
  { isOfSubject: true },
  { status: 'resubmission' },
  { status: 'pending' },
  { status: 'approved' },
  { status: 'approved', isExpired: true },
  { status: 'approved', matchReview: 'rejected' },
])('of %j the home page has one button that leads to a verification', (given) => {
  expect(leadsOn(told(given))).toBe(note(given).includes(BUTTON))
})

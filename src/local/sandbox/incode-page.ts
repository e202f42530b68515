import type { Hono } from 'hono'
import { html } from 'hono/html'
import { hostedPages } from './hosted-page.ts'
import type { IncodeSession, Score } from './incode-sessions.ts'
import type { Person } from './specimen.ts'

const OUTCOMES = {
  OK: ['Approve', 'approved'],
  WARN: ['Have it reviewed', 'resubmission_requested'],
  FAIL: ['Decline', 'declined'],
} as const satisfies Partial<Record<Score, [label: string, look: string]>>

/** The hosted page of an onboarding URL, `/onboarding/<token>`. */
export const incodePages = ({
  sessions,
  complete,
}: {
  sessions: Map<string, IncodeSession>
  complete: (session: IncodeSession, score: Score, details: { person: Partial<Person> }) => void
}): Hono =>
  hostedPages<IncodeSession, keyof typeof OUTCOMES>('/onboarding', {
    find: (token) => [...sessions.values()].find((session) => session.token === token),
    outcomes: OUTCOMES,
    isOpen: ({ onboardingStatus }) => onboardingStatus === 'UNKNOWN',
    describe: ({ score }) => html`The vendor's score was <strong>${score}</strong>.`,
    complete,
    returnUrlOf: ({ redirectionUrl }) => redirectionUrl,
  })

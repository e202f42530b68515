import type { Hono } from 'hono'
import { html } from 'hono/html'
import { hostedPages } from './hosted-page.ts'
import type { Person } from './specimen.ts'
import { isOpen, type Outcome, type SumsubSession } from './sumsub-sessions.ts'

/** The page of a WebSDK link, `/websdk/p/<token>`. */
export const sumsubPages = ({
  sessions,
  complete,
}: {
  sessions: Map<string, SumsubSession>
  complete: (session: SumsubSession, outcome: Outcome, details: { person: Partial<Person> }) => void
}): Hono =>
  hostedPages<SumsubSession, Outcome>('/websdk/p', {
    find: (token) => [...sessions.values()].find(({ link }) => link?.token === token),
    outcomes: {
      GREEN: ['Approve', 'approved'],
      onHold: ['Have it reviewed', 'resubmission_requested'],
      RETRY: ['Ask again', 'resubmission_requested'],
      FINAL: ['Decline', 'declined'],
    },
    isOpen,
    describe: ({ reviewStatus, outcome }) =>
      html`The vendor's result was <strong>${outcome ?? reviewStatus}</strong>.`,
    complete,
    returnUrlOf: ({ outcome, link }) => (outcome === 'GREEN' ? link?.successUrl : link?.rejectUrl),
  })

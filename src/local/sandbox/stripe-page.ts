import type { Hono } from 'hono'
import { html } from 'hono/html'
import { hostedPages } from './hosted-page.ts'
import type { Person } from './specimen.ts'
import { isOpen, type Outcome, type StripeSession } from './stripe-sessions.ts'

/** The page of a session, `/start/<token>`. */
export const stripePages = ({
  sessions,
  complete,
}: {
  sessions: Map<string, StripeSession>
  complete: (session: StripeSession, outcome: Outcome, details: { person: Partial<Person> }) => void
}): Hono =>
  hostedPages<StripeSession, Outcome>('/start', {
    find: (token) => [...sessions.values()].find((session) => session.token === token),
    outcomes: {
      verified: ['Approve', 'approved'],
      document_unverified_other: ['Have the document fail', 'resubmission_requested'],
      selfie_face_mismatch: ['Have the face fail', 'resubmission_requested'],
      consent_declined: ['Give no consent', 'resubmission_requested'],
      under_supported_age: ['Be too young', 'declined'],
    },
    isOpen,
    describe: ({ status }) => html`The vendor's status is <strong>${status}</strong>.`,
    complete,
    returnUrlOf: ({ returnUrl }) => returnUrl,
  })

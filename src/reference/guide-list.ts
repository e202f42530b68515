/** The guides, in the order in which one reads them. `errors` is made of the catalogue of errors, the others of `docs/guides/NAME.md`. */
export const GUIDES = [
  {
    name: 'start',
    title: 'Start in ten minutes',
    summary: "From nothing to a persona's documents in a program of your own.",
  },
  {
    name: 'sign-in',
    title: 'Sign-in',
    summary: 'The authorization code flow with PKCE, ID tokens, refresh tokens, signing out.',
  },
  {
    name: 'documents',
    title: 'Documents',
    summary: 'What the answer contains, when it is empty, and how to keep up with it.',
  },
  {
    name: 'events',
    title: 'Events',
    summary:
      'How the portal tells an application what changed, and how to check that it was the portal.',
  },
  {
    name: 'going-live',
    title: 'Going live',
    summary: 'What differs from the sandbox, and what to have ready before asking for production.',
  },
  {
    name: 'errors',
    title: 'Errors',
    summary: 'Every code, what usually causes it, and what to do.',
  },
] as const

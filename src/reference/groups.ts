/** The groups of the reference, in the order of its pages. The id is in their addresses. */
export const GROUPS = [
  {
    id: 'oauth',
    title: 'Sign-in and tokens',
    summary:
      'OAuth 2.0 and OpenID Connect: how an application gets a token, checks it and ends it.',
  },
  {
    id: 'residents',
    title: 'Residents',
    summary: 'What a resident allowed an application to read, with the token of that resident.',
  },
  {
    id: 'events',
    title: 'Events',
    summary: 'What happens to the residents of an application, with the token of its event stream.',
  },
  {
    id: 'back-office',
    title: 'Back office',
    summary: "A tenant's own verifications and subjects, with the token of its own program.",
  },
  {
    id: 'mosaic',
    title: 'For programs written for Mosaic',
    summary: "A tenant's verifications under the paths and names of Transmit Security's Mosaic.",
  },
  { id: 'server', title: 'The server', summary: 'Whether it runs. No token.' },
] as const
export type GroupId = (typeof GROUPS)[number]['id']

export const findGroup = (id: string) => GROUPS.find((group) => group.id === id)

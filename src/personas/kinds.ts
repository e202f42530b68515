/** A branch of the flow that an application has to handle, as an invented person. */
export type PersonaKind = {
  /** Stable: programs name it. */
  kind: string
  givenName: string
  surname: string
  /** What an application meets, for developers. */
  summary: string
}

/** Every persona of a sandbox, in the order of the sign-in page. */
export const PERSONAS = [
  {
    kind: 'approved',
    givenName: 'Alma',
    surname: 'Rivas',
    summary: 'Approved, with three images: the front and back of an identity card, and a face.',
  },
  {
    kind: 'passport',
    givenName: 'Pablo',
    surname: 'Osorto',
    summary: 'Approved with a passport, which has no back.',
  },
  {
    kind: 'never-verified',
    givenName: 'Nadia',
    surname: 'Funes',
    summary: 'Never verified: the answer is null in every member.',
  },
  {
    kind: 'in-progress',
    givenName: 'Iris',
    surname: 'Lobo',
    summary: 'At the vendor: nothing is decided yet.',
  },
  {
    kind: 'images-arriving',
    givenName: 'Gael',
    surname: 'Pineda',
    summary: 'Approved; the images are null until they have arrived, a minute after consent.',
  },
  {
    kind: 'declined-later',
    givenName: 'Delia',
    surname: 'Cruz',
    summary: 'Approved, and declined by the vendor afterwards.',
  },
  {
    kind: 'resubmission',
    givenName: 'Rafael',
    surname: 'Soto',
    summary: 'The vendor asked for new photos.',
  },
  {
    kind: 'expired-document',
    givenName: 'Elena',
    surname: 'Maldonado',
    summary: 'Approved, with a document that has expired since.',
  },
  {
    kind: 'mismatch',
    givenName: 'Mateo',
    surname: 'Aguilar',
    summary: 'The document names somebody else: an operator has to review it.',
  },
  {
    kind: 'erased',
    givenName: 'Berta',
    surname: 'Zúniga',
    summary: 'Erases the account a minute after consent: tokens end, an event says so.',
  },
  {
    kind: 'ends-consent',
    givenName: 'Camilo',
    surname: 'Reyes',
    summary: 'Ends the access after your first read: the next one is 401 invalid_token.',
  },
  {
    kind: 'partial-consent',
    givenName: 'Paula',
    surname: 'Mendoza',
    summary: 'Shares no photo of the face, and none of the optional permissions.',
  },
  {
    kind: 'slow-vendor',
    givenName: 'Lidia',
    surname: 'Paz',
    summary: 'Is verified two minutes after consent: an event says when.',
  },
  {
    kind: 'too-many-requests',
    givenName: 'Tomás',
    surname: 'Bonilla',
    summary: 'Every read is 429 with Retry-After.',
  },
  {
    kind: 'server-error',
    givenName: 'Sara',
    surname: 'Velásquez',
    summary: 'Every read is 500.',
  },
] as const satisfies readonly PersonaKind[]
export type PersonaName = (typeof PERSONAS)[number]['kind']

/** The team of applications that the operator registers in the sandbox. */
export const SHARED_TEAM = '00000000-0000-0000-0000-000000000000'

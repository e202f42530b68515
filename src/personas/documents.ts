import type { DocumentFindings } from '../id-verification/vendors/vendor.ts'
import type { PersonaKind, PersonaName } from './kinds.ts'

/*
 * What is on the documents of the personas, and in the registry. Their country is Utopia, as on the specimens of ICAO Doc 9303.
 */

const PHOTO_TYPES = ['document_front', 'document_back', 'selfie'] as const
export type PhotoType = (typeof PHOTO_TYPES)[number]

export type PersonaDocument = {
  type: 'passport' | 'national_id'
  /** As the document names its holder, where that is not the account's name. */
  holder?: { givenName: string; surname: string }
  number: string
  /** `YYYY-MM-DD`, as the next two. */
  dateOfBirth: string
  sex: 'F' | 'M'
  issuedOn: string
  expiresOn: string
}

const card = (
  number: string,
  sex: 'F' | 'M',
  dateOfBirth: string,
  expiresOn: string,
): PersonaDocument => ({
  type: 'national_id',
  number,
  sex,
  dateOfBirth,
  expiresOn,
  // Valid for ten years.
  issuedOn: expiresOn.replace(/^\d+/, (year) => String(Number(year) - 10)),
})

const DOCUMENTS: Record<PersonaName, PersonaDocument> = {
  approved: card('U10482261', 'F', '1991-04-17', '2034-08-21'),
  passport: { ...card('P20937415', 'M', '1984-11-02', '2035-01-30'), type: 'passport' },
  'never-verified': card('U31560972', 'F', '1998-07-09', '2033-05-14'),
  'in-progress': card('U42071538', 'F', '1995-12-24', '2033-10-03'),
  'images-arriving': card('U53819024', 'M', '1989-02-11', '2034-03-27'),
  'declined-later': card('U64290715', 'F', '1976-09-30', '2032-12-08'),
  resubmission: card('U75138446', 'M', '1993-06-05', '2034-06-19'),
  'expired-document': card('U86347290', 'F', '1968-03-22', '2026-02-28'),
  mismatch: {
    ...card('U97405183', 'M', '1987-10-13', '2033-09-11'),
    holder: { givenName: 'Julio', surname: 'Castellanos' },
  },
  erased: card('U18564037', 'F', '1999-01-28', '2035-04-02'),
  'ends-consent': card('U29673148', 'M', '1982-05-19', '2034-11-16'),
  'partial-consent': card('U30782259', 'F', '1996-08-07', '2033-07-25'),
  'slow-vendor': card('U41893360', 'F', '2001-03-15', '2035-02-09'),
  'too-many-requests': card('U52904471', 'M', '1979-12-01', '2034-01-12'),
  'server-error': card('U64015582', 'F', '1985-06-26', '2034-09-05'),
}

/** The document that this persona has. */
export const documentOf = (kind: PersonaName): PersonaDocument => DOCUMENTS[kind]

/** The photos of a verification with this document: a passport has no back. */
export const photosOf = ({ type }: PersonaDocument): readonly PhotoType[] =>
  PHOTO_TYPES.filter((each) => type !== 'passport' || each !== 'document_back')

/** What the vendor reads from it. */
export function findingsOf(
  { givenName, surname }: Pick<PersonaKind, 'givenName' | 'surname'>,
  { type, holder, number, dateOfBirth, issuedOn, expiresOn }: PersonaDocument,
): DocumentFindings {
  return {
    givenName,
    surname,
    ...holder,
    fullName: undefined,
    dateOfBirth,
    nationality: 'UTO',
    documentType: type,
    country: 'UTO',
    number,
    issuedOn,
    expiresOn,
  }
}

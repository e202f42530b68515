import { html } from 'hono/html'
import { type Account, fullNameOf } from '../accounts/accounts.ts'
import {
  findPerson,
  findResidency,
  hasReachedAge,
  type NaturalPerson,
  type Residency,
} from '../accounts/natural-person.ts'
import { isPersonal, type Scope } from '../clients/scopes.ts'
import type { Sql } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { day, type Html } from '../web/html.ts'
import type { SmallPhoto } from '../web/photos.ts'
import type { Reader } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { wordFor } from '../web/texts/languages.ts'
import { IMAGES_SCOPE } from './images.ts'

/** What the pages of a consent show of the resident's latest approved verification. */
export type StoredDocuments = {
  documentType: string | null
  /** When the verification began. */
  date: Date
  /** When it was approved. */
  since: Date
  front: boolean
  back: boolean
  face: boolean
  images: SmallPhoto[]
}

/** What scopes disclose today. */
export type SharedData = {
  account: { name: string; email: string; emailVerified: boolean }
  documents: StoredDocuments | undefined
  /** Whether personal data and photos may be shown, because the sign-in is recent. Otherwise there are none here. */
  isRecent: boolean
  person?: NaturalPerson | undefined
  residency?: Residency | undefined
  /** Whether the resident is 18; `null` where the date of birth is unknown. */
  isAdult?: boolean | null | undefined
}

/** Reads what these scopes disclose today, and without a recent sign-in nothing personal. */
export async function findSharedData(
  { db, vault }: { db: Sql; vault: Vault },
  {
    account,
    documents,
    isRecent,
    scopes,
  }: {
    account: Account
    documents: StoredDocuments | undefined
    isRecent: boolean
    scopes: readonly string[]
  },
): Promise<SharedData> {
  const shows = (scope: Scope) => isRecent && scopes.includes(scope)
  const [person, residency, isAdult] = await Promise.all([
    shows('eprospera:person.details.read') ? findPerson(db, vault, account.id) : undefined,
    shows('eprospera:person.residency.read') ? findResidency(db, vault, account.id) : undefined,
    shows('eprospera:person.age_over.read') ? hasReachedAge(db, vault, account.id, 18) : undefined,
  ])
  const { email, emailVerified } = account
  return {
    account: { name: fullNameOf(account), email, emailVerified },
    documents,
    isRecent,
    person,
    residency,
    isAdult,
  }
}

/** Whether a page with these scopes hides something until the resident has signed in again. */
export const hidesData = ({ isRecent }: SharedData, scopes: readonly string[]): boolean =>
  !isRecent && scopes.some(isPersonal)

/** What this scope discloses today; `undefined` when its sentence already says it, or when it is hidden. */
export function describeShared(
  reader: Reader,
  scope: Scope,
  { account, documents, isRecent, person, residency, isAdult }: SharedData,
): string | Html | undefined {
  const { permissions: words } = reader.texts
  if (scope === 'profile') return words.today(account.name)
  if (scope === 'email')
    return words.today(
      account.emailVerified ? words.confirmed(account.email) : words.notConfirmed(account.email),
    )
  // The kind of document and the day are no secret from somebody who looks over the shoulder; the photos are.
  if (scope === IMAGES_SCOPE)
    return documents
      ? words.documents(listDocuments(words, documents), day(reader, documents.date))
      : words.noDocuments
  if (!isRecent) return isPersonal(scope) ? words.hidden : undefined
  if (scope === 'eprospera:person.details.read') return person && personFacts(reader, person)
  if (scope === 'eprospera:person.residency.read')
    return residency && describeResidency(reader, residency)
  if (scope === 'eprospera:person.id_verification.status.read')
    return documents
      ? words.verified(day(reader, documents.since), nameOfKind(words, documents))
      : words.notVerified
  if (scope === 'eprospera:person.age_over.read')
    return isAdult === null || isAdult === undefined
      ? words.noBirthDate
      : words.adult[isAdult ? 'yes' : 'no']
  return undefined
}

function personFacts(reader: Reader, person: NaturalPerson): Html {
  const { permissions, format } = reader.texts
  const { facts } = permissions
  const { address } = person
  const rows: [string, string | Html | null][] = [
    [facts.name, person.name],
    [facts.dateOfBirth, person.dateOfBirth && day(reader, new Date(person.dateOfBirth))],
    [facts.countryOfBirth, person.countryOfBirth],
    [facts.citizenships, format.list(person.citizenships)],
    [facts.sex, person.sex],
    [facts.residentPermitNumber, person.residentPermitNumber],
    [
      facts.address,
      address &&
        [
          address.line1,
          address.line2,
          address.postalCode,
          address.city,
          address.state,
          address.country,
        ]
          .filter(Boolean)
          .join(', '),
    ],
    [facts.phoneNumber, person.phoneNumber],
  ]
  return html`<dl class="facts">${rows.map(([name, value]) =>
    value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : '',
  )}</dl>`
}

function describeResidency(reader: Reader, { activeResidency }: Residency): Html | string {
  const { permissions: words } = reader.texts
  return activeResidency
    ? words.resident(
        activeResidency.residencyType,
        day(reader, new Date(activeResidency.effectiveDate)),
      )
    : words.noResident
}

const nameOfKind = ({ kinds }: Texts['permissions'], { documentType }: StoredDocuments): string =>
  wordFor(kinds, documentType) ?? kinds.other

function listDocuments(words: Texts['permissions'], documents: StoredDocuments): string {
  const { photos, notCopiedYet } = words
  const { front, back, face } = documents
  const document = nameOfKind(words, documents)
  const sides = front && back ? photos.both : front ? photos.front : back ? photos.back : undefined
  const shown = [...(sides ? [sides(document)] : []), ...(face ? [photos.face] : [])]
  return shown.join(', ') || notCopiedYet
}

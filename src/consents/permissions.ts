import type { Scope, ScopeAlternatives } from '../clients/scopes.ts'
import type { Reader } from '../web/reader.ts'
import type { Consent } from './consents.ts'
import { type Choice, inPageOrder, type Permission, type PhotoChoice } from './form.ts'
import { IMAGE_KINDS, IMAGES_SCOPE } from './images.ts'
import type { ConsentRules } from './rules.ts'
import { describeShared, type SharedData } from './shared-data.ts'

type Asked = {
  scopes: readonly Scope[]
  /** For some of them, a scope that discloses less and can be chosen instead. */
  alternatives: ScopeAlternatives
  /** The previous decision, also when it has ended. */
  before: Consent | undefined
  rules: ConsentRules
  shared: SharedData
  /** What the resident entered, when the form is shown again. */
  entered?: Choice | undefined
}

/** The permissions of a form, in the order of every page. */
export function describePermissions(
  reader: Reader,
  asked: Asked,
  { hasNotes }: { hasNotes: boolean },
): Permission[] {
  const { alternatives, entered, rules, shared } = asked
  return inPageOrder(asked.scopes).map((scope) => {
    const alternative = alternatives[scope]
    return {
      scope,
      alternative,
      chosen: chosenAnswer(asked, scope),
      isQuestion: alternative !== undefined || rules.isSensitive(scope),
      isUnanswered: entered?.unanswered.includes(scope) ?? false,
      shares: describeShared(reader, scope, shared),
      photos: scope === IMAGES_SCOPE ? choosePhotos(asked) : undefined,
      note: hasNotes ? noteOn(reader, scope, asked.before) : undefined,
    }
  })
}

/**
 * What is chosen when the form appears: what was entered, otherwise what was decided before. Of what was never decided, the question about
 * a sensitive scope is open, and everything else is chosen: with empty boxes, "Allow" would allow nothing, and people would learn to tick every
 * box unread.
 */
function chosenAnswer(
  { alternatives, before, rules, entered }: Asked,
  scope: Scope,
): Permission['chosen'] {
  const alternative = alternatives[scope]
  const chooses = (ticked: readonly string[]) =>
    ticked.includes(scope) ? scope : alternative && ticked.includes(alternative) ? alternative : ''
  if (entered) return entered.unanswered.includes(scope) ? undefined : chooses(entered.ticked)
  const wasDecided = before && [...before.scopes, ...before.declined].includes(scope)
  if (wasDecided && before.isCurrent) return chooses(before.scopes)
  if (before?.declined.includes(scope) && chooses(before.scopes) === '') return ''
  return rules.isSensitive(scope) ? undefined : scope
}

function choosePhotos({ before, rules, entered, shared }: Asked): PhotoChoice[] {
  const wasShared = before?.isCurrent && before.scopes.includes(IMAGES_SCOPE)
  const isTicked = (kind: PhotoChoice['kind']) => {
    if (entered?.images) return entered.images.includes(kind)
    return wasShared ? !before?.withheldImages.includes(kind) : !rules.isSensitive(IMAGES_SCOPE)
  }
  return IMAGE_KINDS.map((kind) => ({
    kind,
    isTicked: isTicked(kind),
    photo: shared.isRecent ? shared.documents?.images.find(({ type }) => type === kind) : undefined,
  }))
}

function noteOn(
  { texts: { consent } }: Reader,
  scope: Scope,
  before: Consent | undefined,
): string | undefined {
  if (before?.declined.includes(scope)) return consent.declinedBefore
  return before?.isCurrent && isNew(scope, before) ? consent.isNew : undefined
}

/** Whether this scope was never decided. */
export const isNew = (scope: Scope, before: Consent): boolean =>
  ![...before.scopes, ...before.declined].includes(scope)

import {
  CAPTURE_STEPS,
  type CaptureStep,
  isOpenStatus,
  type OwnCapture,
} from '../id-verification/captures.ts'

/* The addresses of the steps of a verification that people review. */

/** The last part of each step's address. */
export const SLUGS: Readonly<Record<CaptureStep, string>> = {
  document_front: 'front',
  document_back: 'back',
  selfie: 'face',
  details: 'details',
}

/** The step of an address; `undefined` for one that is none, or is none of this document. */
export const stepOf = ({ steps }: OwnCapture, slug: string): CaptureStep | undefined =>
  CAPTURE_STEPS.find((step) => SLUGS[step] === slug && steps.some((each) => each.step === step))

/** The address of a step; without `end`, of the list of steps. */
export const manualPath = (id: string, end = ''): string =>
  `/verify/manual/${encodeURIComponent(id)}${end && `/${end}`}`

/** How the verification stands, while it is open and afterwards. */
export const progressPath = (id: string): string => `/verify/${encodeURIComponent(id)}`

/** What is to be done next: the choice of the document, the first step that is not done, or the check of everything. */
export function nextOf({ documentType, steps }: OwnCapture): string {
  if (!documentType) return 'document'
  const next = steps.find(({ isDone }) => !isDone)
  return next ? SLUGS[next.step] : 'check'
}

export const isOpenCapture = ({ status }: OwnCapture): boolean => isOpenStatus(status)

/** The images that a resident shares or withholds one by one, by their types. */
export const IMAGE_KINDS = ['document_front', 'document_back', 'selfie'] as const
export type ImageKind = (typeof IMAGE_KINDS)[number]

/** The scope whose answers have images. */
export const IMAGES_SCOPE = 'eprospera:person.id_verification.read'

export const isImageKind = (value: unknown): value is ImageKind =>
  IMAGE_KINDS.some((kind) => kind === value)

/** Those that are not among `shared`. */
export const withheldImages = (shared: readonly string[]): ImageKind[] =>
  IMAGE_KINDS.filter((kind) => !shared.includes(kind))

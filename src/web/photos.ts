import { html } from 'hono/html'
import type { Html } from './html.ts'

/** An image of a verification, as pages show it small. */
export type SmallPhoto = { id: string; type: string; hasThumbnail: boolean }

/** The addresses of a photo, which answer the resident alone whose it is. */
export const photoPath = (id: string): string => `/photos/${encodeURIComponent(id)}`

const LABELS: Record<string, string> = {
  document_front: 'Front of the document',
  document_back: 'Back of the document',
  selfie: 'Your face',
}

export function photoLabel(type: string): string {
  const words = type.replaceAll('_', ' ')
  return LABELS[type] ?? words.charAt(0).toUpperCase() + words.slice(1)
}

/** The photo in small: its thumbnail, or the photo itself until a worker has made one. */
const thumbnail = ({ id, type, hasThumbnail }: SmallPhoto): Html =>
  html`<img src="${photoPath(id)}/${hasThumbnail ? 'thumbnail' : 'image'}" alt="${photoLabel(type)}" loading="lazy" decoding="async">`

/** Photos in small, each with its label and a link to its own page. */
export const photoList = (photos: readonly SmallPhoto[]): Html =>
  html`<ul class="images">${photos.map(
    (photo) =>
      html`<li><a href="${photoPath(photo.id)}">${thumbnail(photo)}<span aria-hidden="true">${photoLabel(photo.type)}</span></a></li>`,
  )}</ul>`

import { html } from 'hono/html'
import type { Html } from './html.ts'
import type { Texts } from './texts/en.ts'
import { wordFor } from './texts/languages.ts'

/** An image of a verification, as pages show it small. */
export type SmallPhoto = { id: string; type: string; hasThumbnail: boolean }

/** The addresses of a photo, which answer the resident alone whose it is. */
export const photoPath = (id: string): string => `/photos/${encodeURIComponent(id)}`

/** The address of the picture that a page shows small: the photo itself until a worker has made its thumbnail. */
export const photoSource = ({ id, hasThumbnail }: SmallPhoto): string =>
  `${photoPath(id)}/${hasThumbnail ? 'thumbnail' : 'image'}`

export function photoLabel({ home }: Texts, type: string): string {
  const words = type.replaceAll('_', ' ')
  return wordFor(home.images, type) ?? words.charAt(0).toUpperCase() + words.slice(1)
}

/** Photos in small, each with its label and a link to its own page. */
export const photoList = (texts: Texts, photos: readonly SmallPhoto[]): Html =>
  html`<ul class="images">${photos.map((photo) => {
    const label = photoLabel(texts, photo.type)
    return html`<li><a href="${photoPath(photo.id)}"><img src="${photoSource(photo)}" alt="${label}" loading="lazy" decoding="async"><span aria-hidden="true">${label}</span></a></li>`
  })}</ul>`

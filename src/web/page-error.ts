import { ApiError } from '../platform/errors.ts'
import type { Texts } from './texts/en.ts'
import { LANGUAGES, type Text } from './texts/languages.ts'

/** A failure that a resident reads in their own language; programs get its English text. */
export class PageError extends ApiError {
  readonly text: Text

  constructor(
    status: number,
    error: string,
    text: Text,
    options?: { headers?: Readonly<Record<string, string>> },
  ) {
    super(status, error, text(LANGUAGES.en), options)
    this.text = text
  }
}

/** What a page says about a failure. Our own ones are not the resident's business. */
export function describeError(texts: Texts, error: ApiError): string {
  if (error.status >= 500) return texts.errors.ourSide
  return error instanceof PageError ? error.text(texts) : texts.errors.technical(error.message)
}

import { readFileSync } from 'node:fs'

/** The text of a numbered section of a page, below its heading. Throws when the page has no such section. */
export function readSection(file: string, number: number): string {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  const [, section] = text.split(new RegExp(`^## ${number}\\. .*$`, 'm'))
  if (section === undefined) throw new Error(`${file} has no section ${number}`)
  return section.split(/^## /m)[0] ?? ''
}

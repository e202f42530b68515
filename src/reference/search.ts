import { anchorOf } from '../web/error-uri.ts'
import type { Entry } from './entry.ts'
import { ERRORS, type ErrorEntry } from './errors.ts'
import { findGroup } from './groups.ts'
import type { Guide } from './guides.ts'

export type Found = { path: string; title: string; where: string; excerpt: string }

type Searchable = Found & { heading: string; text: string }
export type SearchIndex = readonly Searchable[]

const MOST = 30

/** What can be found: endpoints, their parameters and errors, and the sections of guides. */
export const createSearchIndex = (
  entries: readonly Entry[],
  guides: readonly Guide[],
): SearchIndex => [...ERRORS.map(ofError), ...entries.flatMap(ofEntry), ...guides.flatMap(ofGuide)]

const searchable = (found: Found, more = ''): Searchable => ({
  ...found,
  heading: found.title.toLowerCase(),
  text: `${found.title} ${found.where} ${found.excerpt} ${more}`.toLowerCase(),
})

function ofEntry(entry: Entry): Searchable[] {
  const { group, id, title, method, path, description, parameters, body, answers, errors, access } =
    entry
  const at = `/reference/${group}/${id}`
  const fields = [...(body?.fields ?? []), ...answers.flatMap((answer) => answer.fields ?? [])]
  return [
    searchable(
      {
        path: at,
        title,
        where: `${findGroup(group)?.title}: ${method} ${path}`,
        excerpt: description,
      },
      `${id} ${'scope' in access ? access.scope : ''} ${fields.map(({ name }) => name).join(' ')}`,
    ),
    ...parameters.map((parameter) =>
      searchable({
        path: `${at}#parameters`,
        title: parameter.name,
        where: `Parameter of: ${title}`,
        excerpt: parameter.description,
      }),
    ),
    ...errors.map((error) =>
      searchable({
        path: `${at}#errors`,
        title: `${error.status} ${error.code ?? ''}`,
        where: `Error of: ${title}`,
        excerpt: error.description,
      }),
    ),
  ]
}

const ofError = ({ code, meaning, causes, remedy }: ErrorEntry): Searchable =>
  searchable(
    {
      path: `/guides/errors#${anchorOf(code)}`,
      title: code,
      where: 'Errors',
      excerpt: meaning,
    },
    `${causes.join(' ')} ${remedy}`,
  )

const ofGuide = ({ name, title, sections }: Guide): Searchable[] =>
  sections.map((section) =>
    searchable(
      {
        path: `/guides/${name}${section.anchor ? `#${section.anchor}` : ''}`,
        title: section.title,
        where: `Guide: ${title}`,
        excerpt: section.text.slice(0, 160),
      },
      section.text,
    ),
  )

/** What has every word of the query; what has it in its title comes first. */
export function search(index: SearchIndex, query: string): { found: Found[]; count: number } {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return { found: [], count: 0 }
  const all = index
    .filter(({ text }) => words.every((word) => text.includes(word)))
    .map((each) => ({ each, rank: words.filter((word) => each.heading.includes(word)).length }))
    .sort((a, b) => b.rank - a.rank)
  return { count: all.length, found: all.slice(0, MOST).map(({ each }) => each) }
}

import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'

// Writes docs/seeds.md from the rows of test/fixtures/seeds: `npm run seeds`. With --check it writes nothing and exits with 1
// when the document is out of date.

const root = new URL('../', import.meta.url)
const DOCUMENT = new URL('docs/seeds.md', root)
const NAMES = ['000', '001', '002', '003', '004'] as const
const VERDICTS = ['same', 'differs', 'refused'] as const

const sentence = z.string().regex(/^\S.*\S$/)

/** One request and what comes back. `{name}` is filled in by the test; `test/integration/seeds.test.ts` explains the patterns. */
const requestSchema = z.strictObject({
  /** Whose token is sent; nobody's without it. */
  as: z.string().optional(),
  request: z.string().regex(/^[A-Z]+ \/\S*$/),
  headers: z.record(z.string(), z.string()).optional(),
  /** Sent as JSON. */
  send: z.json().optional(),
  status: z.int(),
  /** `null`: the response does not have it. */
  answerHeaders: z.record(z.string(), z.string().nullable()).optional(),
  /** A pattern of the body. Objects may have more members unless `exact` says otherwise. */
  answer: z.json().optional(),
  exact: z.literal(true).optional(),
  /** The body, byte for byte. */
  text: z.string().optional(),
  /** Members that the body does not have. */
  without: z.array(z.string()).optional(),
  /** A part of the text of a refusal. */
  names: z.string().optional(),
  /** The next request of the same row. */
  get next() {
    return requestSchema.optional()
  },
})
export type RequestCheck = z.infer<typeof requestSchema>

/** What no single request shows: a function of the test by its name, and the expectation for it. */
const scenarioSchema = z.strictObject({
  scenario: z.string(),
  given: z.record(z.string(), z.json()),
})

const shared = { id: sentence, says: sentence, answers: sentence }
const rowSchema = z.discriminatedUnion('verdict', [
  z.strictObject({
    ...shared,
    verdict: z.literal('same'),
    check: z.union([requestSchema, scenarioSchema]),
  }),
  z.strictObject({
    ...shared,
    verdict: z.literal('differs'),
    why: sentence,
    check: z.union([requestSchema, scenarioSchema]),
  }),
  z.strictObject({
    ...shared,
    verdict: z.literal('refused'),
    why: sentence,
    // A refusal says what it refuses.
    check: requestSchema.safeExtend({ status: z.int().min(400).max(499), names: z.string() }),
  }),
])
type Row = z.infer<typeof rowSchema>

const seedSchema = z.strictObject({
  title: sentence,
  rows: z
    .array(rowSchema)
    .min(1)
    .refine(
      (rows) => new Set(rows.map(({ id }) => id)).size === rows.length,
      'an id is used twice',
    ),
})
type Seed = z.infer<typeof seedSchema> & { name: string }

/** The seeds with their rows. Throws for a row that lacks something. */
export const readSeeds = (): Promise<Seed[]> =>
  Promise.all(
    NAMES.map(async (name) => {
      const file = new URL(`test/fixtures/seeds/${name}.json`, root)
      return { name, ...seedSchema.parse(JSON.parse(await readFile(file, 'utf8'))) }
    }),
  )

const HEAD = `# The seeds, row by row

This project began with five documents, the seeds: pages of three vendors and of the real portal. Here is what each of them says, one row for each
endpoint, field, header, status, limit and promise, what this portal answers, and the verdict:

- **same**: the name, value or behaviour is here as the seed prints it. Responses may have more members.
- **differs**: it is here in another form, or not; the reason follows.
- **refused**: the request is refused, and the refusal names what is refused; the reason follows.

Each row is a test: \`test/integration/seeds.test.ts\` reads what to send and what to expect from the row in \`test/fixtures/seeds/\`. This page is made
from the same rows by \`npm run seeds\`. Names of products, release numbers and advice that a program cannot follow have no row.
[contract.md](contract.md) has the whole of each route.
`

/** The content of the document. */
export async function createSeedsDocument(): Promise<string> {
  const seeds = await readSeeds()
  const all = { name: '', title: 'All', rows: seeds.flatMap(({ rows }) => rows) }
  return [
    HEAD,
    tableOf(
      ['Seed', ...VERDICTS, 'rows'],
      [...seeds, all].map(({ name, title, rows }) => [
        `${name} ${title}`.trim(),
        ...VERDICTS.map((wanted) => rows.filter(({ verdict }) => verdict === wanted).length),
        rows.length,
      ]),
    ),
    ...seeds.map(
      ({ name, title, rows }) =>
        `## Seed ${name}: ${title}\n\n${tableOf(
          ['Row', 'The seed says', 'This portal', 'Verdict'],
          rows.map((row) => [row.id, `“${row.says}”`, row.answers, verdictOf(row)]),
        )}`,
    ),
  ].join('\n')
}

const verdictOf = (row: Row): string =>
  row.verdict === 'same' ? 'same' : `${row.verdict}: ${row.why}`

const tableOf = (heads: string[], rows: (string | number)[][]): string =>
  [heads, heads.map(() => '---'), ...rows.map((cells) => cells.map(cellOf))]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('')

/** Text of a cell: outside of code, what Markdown would read as HTML or as markup is escaped. */
const cellOf = (content: string | number): string =>
  String(content)
    .split(/(`[^`]*`|\[[^\]]*\]\([^)]*\))/)
    .map((part, at) =>
      at % 2 === 1 ? part : part.replaceAll(/[<*_[\]]/g, (character) => `\\${character}`),
    )
    .join('')
    .replaceAll('|', '\\|')

if (import.meta.main) {
  const document = await createSeedsDocument()
  if (!process.argv.includes('--check')) await writeFile(DOCUMENT, document)
  else if ((await readFile(DOCUMENT, 'utf8')) !== document) {
    process.stderr.write('docs/seeds.md is out of date: run `npm run seeds`.\n')
    process.exitCode = 1
  }
}

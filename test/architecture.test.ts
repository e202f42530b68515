import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = new URL('../src/', import.meta.url).pathname

type Import = { file: string; line: number; from: string; isType: boolean; isDynamic: boolean }

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))

const imports: Import[] = files.flatMap(({ name, text }) =>
  [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/g,
    ),
  ].map((match) => {
    const target = match[2] ?? match[3] ?? ''
    return {
      file: name,
      line: text.slice(0, match.index).split('\n').length + 1,
      from: target.startsWith('.') ? posix.join(posix.dirname(name), target) : target,
      isType: Boolean(match[1]),
      isDynamic: match[3] !== undefined,
    }
  }),
)

/** What is further left may import what is further right, never the reverse. A folder stands for its files. */
const ORDER = [
  'main.ts',
  'cli',
  'serve.ts',
  'open.ts',
  'server.ts',
  'worker.ts',
  'app.ts',
  'portal',
  'api',
  'id-verification',
  'oauth',
  'consents',
  'clients',
  'accounts',
  'events',
  'ledger',
  'signing',
  'context.ts',
  'config.ts',
  'web',
  'platform',
]
/** Loaded on demand, and absent from the production image. */
const LOCAL = 'local'

const folderOf = (path: string) => path.split('/')[0] ?? ''
const isOurs = ({ from }: Import) => from.endsWith('.ts')
const where = (found: Import[]) =>
  found.map(({ file, line, from }) => `${file}:${line} imports ${from}`)

describe('who may import whom', () => {
  test('every file has a place in the order', () => {
    const places = new Set(files.map(({ name }) => folderOf(name)))
    expect([...places].sort()).toEqual([...ORDER, LOCAL].sort())
  })

  test('docs/architecture.md prints this order', () => {
    const text = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8')
    const [, printed = ''] = /^(main → [^`]*)```/m.exec(text) ?? []
    expect(printed.split('→').map((place) => place.trim())).toEqual(
      ORDER.map((place) => place.replace(/\.ts$/, '')),
    )
  })

  test('a file imports its own folder and what is further right', () => {
    const wrong = imports.filter((each) => {
      const [from, to] = [folderOf(each.file), folderOf(each.from)]
      if (!isOurs(each) || from === LOCAL || to === LOCAL) return false
      return ORDER.indexOf(to) < ORDER.indexOf(from)
    })
    expect(where(wrong)).toEqual([])
  })

  test('local/ is loaded on demand alone', () => {
    const wrong = imports.filter(
      (each) =>
        isOurs(each) &&
        folderOf(each.from) === LOCAL &&
        folderOf(each.file) !== LOCAL &&
        !(each.isDynamic && ['main.ts', 'open.ts'].includes(each.file)),
    )
    expect(where(wrong)).toEqual([])
  })

  test("the sandbox and the embedded servers import each other's folder in no case, and else only what is general", () => {
    const general = ['config.ts', 'web', 'platform']
    const wrong = imports.filter((each) => {
      const own = /^local\/(sandbox|embedded)\//.exec(each.file)?.[0]
      // The demo application is a third party: it has the package that applications have.
      if (!isOurs(each) || !own || each.from === '../clients/typescript/index.ts') return false
      return !each.from.startsWith(own) && !general.includes(folderOf(each.from))
    })
    expect(where(wrong)).toEqual([])
  })

  test('no cycles, types included', () => {
    expect(findCycles()).toEqual([])
  })

  test.each([
    ['postgres', ['platform/db.ts']],
    ['pg-boss', ['platform/jobs.ts']],
    ['pino', ['platform/log.ts']],
    ['prom-client', ['platform/metrics.ts']],
    ['nodemailer', ['platform/mail.ts']],
    ['@simplewebauthn/server', ['accounts/passkeys.ts']],
    ['@aws-sdk/client-s3', ['platform/storage.ts']],
    ['@aws-sdk/client-kms', ['platform/kms.ts']],
    ['sharp', ['id-verification/image-process.ts', 'local/sandbox/images.ts']],
    ['@node-rs/argon2', ['accounts/passwords.ts']],
    ['otpauth', ['accounts/totp.ts']],
    ['qr', ['web/qr-code.ts']],
    ['@zxcvbn-ts/language-common', ['accounts/password-strength.ts']],
  ])('%s has one owner', (name, owners) => {
    const found = imports.filter(({ from, file }) => from === name && !owners.includes(file))
    expect(where(found)).toEqual([])
    expect(imports.some(({ from }) => from === name)).toBe(true)
  })

  test('the package for applications is of the demo application alone', () => {
    const found = imports.filter(({ from }) => from.startsWith('../'))
    expect(where(found)).toEqual([
      expect.stringMatching(/^local\/sandbox\/application-client\.ts:\d+ imports \.\.\/clients\//),
    ])
  })

  test('oidc-provider belongs to oauth; others know its types', () => {
    const found = imports.filter(
      ({ from, file, isType }) => from === 'oidc-provider' && folderOf(file) !== 'oauth' && !isType,
    )
    expect(where(found)).toEqual([])
  })

  test('stores, jobs and accounts know no HTTP', () => {
    const found = imports.filter(
      ({ from, file }) =>
        from.startsWith('hono') &&
        (folderOf(file) === 'accounts' || /(store|jobs|backup|inbox|storage|db)\.ts$/.test(file)),
    )
    expect(where(found)).toEqual([])
  })
})

/** Groups of files that import one another, by Tarjan's algorithm. */
function findCycles(): string[][] {
  const targets = new Map(files.map(({ name }) => [name, [] as string[]]))
  for (const { file, from } of imports) if (targets.has(from)) targets.get(file)?.push(from)
  const seen = new Map<string, { index: number; low: number }>()
  const stack: string[] = []
  const cycles: string[][] = []

  function visit(file: string): { index: number; low: number } {
    const mine = { index: seen.size, low: seen.size }
    seen.set(file, mine)
    stack.push(file)
    for (const target of targets.get(file) ?? []) {
      const theirs = seen.get(target)
      if (!theirs) mine.low = Math.min(mine.low, visit(target).low)
      else if (stack.includes(target)) mine.low = Math.min(mine.low, theirs.index)
    }
    if (mine.low === mine.index) {
      const group = stack.splice(stack.indexOf(file))
      if (group.length > 1 || targets.get(file)?.includes(file)) cycles.push(group)
    }
    return mine
  }

  for (const name of targets.keys()) if (!seen.has(name)) visit(name)
  return cycles
}

const lines = (pattern: RegExp, allowed: string[]) =>
  files
    .filter(({ name }) => !allowed.includes(name))
    .flatMap(({ name, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${name}:${index + 1}`] : [])),
    )

test('only main.ts reads the environment; the embedded server passes PATH on', () => {
  expect(lines(/process\.env\b/, ['main.ts', 'local/embedded/processes.ts'])).toEqual([])
})

test('SQL that is not a template is for migrations, roles, the queue and the embedded server', () => {
  // A role's name can be no parameter.
  const owners = [
    'platform/db.ts',
    'platform/database-role.ts',
    'platform/jobs.ts',
    'local/embedded/postgres.ts',
  ]
  expect(lines(/\.unsafe\(/, owners)).toEqual([])
})

test('only oauth/patches/ changes the classes and the middleware of oidc-provider', () => {
  const changes =
    /\.prototype\b|definePropert(y|ies)\(|setPrototypeOf\(|\bprovider(\.|\(\)\.)(use|middleware)\b|\bprovider(\(\))?\.[A-Z]\w*(\.\w+)*\s*=[^=>]|Object\.assign\(\s*provider/
  const found = lines(changes, []).filter((place) => !place.startsWith('oauth/patches/'))
  expect(found).toEqual([])
})

test('ledger rows are written by the one function for it, and by three statements that must do more at once', () => {
  const writers = [
    'ledger/disclosure.ts',
    // With the documents, the token, and the mark of the event that it is about.
    'api/latest-approved.ts',
    'oauth/adapter.ts',
    'events/events.ts',
  ]
  expect(lines(/insert into ledger_entry/, writers)).toEqual([])
})

test('no page writes unescaped text, and no file forwards others', () => {
  expect(lines(/(?<!\.)\braw\(/, [])).toEqual([])
  expect(
    files.filter(({ name }) => /(^|\/)(index|utils?|helpers|common|types)\.ts$/.test(name)),
  ).toEqual([])
})

test('importing a module opens nothing', async () => {
  const before = process.getActiveResourcesInfo().length
  for (const { name } of files)
    if (!['main.ts', 'id-verification/image-process.ts'].includes(name))
      await import(join(root, name))
  const after = process
    .getActiveResourcesInfo()
    .filter((kind) => /TCP|Pipe|Timeout|Server/.test(kind))
  expect(after.length).toBeLessThanOrEqual(before)
})

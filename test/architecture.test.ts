import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = new URL('../src/', import.meta.url).pathname

type Import = { file: string; line: number; from: string; isType: boolean }

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
    }
  }),
)

/** What starts or assembles everything; each may import what stands after it, and every folder. */
const ENTRIES = [
  'main.ts',
  'demo.ts',
  'commands.ts',
  'doctor.ts',
  'reseal.ts',
  'server.ts',
  'worker.ts',
  'app.ts',
]
/** Each may import itself, what stands after it, and the root modules. */
const FOLDERS = ['portal', 'api', 'id-verification', 'oauth', 'accounts', 'events', 'ledger']

const folderOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : '')
const isOurs = ({ from }: Import) => from.endsWith('.ts')
const where = (found: Import[]) =>
  found.map(({ file, line, from }) => `${file}:${line} imports ${from}`)

describe('who may import whom', () => {
  test('root modules import only root modules', () => {
    const wrong = imports.filter(
      (each) =>
        isOurs(each) &&
        folderOf(each.file) === '' &&
        !ENTRIES.includes(each.file) &&
        (folderOf(each.from) !== '' || ENTRIES.includes(each.from)),
    )
    expect(where(wrong)).toEqual([])
  })

  test('a feature imports itself, the features to its right and root modules', () => {
    const wrong = imports.filter((each) => {
      const mine = FOLDERS.indexOf(folderOf(each.file))
      if (!isOurs(each) || mine < 0) return false
      if (folderOf(each.from) === '') return ENTRIES.includes(each.from)
      return FOLDERS.indexOf(folderOf(each.from)) < mine
    })
    expect(where(wrong)).toEqual([])
  })

  test('an entry imports the entries after it', () => {
    const wrong = imports.filter((each) => {
      const [mine, theirs] = [ENTRIES.indexOf(each.file), ENTRIES.indexOf(each.from)]
      // The demo is given what main.ts does, and knows its shape alone.
      return mine >= 0 && theirs >= 0 && theirs <= mine && !each.isType
    })
    expect(where(wrong)).toEqual([])
  })

  test('sandbox and embedded are started by main.ts and demo.ts, and import only root modules', () => {
    const wrong = imports.filter((each) => {
      const [from, to] = [folderOf(each.file), folderOf(each.from)]
      const stands = ['sandbox', 'embedded']
      // The demo application is a third party: it has the package that applications have.
      if (!isOurs(each) || each.from === '../clients/typescript/index.ts') return false
      if (stands.includes(from)) return to !== from && to !== ''
      return stands.includes(to) && !['main.ts', 'demo.ts'].includes(each.file)
    })
    expect(where(wrong)).toEqual([])
  })

  test.each([
    ['postgres', ['db.ts']],
    ['pg-boss', ['jobs.ts']],
    ['pino', ['log.ts']],
    ['prom-client', ['metrics.ts']],
    ['nodemailer', ['mail.ts']],
    ['@simplewebauthn/server', ['accounts/passkeys.ts']],
    ['@aws-sdk/client-s3', ['storage.ts']],
    ['@aws-sdk/client-kms', ['kms.ts']],
    ['sharp', ['id-verification/image-process.ts', 'sandbox/images.ts']],
    ['@node-rs/argon2', ['accounts/passwords.ts']],
    ['otpauth', ['accounts/totp.ts']],
    ['qr', ['qr-code.ts']],
    ['@zxcvbn-ts/language-common', ['accounts/password-strength.ts']],
  ])('%s has one owner', (name, owners) => {
    const found = imports.filter(({ from, file }) => from === name && !owners.includes(file))
    expect(where(found)).toEqual([])
    expect(imports.some(({ from }) => from === name)).toBe(true)
  })

  test('the package for applications is of the demo application alone', () => {
    const found = imports.filter(({ from }) => from.startsWith('../'))
    expect(where(found)).toEqual([
      expect.stringMatching(/^sandbox\/application-client\.ts:\d+ imports \.\.\/clients\//),
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

const lines = (pattern: RegExp, allowed: string[]) =>
  files
    .filter(({ name }) => !allowed.includes(name))
    .flatMap(({ name, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${name}:${index + 1}`] : [])),
    )

test('only main.ts reads the environment; the embedded server passes PATH on', () => {
  expect(lines(/process\.env\b/, ['main.ts', 'embedded/processes.ts'])).toEqual([])
})

test('SQL that is not a template is for migrations, roles, the queue and the embedded server', () => {
  // A role's name can be no parameter.
  const owners = ['db.ts', 'database-role.ts', 'jobs.ts', 'embedded/postgres.ts']
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
    'api/id-verification.ts',
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

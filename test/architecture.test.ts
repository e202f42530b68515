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
  'gauges.ts',
  'needed-keys.ts',
  'worker.ts',
  'app.ts',
  'web-context.ts',
  'error-responses.ts',
  'developers',
  'portal',
  'reference',
  'api',
  'personas',
  'id-verification',
  'oauth',
  'consents',
  'clients',
  'accounts',
  'events',
  'ledger',
  'request-log',
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

  test('help and wrong usage of the command line load nothing but the command line', () => {
    const loaded = new Set(['main.ts'])
    for (const file of loaded)
      for (const each of imports)
        if (each.file === file && isOurs(each) && !each.isType && !each.isDynamic)
          loaded.add(each.from)
    const general = [
      'accounts/operator-roles.ts',
      'id-verification/vendors/reasons/reason.ts',
      'id-verification/vendors/vendor-names.ts',
      'platform/errors.ts',
      'platform/policies.ts',
      'platform/uuid.ts',
      'platform/version.ts',
      'web/terminal-text.ts',
    ]
    const others = [...loaded].filter((file) => !['main.ts', 'cli'].includes(folderOf(file)))
    expect(others.sort()).toEqual(general)
    const packages = imports.filter(
      ({ file, from, isType, isDynamic }) =>
        loaded.has(file) && !isType && !isDynamic && !/^node:|\.ts$/.test(from),
    )
    expect([...new Set(packages.map(({ from }) => from))]).toEqual(['commander'])
  })

  test('no cycles, types included', () => {
    expect(findCycles()).toEqual([])
  })

  test.each([
    ['commander', ['cli/program.ts']],
    ['postgres', ['platform/db.ts', 'platform/postgres-corrections.ts']],
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
    ['mrz', ['id-verification/mrz.ts']],
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
  // Samples of code, which a developer runs.
  const samples = ['reference/samples.ts', 'reference/authorize-samples.ts']
  const allowed = ['main.ts', 'local/embedded/processes.ts', ...samples]
  expect(lines(/process\.env\b/, allowed)).toEqual([])
})

test('SQL that is not a template is for migrations, roles, the queue and the embedded server', () => {
  // A role's name can be no parameter.
  const owners = [
    'platform/migrations.ts',
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

test('applications read a resident’s verification through one door, which leaves out what the resident withholds', () => {
  const readers = [
    'id-verification/shared.ts',
    // What the resident sees, whether somebody was verified, and what changed: no image.
    'id-verification/review.ts',
    'id-verification/store.ts',
    'id-verification/reading.ts',
    'events/events.ts',
  ]
  expect(lines(/from latest_approved\b/, readers)).toEqual([])
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

/** Which folder owns which tables: statements on them are in its files, and other folders call its functions. Views are for all. */
const TABLES: Record<string, string[]> = {
  accounts: [
    'account',
    'known_browser',
    'mail_code',
    'known_reader',
    'mail_link',
    'natural_person',
    'notification_preference',
    'operator',
    'operator_setup',
    'passkey',
    'passkey_challenge',
    'pending_sign_in',
    'reader_watch',
    'recovery_code',
    'recovery_code_set',
    'residency',
    'security_case',
    'security_notice',
    'sign_in_throttle',
    'sign_up',
    'totp',
  ],
  clients: ['client', 'client_logo', 'tenant', 'trusted_client', 'try_client'],
  consents: ['consent', 'ended_consent'],
  developers: [
    'developer_invitation',
    'developer_member',
    'developer_team',
    'production_draft',
    'production_request',
    'try_run',
  ],
  events: ['event', 'event_attempt', 'event_secret', 'event_stream', 'last_announcement'],
  'id-verification': [
    'alert',
    'attempt_document',
    'capture',
    'decision',
    'delivery',
    'erased_verification',
    'erasure_receipt',
    'erasure_request',
    'image',
    'operator_review',
    'resident_export',
    'phone_link',
    'subject',
    'subject_link',
    'told_reason',
    'upload',
    'vendor_integration',
    'verification',
    'verification_notice',
  ],
  ledger: ['ledger_entry', 'ledger_head', 'ledger_leaf', 'ledger_node'],
  oauth: ['oauth_grant', 'oidc_artifact', 'spent_jti'],
  personas: ['persona', 'persona_step', 'sandbox_clock'],
  platform: [
    'data_key',
    'duty',
    'outbox_mail',
    'policy',
    'portal_setting',
    'rate_window',
    'schema_migration',
  ],
  'request-log': ['request_log'],
  signing: ['signing_key'],
  web: ['operator_action'],
}
/** The statements that join or change tables of several folders, each because it must be one statement or one lock. */
const SHARED: Record<string, string[]> = {
  // A session and what it obtained are rows of oidc-provider's adapter, and end with the account's decisions.
  'accounts/sessions.ts': ['oidc_artifact'],
  'consents/consents.ts': ['client', 'oauth_grant', 'oidc_artifact'],
  'consents/ended-consents.ts': ['client'],
  // The token, the consent it is held against and the ledger's row are one statement.
  'oauth/adapter.ts': ['consent', 'ledger_entry'],
  'api/latest-approved.ts': ['consent', 'ledger_entry'],
  // Why a token is not in the view of live tokens: the conditions of that view, one by one.
  'oauth/token-state.ts': ['account', 'client', 'consent'],
  // What a resident withholds from an application is read with the verification.
  'id-verification/shared.ts': ['consent'],
  // Who is to be notified of what, decided where the rows change.
  'events/events.ts': [
    'client',
    'consent',
    'decision',
    'ended_consent',
    'ledger_entry',
    'subject',
    'verification',
  ],
  'events/store.ts': ['client'],
  'events/streams.ts': ['client'],
  'ledger/disclosure.ts': ['consent'],
  'id-verification/erasure.ts': ['ledger_entry'],
  'id-verification/export.ts': ['account'],
  'id-verification/links.ts': ['account', 'tenant'],
  'id-verification/store.ts': ['tenant'],
  // Owners of data keys are locked before their keys are created.
  'platform/vault.ts': ['account', 'subject'],
  // The salt of pairwise identifiers.
  'clients/subject-identifiers.ts': ['portal_setting'],
}

test('each table belongs to one folder; what others do with it is listed with its reason', () => {
  const owners = new Map(
    Object.entries(TABLES).flatMap(([folder, tables]) => tables.map((table) => [table, folder])),
  )
  const migrations = readdirSync(join(root, 'migrations'))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => readFileSync(join(root, 'migrations', name), 'utf8'))
  const created = migrations.flatMap((sql) =>
    [...sql.matchAll(/create (?:unlogged )?table ([a-z_]+)/g)].map(([, table = '']) => table),
  )
  const renamed = new Map(
    migrations.flatMap((sql) =>
      [...sql.matchAll(/alter table ([a-z_]+) rename to ([a-z_]+)/g)].map(
        ([, from = '', to = '']) => [from, to] as const,
      ),
    ),
  )
  const now = new Set([...created.map((table) => renamed.get(table) ?? table), 'schema_migration'])
  expect([...owners.keys()].sort()).toEqual([...now].sort())

  const found = new Map<string, Set<string>>()
  for (const { name, text } of files) {
    const folder = folderOf(name)
    // Rights on tables are listed by their names.
    if (folder === LOCAL || name === 'platform/database-access.ts') continue
    for (const [, table = ''] of text.matchAll(
      /\b(?:from|join|into|update|delete from)\s+(?:only )?([a-z_]+)\b/g,
    )) {
      const owner = owners.get(table)
      if (owner === undefined || owner === folder) continue
      found.set(name, (found.get(name) ?? new Set()).add(table))
    }
  }
  const shared = Object.fromEntries([...found].map(([name, tables]) => [name, [...tables].sort()]))
  expect(shared).toEqual(SHARED)
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

import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMANDS, readCommand } from '../../src/cli/commands.ts'
import { createTeam } from '../../src/developers/teams.ts'
import { type Detail, readDetail } from '../../src/ledger/details.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const PERSON_FILE = new URL('../../docs/person.json', import.meta.url).pathname

let portal: TestPortal
let dir: string
beforeAll(async () => {
  portal = await startPortal()
  dir = await mkdtemp(join(tmpdir(), 'operator-'))
})
afterAll(async () => {
  await portal.close()
  await rm(dir, { recursive: true })
})

const run = (...words: string[]) =>
  readCommand(words).run({ ...portal.parts, issuer: portal.issuer })

/** A resident of whom there is a verification, a delivery of it, an alert and a notification. */
async function arrange() {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  const { client_id } = await addClient(portal.parts)
  const [delivery] = await portal.db<{ id: string }[]>`
    insert into delivery (vendor, integration, verification_id, body, body_sha256)
    values ('veriff', 'default', ${id}, '{}', sha256(${randomUUID()}::bytea)) returning id`
  const [alert] = await portal.db<{ id: string }[]>`
    insert into alert (type, occasion, verification_id) values ('person_mismatch', ${id}, ${id})
    returning id`
  const [report] = await portal.db<{ id: string }[]>`
    insert into security_case (kind, account_id, entry_id)
    select 'entry', ${resident.id}, coalesce(max(entry_id), 0) + 1 from security_case returning id`
  const event = async (kind: string) => {
    const [row] = await portal.db<{ id: string }[]>`
      insert into event (client_id, kind, account_id, verification_id)
      values (${client_id}, ${kind}, ${resident.id}, ${id}) returning id`
    return row?.id ?? ''
  }
  await portal.db`insert into operator (account_id, role) values (${resident.id}, 'auditor')`
  return {
    resident: resident.id,
    client: client_id,
    verification: id,
    delivery: delivery?.id ?? '',
    event: await event('verification.approved'),
    erasure: await event('verification.erased'),
    alert: alert?.id ?? '',
    report: report?.id ?? '',
    team: await portal.db.begin((sql) =>
      createTeam(sql, { name: 'Harbour', ownerId: resident.id }),
    ),
  }
}
type Known = Awaited<ReturnType<typeof arrange>>

/** The commands that print something of a person, how they are called, and what the one row of that person says. */
const READS: Record<string, { words: (known: Known) => string[]; row: Detail; rows?: number }> = {
  'resident list': { words: () => [], row: { what: 'operator-read', of: 'resident' } },
  'resident show': {
    words: ({ resident }) => [resident],
    row: { what: 'operator-read', of: 'resident' },
  },
  'resident set': {
    words: ({ resident }) => [resident, '--file', PERSON_FILE],
    row: { what: 'operator-read', of: 'resident' },
  },
  'resident find': {
    words: ({ resident, client }) => ['--client', client, '--sub', resident],
    row: { what: 'operator-read', of: 'resident' },
  },
  'resident suspend': {
    words: ({ resident }) => [resident],
    row: { what: 'operator-read', of: 'resident' },
  },
  'resident resume': {
    words: ({ resident }) => [resident],
    row: { what: 'operator-read', of: 'resident' },
  },
  'resident export': {
    words: ({ resident }) => [resident, '--out', join(dir, 'archive.zip')],
    row: { what: 'export' },
  },
  'developer show': {
    words: ({ team }) => [team],
    row: { what: 'operator-read', of: 'resident' },
  },
  'operator list': { words: () => [], row: { what: 'operator-read', of: 'resident' } },
  'verification list': { words: () => [], row: { what: 'operator-read', of: 'verification' } },
  'verification show': {
    words: ({ verification }) => [verification],
    row: { what: 'operator-read', of: 'verification' },
  },
  'verification photos': {
    words: ({ verification }) => [verification, '--out', join(dir, 'photos')],
    row: { what: 'operator-read', of: 'verification' },
  },
  'delivery show': {
    words: ({ delivery }) => [delivery],
    row: { what: 'operator-read', of: 'delivery' },
  },
  // One for each notification.
  'event list': { words: () => [], row: { what: 'operator-read', of: 'event' }, rows: 2 },
  'event show': { words: ({ event }) => [event], row: { what: 'operator-read', of: 'event' } },
  'event answer': {
    words: ({ erasure }) => [erasure, '--outcome', 'erased'],
    row: { what: 'operator-read', of: 'event' },
  },
  'alert list': { words: () => [], row: { what: 'operator-read', of: 'alert' } },
  'alert resolve': {
    words: ({ alert }) => [alert, '--reason', 'Seen.'],
    row: { what: 'alert-resolution' },
  },
  'case show': {
    words: ({ report }) => [report],
    row: { what: 'operator-read', of: 'case' },
  },
  'ledger list': {
    words: ({ resident }) => ['--resident', resident],
    row: { what: 'operator-read', of: 'ledger' },
  },
}

/** The commands that print nothing of a person: ids and states, or what the operator typed. */
const OTHERS = [
  ...['client create', 'client update', 'client list', 'client show', 'client disable'],
  ...['client enable', 'client rotate-secret', 'client delete', 'client events'],
  ...['client rotate-events-secret', 'client rotate-events-token', 'event replay', 'event test'],
  ...['registration-token create', 'ledger verify', 'key list', 'key rotate', 'key retire'],
  ...['resident create', 'retention run', 'vendor set', 'vendor list', 'verification start'],
  ...['vendor health', 'resident invite', 'client trust', 'client distrust'],
  ...['vendor order', 'application list', 'application show', 'application logo'],
  ...['application approve', 'application decline'],
  ...['developer list', 'developer suspend', 'developer resume'],
  ...[
    'key reseal',
    'key status',
    'vendor add-next',
    'vendor use-next',
    'vendor drop-next',
    'vendor drop-previous',
    'issuer show',
    'issuer change',
    'tenant list',
    'tenant set',
    'tenant show',
    'operator add',
    'operator remove',
    'operator setup',
    'policy list',
    'policy set',
    'resident reset-mfa',
    'case list',
    'case answer',
    'case close',
    'verification review',
    'verification retry',
    'delivery list',
    'delivery replay',
    'job list',
    'job retry',
    'migrate',
    'doctor',
    'backup verify',
    'backup record',
  ],
  // They name somebody who is erased, or a row that is shown; their own rows say so.
  ...['resident erase', 'resident erasure', 'verification erase', 'ledger prove'],
]

test('every command is known to read persons, or not to', () => {
  const commands = Object.keys(COMMANDS).filter((name) => COMMANDS[name]?.run)
  expect(commands.length).toBeGreaterThan(40)
  const listed = [...Object.keys(READS), ...OTHERS]
  expect
    .soft(
      commands.filter((name) => !listed.includes(name)),
      'list these commands: in READS if they print something of a person, otherwise in OTHERS',
    )
    .toEqual([])
  expect
    .soft(
      listed.filter((name) => !commands.includes(name)),
      'there are no such commands: remove them from READS and OTHERS',
    )
    .toEqual([])
  expect
    .soft(
      listed.filter((name, index) => listed.indexOf(name) !== index),
      'these commands are listed twice: remove them from READS or from OTHERS',
    )
    .toEqual([])
})

test.each(Object.entries(READS))(
  '%s leaves a row that the resident can read',
  async (name, read) => {
    const known = await arrange()
    const { row, rows = 1, words } = read
    // There is something to list.
    if (name === 'ledger list') await run('resident', 'show', known.resident)
    const before = await listEntries(portal.db, known.resident)
    await run(...name.split(' '), ...words(known))
    const after = await listEntries(portal.db, known.resident)
    const written = after.slice(0, after.length - before.length)
    expect(written.map(readDetail)).toEqual(Array.from({ length: rows }, () => row))
    for (const entry of written) expect(entry.clientId).toBeNull()
  },
)

test('where the row cannot be written, a command prints nothing', async () => {
  const { resident } = await arrange()
  await portal.db.unsafe('alter table ledger_entry add constraint closed check (false) not valid')
  try {
    await expect(run('resident', 'show', resident)).rejects.toThrow('closed')
  } finally {
    await portal.db.unsafe('alter table ledger_entry drop constraint closed')
  }
})

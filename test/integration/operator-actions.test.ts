import { randomInt, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS, readCommand } from '../../src/cli/commands.ts'
import { insertRequest } from '../../src/developers/production-store.ts'
import { createTeam } from '../../src/developers/teams.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

const PERSON_FILE = new URL('../../docs/person.json', import.meta.url).pathname

let portal: TestPortal
let vendor: Awaited<ReturnType<typeof connectSandbox>>
let dir: string
beforeAll(async () => {
  // Without a worker, which would take the recorded actions.
  portal = await startPortal()
  vendor = await connectSandbox(portal, { webhooks: false })
  dir = await mkdtemp(join(tmpdir(), 'operator-'))
})
afterAll(async () => {
  await vendor.sandbox.close()
  await portal.close()
  await rm(dir, { recursive: true })
})

const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T

const resident = async () => (await addResident(portal.parts)).id
const client = async () => (await addClient(portal.parts)).client_id
const verification = async () => (await addVerification(portal.parts, await resident())).id

async function clientWithStream(...words: string[]): Promise<string> {
  const id = await client()
  await run('client', 'events', id, ...(words.length > 0 ? words : ['--delivery', 'poll']))
  return id
}

async function insert(rows: Promise<readonly Record<string, unknown>[]>): Promise<string> {
  const [row] = await rows
  return String(row?.id)
}

const team = async () => {
  const ownerId = await resident()
  return portal.db.begin((sql) => createTeam(sql, { name: 'Harbour', ownerId }))
}

/** A request of a team that waits for the operator. */
const application = async () =>
  String(
    await insertRequest(portal.db, portal.parts.sealer, {
      ...{ applicationId: randomUUID(), teamId: await team(), clientId: undefined },
      requestedBy: await resident(),
      ask: {
        ...{
          name: `Harbour ${randomInt(2 ** 40)}`,
          operator: 'Harbour Ltd',
          purpose: 'To open a policy.',
        },
        ...{ clientUri: '', policyUri: 'https://harbour.test/privacy', tosUri: '' },
        ...{ redirectUris: ['https://harbour.test/callback'], postLogoutRedirectUris: [] },
        reasons: { openid: '' },
      },
      ...{ settings: {}, contact: 'it@harbour.test' },
      logo: { contentType: 'image/png', bytes: new Uint8Array(1) },
    }),
  )

const delivery = async () =>
  insert(portal.db`
    insert into delivery (vendor, integration, verification_id, body, body_sha256)
    values ('veriff', 'default', ${await verification()}, '{}', sha256(${randomUUID()}::bytea))
    returning id`)

const event = async (kind = 'verification.approved') => {
  const accountId = await resident()
  const { id } = await addVerification(portal.parts, accountId)
  return insert(portal.db`
    insert into event (client_id, kind, account_id, verification_id)
    values (${await client()}, ${kind}, ${accountId}, ${id}) returning id`)
}

const alert = async () => {
  const id = await verification()
  return insert(portal.db`
    insert into alert (type, occasion, verification_id) values ('person_mismatch', ${id}, ${id})
    returning id`)
}

const report = async () =>
  insert(portal.db`
    insert into security_case (kind, account_id, session_uid)
    values ('sign-in', ${await resident()}, ${randomUUID()}) returning id`)

const reportedEntry = async () =>
  insert(portal.db`
    insert into security_case (kind, account_id, entry_id)
    values ('entry', ${await resident()}, ${randomInt(2 ** 40)}) returning id`)

async function erased(): Promise<string> {
  const id = await resident()
  await run('resident', 'show', id)
  await run('resident', 'erase', id)
  return id
}

const failedJob = () =>
  insert(portal.db`
    insert into pgboss.job (name, data, state, completed_on)
    values ('fetch-logo', '{}', 'failed', now()) returning id`)

async function sequencedEntry(): Promise<string> {
  const id = await erased()
  await run('resident', 'erasure', id)
  const entries = await run<{ id: string; index: string | null }[]>(
    ...['ledger', 'list', '--resident', id],
  )
  return entries.find(({ index }) => index !== null)?.id ?? ''
}

/** Of the portal itself, as if it were a restored copy. */
async function proof(): Promise<string[]> {
  const file = join(dir, 'proof.json')
  const ofItself = (await run('backup', 'verify')) as object
  await writeFile(file, JSON.stringify({ ...ofItself, database: 'of the copy' }))
  return ['--proof', file]
}

type Words = () => Promise<string[]> | string[]
const onThe =
  (make: () => Promise<string>, ...more: string[]): Words =>
  async () => [await make(), ...more]
const none: Words = () => []
const NEW_CLIENT = ['--name', 'Bank', '--redirect-uri', 'https://bank.test/cb', '--scope', 'openid']

/** How to call the commands that change something, or write out what is held. */
const CHANGES: Record<string, Words> = {
  migrate: none,
  'client create': () => [...NEW_CLIENT, '--confirm-similar-name'],
  'client update': onThe(client, '--purpose', 'To open your account.'),
  'client disable': onThe(client),
  'client enable': onThe(client),
  'client rotate-secret': onThe(client),
  'client trust': async () => {
    const { client_id } = await addClient(portal.parts, { name: `Bank ${randomUUID()}` })
    return [client_id]
  },
  'client distrust': async () => {
    const { client_id } = await addClient(portal.parts, { name: `Bank ${randomUUID()}` })
    await run('client', 'trust', client_id)
    return [client_id]
  },
  'client delete': onThe(client),
  'client events': onThe(client, '--delivery', 'poll'),
  'client rotate-events-secret': onThe(() =>
    clientWithStream('--delivery', 'webhook', '--url', 'https://bank.example/hooks'),
  ),
  'client rotate-events-token': onThe(clientWithStream),
  'application approve': onThe(application),
  'application decline': onThe(application, '--reason', 'The purpose is unclear.'),
  'developer suspend': onThe(team),
  'developer resume': onThe(team),
  'event replay': onThe(event),
  'event answer': onThe(() => event('verification.erased'), '--outcome', 'erased'),
  'event test': onThe(clientWithStream),
  'registration-token create': none,
  'backup record': proof,
  'key rotate': none,
  'key reseal': none,
  'key retire': async () => {
    const keys = await run<{ kid: string; status: string }[]>('key', 'list')
    return [keys.find(({ status }) => status === 'next')?.kid ?? '']
  },
  'resident create': () => [
    ...['--email', `${randomUUID()}@example.test`, '--given-name', 'Ana', '--surname', 'Mejia'],
  ],
  'resident invite': async () => {
    await run('policy', 'set', 'sign-up', 'invitation')
    return ['--email', `${randomUUID()}@example.test`]
  },
  'resident find': async () => {
    const id = await resident()
    return ['--client', await client(), '--sub', id]
  },
  'resident set': onThe(resident, '--file', PERSON_FILE),
  'resident suspend': onThe(resident),
  'resident resume': onThe(resident),
  'resident reset-mfa': onThe(resident),
  'resident export': async () => [await resident(), '--out', join(dir, 'archive.zip')],
  'resident erase': onThe(resident),
  'verification start': async () => ['--vendor', 'veriff', '--resident', await resident()],
  'verification photos': async () => [await verification(), '--out', join(dir, 'photos')],
  'verification review': onThe(verification, '--accept', '--reason', 'A new name by marriage.'),
  'verification retry': onThe(verification),
  'verification erase': onThe(verification),
  'alert resolve': onThe(alert, '--reason', 'Seen.'),
  'delivery replay': onThe(delivery),
  'job retry': onThe(failedJob),
  'case answer': onThe(reportedEntry, '--text', 'We looked into it.'),
  'case close': onThe(report),
  'retention run': () => ['--dry-run'],
  'operator add': onThe(resident, '--role', 'reviewer'),
  'operator remove': async () => {
    const id = await resident()
    await run('operator', 'add', id, '--role', 'reviewer')
    return [id]
  },
  'operator setup': async () => {
    await portal.db`delete from operator`
    return []
  },
  'policy set': () => ['mfa', 'when-enrolled'],
  'vendor set': () => ['veriff', '--base-url', vendor.sandbox.url],
  'vendor add-next': () => ['veriff', '--api-key', randomUUID()],
  'vendor use-next': async () => {
    await run('vendor', 'add-next', 'veriff', '--api-key', vendor.apiKey)
    return ['veriff']
  },
  'vendor order': () => ['veriff'],
  'vendor drop-next': () => ['veriff'],
  'vendor drop-previous': () => ['veriff'],
  'tenant set': () => ['default', '--display-name', 'The operator'],
  'issuer change': () => ['https://moved.test'],
}

/** How to call the commands that only read. */
const READINGS: Record<string, Words> = {
  doctor: none,
  'backup verify': none,
  'client list': none,
  'client show': onThe(client),
  'application list': none,
  'application show': onThe(application),
  'application logo': async () => [await application(), '--out', join(dir, 'logo.png')],
  'developer list': none,
  'developer show': onThe(team),
  'event list': none,
  'event show': onThe(event),
  'resident list': none,
  'resident show': onThe(resident),
  'resident erasure': onThe(erased),
  'verification list': none,
  'verification show': onThe(verification),
  'alert list': none,
  'delivery list': none,
  'delivery show': onThe(delivery),
  'job list': none,
  'vendor list': none,
  'vendor health': none,
  'tenant list': none,
  'tenant show': () => ['default'],
  'case list': none,
  'case show': onThe(report),
  'ledger list': async () => ['--resident', await resident()],
  'ledger verify': none,
  'ledger prove': onThe(sequencedEntry),
  'operator list': none,
  'policy list': none,
  'key list': none,
  'issuer show': none,
  'key status': none,
}

test('every command that runs over opened parts is here, once', () => {
  const names = Object.keys(COMMANDS).filter((name) => COMMANDS[name]?.run)
  const listed = [...Object.keys(CHANGES), ...Object.keys(READINGS)]
  expect
    .soft(
      names.filter((name) => !listed.includes(name)),
      'say how to call these commands: in READINGS if they declare isReadOnly, otherwise in CHANGES',
    )
    .toEqual([])
  expect
    .soft(
      listed.filter((name) => !names.includes(name)),
      'there are no such commands: remove them from CHANGES and READINGS',
    )
    .toEqual([])
  expect
    .soft(
      Object.keys(CHANGES).filter((name) => name in READINGS),
      'these commands either change something or only read: remove them from one of the lists',
    )
    .toEqual([])
})

/** The actions that the command has recorded. */
async function recordActions(name: string, words: Words): Promise<string[]> {
  const given = await words()
  await portal.db`delete from operator_action`
  await run(...name.split(' '), ...given)
  const rows = await portal.db<{ action: string }[]>`select action from operator_action`
  return rows.map(({ action }) => action)
}

describe('the operator’s actions', () => {
  test.each(Object.entries(CHANGES))('%s is recorded, once', async (name, words) => {
    expect(
      await recordActions(name, words),
      `\`${name}\` changes something, so it must not declare isReadOnly. If it only reads, list it in READINGS`,
    ).toEqual([name])
  })

  test.each(Object.entries(READINGS))('%s is not recorded', async (name, words) => {
    expect(
      await recordActions(name, words),
      `\`${name}\` only reads, so it must declare isReadOnly: true. If it changes something, list it in CHANGES`,
    ).toEqual([])
  })

  test('a command that fails is not recorded', async () => {
    await portal.db`delete from operator_action`
    await expect(run('client', 'disable', 'nothing')).rejects.toThrow('no such client')
    expect(await portal.db`select from operator_action`).toHaveLength(0)
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setClientEnabled } from '../../src/clients/clients.ts'
import { createSecretUses } from '../../src/clients/secret-uses.ts'
import type { Page } from '../../src/local/sandbox/user-agent.ts'
import { createTeam, type TeamOwner } from '../support/console.ts'
import { PASSWORD, startPortal, startSandbox } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let portal: Awaited<ReturnType<typeof startPortal>>
let owner: TeamOwner
beforeAll(async () => {
  sandbox = await startSandbox()
  portal = await startPortal({ developerSandbox: sandbox })
  owner = await createTeam(portal)
})
afterAll(async () => {
  await portal.close()
  await sandbox.close()
})

const FIELDS = {
  name: 'Bluewater Bank',
  'redirect-uris': 'http://localhost:4000/callback',
  scopes: ['openid', 'email'],
  purpose: 'To open your account.',
}

async function createApplication(
  { developer, team }: TeamOwner,
  fields: Record<string, string | string[]> = {},
  kind = 'web',
) {
  const form = await developer.open(`${team}/sandbox/new?kind=${kind}`)
  const answer = await developer.submit(form, 'create', { ...FIELDS, ...fields })
  const list = await developer.open(team)
  // The newest is last.
  const path = list.text.match(/\/sandbox\/[0-9a-f-]{36}/g)?.at(-1) ?? ''
  return { answer, url: `${team}${path}`, clientId: path.split('/').at(-1) ?? '' }
}

const secretIn = (page: Page): string =>
  /<dt>Client secret<\/dt><dd><pre>([\w-]{43})</.exec(page.text)?.[1] ?? ''

/** Whether the sandbox accepts these credentials: it answers about a token that it does not know. */
async function isAccepted(clientId: string, secret: string): Promise<boolean> {
  const answer = await fetch(`${sandbox.issuer}/api/oauth/introspect`, {
    method: 'POST',
    body: new URLSearchParams({ token: 'none' }),
    headers: { Authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
  })
  return answer.status === 200
}

/** As after ten minutes and more: changes that matter need the password again. */
const ageSessions = () => portal.db`
  update oidc_artifact set payload = jsonb_set(payload, '{loginTs}', '1700000000')
  where kind = 'Session' and payload ? 'loginTs'`

describe('an application of the sandbox', () => {
  test('is created with a secret that works, and is nobody else’s', async () => {
    const { answer, url, clientId } = await createApplication(owner)
    expect(await isAccepted(clientId, secretIn(answer))).toBe(true)
    expect(answer.text).toContain(`export ISSUER=${sandbox.issuer}\nexport CLIENT_ID=${clientId}\n`)
    const overview = await owner.developer.open(url)
    expect(overview.text).toContain(`export CLIENT_ID=${clientId}`)
    expect(overview.text).toContain('href="/guides/start"')
    expect(overview.text).not.toContain(secretIn(answer))
    const other = await createTeam(portal, 'Others')
    const foreign = url.replace(owner.team, other.team)
    for (const tab of ['', '/settings', '/keys'])
      expect((await other.developer.open(`${foreign}${tab}`)).status).toBe(404)
    expect((await other.developer.open(`${url}/settings`)).status).toBe(404)
    expect((await owner.developer.open(url.replace('/sandbox/', '/production/'))).status).toBe(404)
    expect(portal.logged()).toContain('application created')
    expect(portal.logged()).not.toContain(secretIn(answer))
  })

  test('is created once, however often its form is sent', async () => {
    const owner = await createTeam(portal)
    const form = await owner.developer.open(`${owner.team}/sandbox/new`)
    const pages = await Promise.all([
      owner.developer.submit(form, 'create', FIELDS),
      owner.developer.submit(form, 'create', FIELDS),
    ])
    expect(pages.map(secretIn).filter((secret) => secret !== '')).toHaveLength(1)
    const list = await owner.developer.open(owner.team)
    expect(list.text.match(/>Bluewater Bank</g)).toHaveLength(1)
  })

  test('says every fault beside its field, and keeps what was typed', async () => {
    const { answer } = await createApplication(owner, {
      name: '<b>Bank</b>',
      'redirect-uris': 'https://bank.example/cb\nhttp://bank.example/plain\nnonsense',
      'policy-uri': 'ftp://bank.example',
      scopes: ['openid', 'webhook.incode'],
      alternatives: ['eprospera:person.details.read=profile'],
    })
    expect(answer.status).toBe(400)
    const faults = [...answer.text.matchAll(/<p class="fault">(.*?)<\/p>/g)].map(([, text]) => text)
    expect(faults).toEqual([
      expect.stringMatching(/^http:\/\/bank.example\/plain — A redirect URI must be https:/),
      expect.stringMatching(/^nonsense — A redirect URI/),
      expect.stringMatching(/^It must be an https: address/),
    ])
    expect(answer.text).toContain('value="&lt;b&gt;Bank&lt;/b&gt;"')
    expect(answer.text).toContain('http://bank.example/plain\nnonsense</textarea>')
    expect(answer.text).toContain('value="ftp://bank.example"')
  })

  test.each(['spa', 'native', 'service'])('of the kind %s', async (kind) => {
    const fields: Record<string, string[]> = kind === 'service' ? { scopes: ['idv.read'] } : {}
    const { answer, clientId } = await createApplication(owner, fields, kind)
    expect(answer.status).toBe(200)
    expect(secretIn(answer) !== '').toBe(kind === 'service')
    const [client] = await sandbox.db`select metadata, tenant from client where id = ${clientId}`
    expect(client).toMatchObject({
      metadata: { application_type: kind === 'native' ? 'native' : 'web' },
      tenant: kind === 'service' ? expect.stringMatching(/^team-/) : 'default',
    })
  })

  test('changes in all its settings, and back', async () => {
    const { url, clientId } = await createApplication(owner)
    const whole = 'eprospera:person.details.read'
    const saved = await owner.developer.submit(
      await owner.developer.open(`${url}/settings`),
      'save',
      {
        ...FIELDS,
        name: 'Harbour Bank',
        scopes: ['openid', 'profile', whole],
        alternatives: `${whole}=profile`,
        'policy-uri': 'https://bank.example/privacy',
        'backchannel-uri': 'https://bank.example/logout',
        'post-logout-uris': 'https://bank.example/bye',
        'userinfo-alg': 'ES256',
        'subject-type': 'public',
        par: 'yes',
      },
    )
    expect(saved.text).toContain('<h1>Harbour Bank</h1>')
    const stored = async () =>
      (await sandbox.db`select metadata from client where id = ${clientId}`)[0]?.metadata
    expect(await stored()).toMatchObject({
      scope: `openid profile ${whole}`,
      scope_alternatives: { [whole]: 'profile' },
      policy_uri: 'https://bank.example/privacy',
      backchannel_logout_uri: 'https://bank.example/logout',
      post_logout_redirect_uris: ['https://bank.example/bye'],
      userinfo_signed_response_alg: 'ES256',
      require_pushed_authorization_requests: true,
    })
    const fields = { ...FIELDS, par: [], alternatives: [] }
    const back = await owner.developer.submit(saved, 'save', fields)
    expect(back.status).toBe(200)
    const now = await stored()
    expect(Object.keys(now)).not.toContain('backchannel_logout_uri')
    expect(Object.keys(now)).not.toContain('policy_uri')
    expect(now).toMatchObject({
      scope: 'openid email',
      scope_alternatives: {},
      require_pushed_authorization_requests: false,
    })
  })

  test('changed by two people at once has one success and one conflict', async () => {
    const { url } = await createApplication(owner)
    const page = await owner.developer.open(`${url}/settings`)
    const answers = await Promise.all(
      ['One', 'Other'].map((name) => owner.developer.submit(page, 'save', { ...FIELDS, name })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const conflict = answers.find(({ status }) => status === 409) as Page
    expect(conflict.text).toContain('Somebody else has changed this')
    // What was typed is kept, and based on what is stored now.
    const again = await owner.developer.submit(conflict, 'save', { ...FIELDS, name: 'Other' })
    expect(again.text).toContain('<h1>Other</h1>')
  })

  test('is disabled, enabled, and deleted by its name', async () => {
    const { answer, url, clientId } = await createApplication(owner)
    const secret = secretIn(answer)
    const open = () => owner.developer.open(`${url}/settings`)
    await owner.developer.submit(await open(), 'enable')
    expect(await isAccepted(clientId, secret)).toBe(false)
    await owner.developer.submit(await open(), 'enable')
    expect(await isAccepted(clientId, secret)).toBe(true)
    await setClientEnabled(sandbox.db, clientId, false)
    const stopped = await owner.developer.submit(await open(), 'enable')
    expect(stopped.status).toBe(409)
    expect(stopped.text).toContain('The operator of this portal has disabled it')
    expect(await isAccepted(clientId, secret)).toBe(false)
    await setClientEnabled(sandbox.db, clientId, true)
    expect(await isAccepted(clientId, secret)).toBe(true)
    const wrong = await owner.developer.submit(await open(), 'delete', { confirmation: 'Bank' })
    expect(wrong.status).toBe(400)
    await ageSessions()
    const name = { confirmation: FIELDS.name }
    const asked = await owner.developer.submit(await open(), 'delete', name)
    expect(asked.text).toContain('name="confirm"')
    const done = await owner.developer.submit(asked, 'confirm', { password: PASSWORD })
    expect(done.url).toBe(owner.team)
    expect((await owner.developer.open(url)).status).toBe(404)
  })

  test('of a team that has 25 is refused', async () => {
    const owner = await createTeam(portal)
    await sandbox.db`
      insert into client (id, name, tenant, team_id, metadata)
      select gen_random_uuid()::text, 'One', 'default', ${owner.teamId}, '{}' from generate_series(1, 25)`
    const { answer } = await createApplication(owner)
    expect(answer.text).toContain('A team has at most 25 applications')
  })
})

describe('the credentials of an application', () => {
  test('are two secrets for a while; each says when it was used, and the older is withdrawn', async () => {
    const { answer, url, clientId } = await createApplication(owner)
    const first = secretIn(answer)
    const keys = await owner.developer.open(`${url}/keys`)
    expect(keys.text).toContain('not used yet')
    await ageSessions()
    const asked = await owner.developer.submit(keys, 'new-secret', { keep: '24' })
    expect(asked.text).toContain('name="confirm"')
    const made = await owner.developer.submit(asked, 'confirm', { password: PASSWORD })
    const second = secretIn(made)
    expect(await isAccepted(clientId, first)).toBe(true)
    expect(await isAccepted(clientId, second)).toBe(true)
    // Sent again, the form changes nothing.
    const again = await owner.developer.submit(keys, 'new-secret', { keep: '0' })
    expect(again.status).toBe(409)
    const both = await owner.developer.open(`${url}/keys`)
    expect(both.text).toContain('The one before, valid until')
    await owner.developer.submit(both, 'withdraw')
    expect(await isAccepted(clientId, first)).toBe(false)
    expect(await isAccepted(clientId, second)).toBe(true)
  })

  test('are keys: a private one is refused and shown nowhere', async () => {
    const { answer, url, clientId } = await createApplication(owner)
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ])
    const key = {
      ...(await crypto.subtle.exportKey('jwk', pair.publicKey)),
      kid: 'one',
      key_ops: [],
    }
    const { d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
    const page = await owner.developer.open(`${url}/keys`)
    const refused = await owner.developer.submit(page, 'set-keys', {
      jwks: JSON.stringify({ keys: [{ ...key, d }] }),
    })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('This has a private key in it.')
    expect(refused.text).not.toContain(String(d))
    expect(portal.logged()).not.toContain(String(d))
    const twice = await owner.developer.submit(page, 'set-keys', {
      jwks: JSON.stringify({ keys: [key, key] }),
    })
    expect(twice.text).toContain('Two keys have the same')
    const unreachable = await owner.developer.submit(page, 'set-keys', {
      jwks: '',
      'jwks-uri': 'https://127.0.0.1:1/jwks.json',
    })
    expect(unreachable.text).toContain('The address did not answer')
    const set = await owner.developer.submit(page, 'set-keys', { jwks: JSON.stringify(key) })
    expect(set.text).toMatch(/<code>one<\/code>[\s\S]*ES256/)
    expect(await isAccepted(clientId, secretIn(answer))).toBe(false)
    const back = await owner.developer.submit(set, 'new-secret')
    expect(await isAccepted(clientId, secretIn(back))).toBe(true)
  })

  test('of an application in production are an owner’s to change', async () => {
    const { developer, teamId } = owner
    await portal.db`
      insert into client (id, name, tenant, team_id, metadata, secret_hash)
      values (${`live-${teamId}`}, 'Live', 'default', ${teamId}, ${portal.db.json({
        client_name: 'Live',
        redirect_uris: ['https://bank.example/cb'],
        scope: 'openid',
        application_type: 'web',
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        pkce: 'required',
      })}, 'x')`
    const url = `${owner.team}/production/live-${teamId}`
    const settings = await developer.open(`${url}/settings`)
    expect(settings.text).toContain('has reviewed this')
    expect(settings.text).not.toContain('name="save"')
    const keys = await developer.open(`${url}/keys`)
    await portal.db`update developer_member set role = 'developer' where team_id = ${teamId}`
    expect((await developer.submit(keys, 'new-secret', { keep: '1' })).status).toBe(404)
    await portal.db`update developer_member set role = 'owner' where team_id = ${teamId}`
    const made = await developer.submit(keys, 'new-secret', { keep: '1' })
    expect(secretIn(made)).not.toBe('')
  })
})

test('the use of a secret is written to the minute, once a minute, wherever the secret is now', async () => {
  const { url, clientId } = await createApplication(owner)
  const hashOf = async () => {
    const [row] = await sandbox.db`select secret_hash from client where id = ${clientId}`
    return row?.secretHash as Buffer
  }
  const page = await owner.developer.open(`${url}/keys`)
  const first = await hashOf()
  let at = Date.parse('2026-11-22T10:00:30Z')
  const uses = createSecretUses(sandbox.db, sandbox.parts.log, { now: () => at })
  uses.note(clientId, first)
  await owner.developer.submit(page, 'new-secret', { keep: '1' })
  const second = await hashOf()
  at += 60_000
  uses.note(clientId, second)
  uses.note(clientId, second)
  await uses.close()
  const [row] = await sandbox.db`
    select secret_used_at, previous_secret_used_at from client where id = ${clientId}`
  expect(row).toEqual({
    secretUsedAt: new Date('2026-11-22T10:01:00Z'),
    previousSecretUsedAt: new Date('2026-11-22T10:00:00Z'),
  })
  const shown = await owner.developer.open(`${url}/keys`)
  expect(shown.text.match(/last used/g)).toHaveLength(2)
  const accepted = await eventually(async () => {
    const [client] = await sandbox.db`
      select min(secret_used_at) as at from client where secret_used_at > now() - interval '10 minutes'`
    return client?.at ?? undefined
  })
  expect(accepted).toBeInstanceOf(Date)
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addMember, type TeamRole } from '../../src/developers/teams.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { ensurePersonas } from '../../src/personas/personas.ts'
import { insertPersona } from '../../src/personas/state.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { addDeveloper, createTeam, type Developer, type TeamOwner } from '../support/console.ts'
import { receiveMail } from '../support/mailbox.ts'
import { addResident, PASSWORD, startPortal, startSandbox } from '../support/portal.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let portal: Awaited<ReturnType<typeof startPortal>>
beforeAll(async () => {
  sandbox = await startSandbox()
  portal = await startPortal({ worker: true, developerSandbox: sandbox })
})
afterAll(async () => {
  await portal.close()
  await sandbox.close()
})

/** Sends an invitation, and returns the link of its mail. */
async function invite({ developer, team }: TeamOwner, email: string, role = 'developer') {
  const page = await developer.open(`${team}/members`)
  const answer = await developer.submit(page, 'invite', { email, role })
  expect(answer.status).toBe(200)
  const { link, text } = await receiveMail(portal, email, 'You are invited to a team of developers')
  return { link, text }
}

const join = (owner: TeamOwner, { accountId }: Developer, role: TeamRole = 'developer') =>
  addMember(portal.db, { teamId: owner.teamId, accountId, role })

const actionOf = (owner: TeamOwner, member: Developer, what: string) =>
  `/developers/${owner.teamId}/members/${member.accountId}/${what}`

describe('a team', () => {
  test('is created by a resident, and nobody else sees it', async () => {
    const { team } = await createTeam(portal)
    const stranger = await addDeveloper(portal)
    for (const tab of ['', '/members', '/settings', '/sandbox/new'])
      expect((await stranger.open(`${team}${tab}`)).status).toBe(404)
  })

  test('is renamed once by two people at once, and deleted with its applications', async () => {
    const owner = await createTeam(portal)
    const { developer, team, teamId } = owner
    const page = await developer.open(`${team}/settings`)
    const renamed = await Promise.all(
      ['One', 'Other'].map((name) => developer.submit(page, 'rename', { name })),
    )
    expect(renamed.map(({ status }) => status).sort()).toEqual([200, 409])
    const bad = await developer.submit(page, 'rename', { name: 'a\u202eb' })
    expect(bad.text).toContain('Enter one line of ordinary text.')
    const form = await developer.open(`${team}/sandbox/new`)
    const fields = { name: 'Bank', 'redirect-uris': 'http://localhost:1/cb', scopes: 'openid' }
    const { id: accountId } = await addResident(sandbox.parts)
    await insertPersona(sandbox.db, { accountId, teamId, kind: 'approved' })
    await developer.submit(form, 'create', fields)
    await portal.db`
      insert into client (id, name, tenant, team_id, metadata)
      values (${`live-${teamId}`}, 'Live', 'default', ${teamId}, '{}')`
    const settings = await developer.open(`${team}/settings`)
    const [, name = ''] = /<h1>(One|Other)</.exec(settings.text) ?? []
    const refused = await developer.submit(settings, 'delete', { confirmation: name })
    expect(refused.text).toContain('has an application in production')
    await portal.db`delete from client where team_id = ${teamId}`
    const wrong = await developer.submit(settings, 'delete', { confirmation: 'Harbour' })
    expect(wrong.status).toBe(400)
    const done = await developer.submit(settings, 'delete', { confirmation: name })
    expect(done.url).toBe(`${portal.issuer}/developers`)
    expect((await developer.open(team)).status).toBe(404)
    expect(await sandbox.db`select from client where team_id = ${teamId}`).toHaveLength(0)
    expect(await sandbox.db`select from persona where team_id = ${teamId}`).toHaveLength(0)
  })

  test('is created as often as the policy and the limit allow', async () => {
    const { developer, team } = await createTeam(portal)
    const page = await developer.open(`${portal.issuer}/developers`)
    const stranger = await addDeveloper(portal)
    await setPolicy(portal.db, 'developers', 'invitation')
    expect((await stranger.open(`${portal.issuer}/developers`)).text).toContain('by invitation')
    expect((await stranger.submit(stranger.teams, 'create-team', { name: 'No' })).status).toBe(404)
    expect((await developer.submit(page, 'create-team', { name: 'Two' })).status).toBe(200)
    await setPolicy(portal.db, 'developers', 'closed')
    expect((await developer.submit(page, 'create-team', { name: 'No' })).status).toBe(404)
    expect((await developer.open(team)).status).toBe(200)
    await setPolicy(portal.db, 'developers', 'open')
    await portal.db`
      with made as (insert into developer_team (id, name) select gen_random_uuid(), 'T' from generate_series(1, 7) returning id)
      insert into developer_member (team_id, account_id, role) select id, ${developer.accountId}, 'viewer' from made`
    const last = await Promise.all(
      ['Ten', 'Eleven'].map((name) => developer.submit(page, 'create-team', { name })),
    )
    expect(last.map(({ status }) => status).sort()).toEqual([200, 404])
  })

  test('that is suspended is looked at and left, and not changed', async () => {
    const owner = await createTeam(portal)
    const member = await addDeveloper(portal)
    await join(owner, member)
    const members = await owner.developer.open(`${owner.team}/members`)
    await portal.db`update developer_team set suspended_at = now() where id = ${owner.teamId}`
    const invited = await owner.developer.submit(members, 'invite', {
      email: 'a@b.test',
      role: 'viewer',
    })
    expect(invited.status).toBe(403)
    expect((await owner.developer.open(owner.team)).text).toContain('has suspended this team')
    const settings = await member.open(`${owner.team}/settings`)
    expect((await member.submit(settings, 'leave')).status).toBe(200)
    expect((await member.open(owner.team)).status).toBe(404)
  })
})

describe('an invitation', () => {
  test('says nothing that a developer wrote, and works once, for its address', async () => {
    const owner = await createTeam(portal, 'Cheap Watches')
    const member = await addDeveloper(portal)
    const { link, text } = await invite(owner, member.email)
    expect(text).not.toContain('Watches')
    const other = await addDeveloper(portal)
    const refused = await other.open(link)
    expect(refused.text).toContain('for another e-mail address')
    expect(refused.text).not.toContain(member.email)
    await portal.db`update account set email_verified = false where id = ${member.accountId}`
    const unconfirmed = await member.open(link)
    expect([unconfirmed.status, unconfirmed.text]).toEqual([
      403,
      expect.stringContaining('not confirmed yet'),
    ])
    expect(unconfirmed.text).toContain('href="/account"')
    await portal.db`update account set email_verified = true where id = ${member.accountId}`
    // Nor does a form help that it was never shown.
    const forged = refused.text.replace('action="/sign-out"', `action="${new URL(link).pathname}"`)
    const sent = await other.submit({ ...refused, text: forged }, 'sign-out')
    expect(sent.status).toBe(403)
    expect((await other.open(owner.team)).status).toBe(404)
    await portal.db`update account set email_verified = false where id = ${member.accountId}`
    expect((await member.open(link)).status).toBe(403)
    await portal.db`update account set email_verified = true where id = ${member.accountId}`
    const page = await member.open(link)
    const answers = await Promise.all([
      member.submit(page, 'accept'),
      member.submit(page, 'accept'),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410])
    expect((await member.open(link)).status).toBe(410)
    expect(portal.logged()).not.toContain(link.split('/').at(-1))
    expect((await member.open(owner.team)).text).toContain('<h1>Cheap Watches</h1>')
  })

  test('leads somebody without an account through sign-up, and back', async () => {
    await setPolicy(portal.db, 'sign-up', 'open')
    const owner = await createTeam(portal)
    const email = 'newcomer@example.test'
    const { link } = await invite(owner, email)
    const browser = createUserAgent()
    const invitation = await browser.open(link)
    expect(invitation.text).toContain('href="/sign-up"')
    await browser.submitFirst(await browser.open(`${portal.issuer}/sign-up`), { email })
    const mail = await receiveMail(portal, email, 'Create your account')
    const form = await browser.open(mail.link)
    const back = await browser.submit(form, 'create', {
      'given-name': 'Nora',
      'family-name': 'Newcomer',
      password: PASSWORD,
    })
    expect(back.url).toBe(link)
    const team = await browser.submit(back, 'accept')
    expect(team.url).toBe(owner.team)
    await setPolicy(portal.db, 'sign-up', 'closed')
  })

  test('leads through sign-in and back', async () => {
    const owner = await createTeam(portal)
    const member = await addDeveloper(portal)
    const { link } = await invite(owner, member.email)
    const browser = createUserAgent()
    const invitation = await browser.open(link)
    const [, path = ''] = /href="(\/sign-in[^"]*)"/.exec(invitation.text) ?? []
    const signIn = await browser.open(`${portal.issuer}${path}`)
    const back = await browser.submit(signIn, 'login', { email: member.email, password: PASSWORD })
    expect(back.url).toBe(link)
  })

  test('is answered alike whether or not its address has an account', async () => {
    const owner = await createTeam(portal)
    const { email } = await addDeveloper(portal)
    const page = await owner.developer.open(`${owner.team}/members`)
    const shown = async (address: string) => {
      const { text } = await owner.developer.submit(page, 'invite', {
        email: address,
        role: 'viewer',
      })
      return text.replaceAll(address, '').replaceAll(/[0-9a-f-]{36}|datetime="[^"]+"/g, '')
    }
    const known = await shown(email)
    await owner.developer.submit(await owner.developer.open(`${owner.team}/members`), 'withdraw')
    expect(await shown('stranger@example.test')).toBe(known)
  })

  test('is withdrawn, and with the owner who sent it', async () => {
    const owner = await createTeam(portal)
    const second = await addDeveloper(portal)
    await join(owner, second, 'owner')
    const guest = await addDeveloper(portal)
    const { link } = await invite({ ...owner, developer: second }, guest.email)
    const members = await owner.developer.open(`${owner.team}/members`)
    await owner.developer.submit(
      members,
      'set-role',
      { role: 'viewer' },
      { action: actionOf(owner, second, 'role') },
    )
    expect((await guest.open(link)).status).toBe(410)
    const again = await invite(owner, guest.email)
    const list = await owner.developer.open(`${owner.team}/members`)
    await owner.developer.submit(list, 'withdraw')
    expect((await guest.open(again.link)).status).toBe(410)
    expect((await owner.developer.submit(list, 'withdraw')).status).toBe(409)
  })

  test('is an owner’s to send, and sealed', async () => {
    const owner = await createTeam(portal)
    const member = await addDeveloper(portal)
    await join(owner, member, 'developer')
    const page = await member.open(`${owner.team}/members`)
    expect(page.text).not.toContain('name="invite"')
    const own = await owner.developer.open(`${owner.team}/members`)
    const [, csrf = ''] =
      /name="csrf" value="([^"]+)"/.exec((await member.open(`${owner.team}/settings`)).text) ?? []
    const forged = own.text.replaceAll(/name="csrf" value="[^"]+"/g, `name="csrf" value="${csrf}"`)
    const sent = await member.submit({ ...own, text: forged }, 'invite', {
      email: 'x@example.test',
      role: 'owner',
    })
    expect(sent.status).toBe(404)
    const rows = await portal.db`select email_sealed from developer_invitation`
    expect(rows.every(({ emailSealed }) => emailSealed.startsWith('v1.'))).toBe(true)
    expect(portal.logged()).not.toContain(member.email)
  })
})

test('nobody sends more than 20 invitations at once, and no address gets more than five', async () => {
  const owner = await createTeam(portal)
  const page = await owner.developer.open(`${owner.team}/members`)
  const send = (email: string) =>
    owner.developer.submit(page, 'invite', { email, role: 'viewer' }).then(({ status }) => status)
  const same: number[] = []
  for (let sent = 0; sent < 6; sent++) same.push(await send('flooded@example.test'))
  expect(same).toEqual([200, 200, 200, 200, 200, 429])
  await portal.db`
    update sign_in_throttle set failures = 19 where key = ${`invitation account ${owner.developer.accountId}`}`
  expect(await send('one@example.test')).toBe(200)
  expect(await send('more@example.test')).toBe(429)
})

describe('a member', () => {
  test('who is removed is refused at the next request, and may be invited again', async () => {
    const owner = await createTeam(portal)
    const member = await addDeveloper(portal)
    await join(owner, member)
    const form = await member.open(`${owner.team}/sandbox/new`)
    const page = await owner.developer.open(`${owner.team}/members`)
    await owner.developer.submit(page, 'remove', {}, { action: actionOf(owner, member, 'remove') })
    const fields = { name: 'Bank', 'redirect-uris': 'http://localhost:1/cb', scopes: 'openid' }
    expect((await member.submit(form, 'create', fields)).status).toBe(404)
    expect((await member.open(owner.team)).status).toBe(404)
    const { link } = await invite(owner, member.email)
    const joined = await member.submit(await member.open(link), 'accept')
    expect(joined.url).toBe(owner.team)
  })

  test('of two owners who remove each other at once, one stays', async () => {
    const owner = await createTeam(portal)
    const second = await addDeveloper(portal)
    await join(owner, second, 'owner')
    const [one, other] = await Promise.all([
      owner.developer.open(`${owner.team}/members`),
      second.open(`${owner.team}/members`),
    ])
    const answers = await Promise.all([
      owner.developer.submit(one, 'remove', {}, { action: actionOf(owner, second, 'remove') }),
      second.submit(other, 'remove', {}, { action: actionOf(owner, owner.developer, 'remove') }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404])
    const owners =
      await portal.db`select role from developer_member where team_id = ${owner.teamId}`
    expect(owners).toEqual([{ role: 'owner' }])
  })

  test('who is the last owner can neither leave nor have another role', async () => {
    const owner = await createTeam(portal)
    const { developer } = owner
    const settings = await developer.open(`${owner.team}/settings`)
    expect((await developer.submit(settings, 'leave')).text).toContain('always has an owner')
    const members = await developer.open(`${owner.team}/members`)
    const answer = await developer.submit(members, 'set-role', { role: 'viewer' })
    expect(answer.status).toBe(409)
  })

  test('with a role that somebody else has just changed is a conflict', async () => {
    const owner = await createTeam(portal)
    const member = await addDeveloper(portal)
    await join(owner, member)
    const page = await owner.developer.open(`${owner.team}/members`)
    const action = actionOf(owner, member, 'role')
    const answers = await Promise.all(
      ['owner', 'viewer'].map((role) =>
        owner.developer.submit(page, 'set-role', { role }, { action }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  })
})

test('the personas of a team are created once, whoever asks at the same time', async () => {
  const team = crypto.randomUUID()
  const [one, other] = await Promise.all([
    ensurePersonas(sandbox.parts, team),
    ensurePersonas(sandbox.parts, team),
  ])
  expect(one).toEqual(other)
  expect(one).toHaveLength(15)
})

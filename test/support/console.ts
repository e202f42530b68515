import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { addResident, PASSWORD, type TestPortal } from './portal.ts'

export type Developer = Awaited<ReturnType<typeof addDeveloper>>
export type TeamOwner = Awaited<ReturnType<typeof createTeam>>

/** A resident who is signed in, on the page of their teams. */
export async function addDeveloper({ parts, issuer }: Pick<TestPortal, 'parts' | 'issuer'>) {
  const { email, id } = await addResident(parts)
  const browser = createUserAgent()
  const page = await browser.open(`${issuer}/sign-in?return=/developers`)
  const teams = await browser.submit(page, 'login', { email, password: PASSWORD })
  return { ...browser, email, accountId: id, teams }
}

/** A developer with a team, whose page is at `team`. */
export async function createTeam(
  portal: Pick<TestPortal, 'parts' | 'issuer'>,
  name = 'Harbour Insurance',
) {
  const developer = await addDeveloper(portal)
  const { url } = await developer.submit(developer.teams, 'create-team', { name })
  return { developer, team: url, teamId: url.split('/').at(-1) ?? '' }
}

import type { Provider } from 'oidc-provider'
import { isSignUpOffered } from '../accounts/sign-up.ts'
import type { Sql } from '../platform/db.ts'

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** The value of `prompt` that starts sign-up (Initiating User Registration via OpenID Connect 1.0). */
export const CREATE = 'create'

const promptsOf = (params: { prompt?: unknown } | undefined): string[] =>
  String(params?.prompt ?? '').split(' ')

export const asksToCreate = (params: { prompt?: unknown } | undefined): boolean =>
  promptsOf(params).includes(CREATE)

/** The supported values of `prompt`, for discovery. */
export async function listPrompts(sql: Sql): Promise<string[]> {
  return ['none', 'login', 'consent', ...((await isSignUpOffered(sql)) ? [CREATE] : [])]
}

/** An application's request that waits for an account, and has not expired. */
export type ApplicationRequest = {
  interactionUid: string
  clientId: string
  clientName: string
  redirectUri: string
  loginHint: string | undefined
  uiLocales: unknown
}

export async function findApplicationRequest(
  provider: Provider,
  uid: unknown,
): Promise<ApplicationRequest | undefined> {
  if (typeof uid !== 'string' || !/^[\w-]{1,64}$/.test(uid)) return undefined
  const interaction = await provider.Interaction.find(uid)
  const { client_id: clientId, redirect_uri, login_hint, ui_locales } = interaction?.params ?? {}
  const client = interaction && (await provider.Client.find(String(clientId)))
  return (
    client && {
      interactionUid: uid,
      clientId: client.clientId,
      clientName: client.clientName ?? client.clientId,
      redirectUri: String(redirect_uri ?? ''),
      loginHint: typeof login_hint === 'string' ? login_hint : undefined,
      uiLocales: ui_locales,
    }
  )
}

/**
 * Stores that `prompt=create` of this request is answered. The library knows only prompts that one result resolves, and would ask
 * again after the consent.
 */
export async function answerCreate(details: Details): Promise<void> {
  if (!asksToCreate(details.params)) return
  removeCreate(details)
  await details.persist()
}

/**
 * Prepares a request for an account that does not exist yet: it may continue in another session than the one in which it began. The
 * browser that began it is still required.
 */
export async function waitForAccount(details: Details): Promise<void> {
  details.session = undefined
  removeCreate(details)
  await details.persist()
}

/** Prepares a request to continue with another account than that of the session in which it began. */
export async function forgetSession(details: Details): Promise<void> {
  details.session = undefined
  await details.persist()
}

function removeCreate({ params }: Details): void {
  const others = promptsOf(params).filter((prompt) => prompt !== CREATE && prompt !== '')
  params.prompt = others.length > 0 ? others.join(' ') : undefined
}

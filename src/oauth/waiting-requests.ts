import type { Provider } from 'oidc-provider'
import { visibleText } from '../web/displayed-text.ts'

/** An application's request that waits at the consent page for this resident. */
export type WaitingRequest = {
  interactionUid: string
  clientName: string
  expiresAt: Date
  uiLocales: unknown
}

/** The request of this interaction, if it waits for the consent of this account. Only the browser that began it can answer it. */
export async function findWaitingRequest(
  provider: Provider,
  { uid, accountId }: { uid: unknown; accountId: string },
): Promise<WaitingRequest | undefined> {
  if (typeof uid !== 'string' || !/^[\w-]{1,64}$/.test(uid)) return undefined
  const interaction = await provider.Interaction.find(uid)
  if (interaction?.prompt.name !== 'consent' || interaction.session?.accountId !== accountId)
    return undefined
  const { client_id: clientId, ui_locales: uiLocales } = interaction.params
  const client = await provider.Client.find(String(clientId))
  if (!client) return undefined
  return {
    interactionUid: uid,
    clientName: visibleText(client.clientName ?? client.clientId),
    expiresAt: new Date(interaction.exp * 1000),
    uiLocales,
  }
}

import { randomUUID } from 'node:crypto'
import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Db } from '../platform/db.ts'
import { randomSecret } from '../platform/secrets.ts'
import type { SharedKeys } from '../platform/shared-keys.ts'
import type { ClientAddress } from '../web/client-address.ts'
import type { SecurityEvent, SecurityEvents } from '../web/security-events.ts'
import type { Text } from '../web/texts/languages.ts'
import { isProofTooFarAhead } from './proof.ts'
import type { DeviceForm, ProviderPages } from './provider-pages.ts'
import { createRegistrationRules, REGISTRATION_RULES } from './registration.ts'
import { rejectClosedSignUp, rejectUnknownScopes } from './requests.ts'

/** Where a resident types the code of a device, and where its interaction returns to. */
export const DEVICE_PATH = '/device'

/** The features of oidc-provider that are enabled, and their pages. */
export function providerFeatures({
  config,
  db,
  pages,
  security,
  addressOf,
  sharedKeys,
}: {
  config: { production: boolean }
  db: Db
  pages: ProviderPages
  security: SecurityEvents
  addressOf: ClientAddress
  sharedKeys: SharedKeys
}): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: isOwnToken },
    revocation: { enabled: true, allowedPolicy: isOwnToken },
    deviceFlow: {
      enabled: true,
      deviceInfo: () => ({}),
      userCodeInputSource: (ctx, _form, _out, error) => {
        const event = error && DEVICE_SECURITY_EVENTS[error.name]
        if (event) security.emit(event, { address: addressOf(ctx.req) })
        if (error?.name === 'AbortedError') return pages.deviceEnded(ctx)
        pages.deviceCode(ctx, { ...deviceForm(ctx), error: error && deviceErrorText(error) })
      },
      userCodeConfirmSource: (ctx, _form, client, _info, userCode) =>
        pages.deviceConfirm(ctx, {
          ...deviceForm(ctx),
          userCode,
          clientName: client.clientName ?? client.clientId,
        }),
      successSource: (ctx) =>
        pages.deviceDone(ctx, ctx.oidc.client?.clientName ?? ctx.oidc.client?.clientId ?? ''),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx) =>
        pages.signOut(ctx, {
          action: '/api/oauth/end_session/confirm',
          xsrf: String(ctx.oidc.session?.state?.secret ?? ''),
          returnsTo: ctx.oidc.params?.post_logout_redirect_uri as string | undefined,
        }),
      postLogoutSuccessSource: (ctx) => pages.signedOut(ctx),
    },
    // There is one audience, so there is nothing to choose. The library calls this after it has checked the other parameters, and
    // before it drops unknown scopes.
    resourceIndicators: {
      enabled: true,
      defaultResource: async (ctx) => {
        rejectUnknownScopes(ctx)
        await rejectClosedSignUp(ctx, db)
        return []
      },
      useGrantedResource: () => false,
      getResourceServerInfo: () => {
        throw new errors.InvalidTarget()
      },
    },
    claimsParameter: { enabled: true },
    jwtUserinfo: { enabled: true },
    clientCredentials: { enabled: true },
    dPoP: {
      enabled: true,
      // The same on every process, so that each accepts the nonces of the others.
      nonceSecret: sharedKeys['dpop-nonce'],
      // The library accepts proofs from up to 300 seconds ahead. A clock that is so wrong needs a nonce, which dates the proof.
      requireNonce: (ctx) => isProofTooFarAhead(ctx.get('DPoP')),
    },
    pushedAuthorizationRequests: { enabled: true },
    fapi: {
      enabled: true,
      profile: (_ctx, client) => (client?.fapi ? '2.0' : undefined),
    },
    registration: {
      enabled: true,
      initialAccessToken: true,
      idFactory: () => randomUUID(),
      secretFactory: () => randomSecret(),
      policies: { [REGISTRATION_RULES]: createRegistrationRules(config) },
    },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
    backchannelLogout: { enabled: true },
  }
}

const deviceForm = (ctx: KoaContextWithOIDC): DeviceForm => ({
  action: DEVICE_PATH,
  xsrf: String(ctx.oidc.session?.state?.secret ?? ''),
  userCode: String(ctx.oidc.params?.user_code ?? ''),
})

const DEVICE_SECURITY_EVENTS: Record<string, SecurityEvent> = {
  NotFoundError: 'device_code_refused',
  ExpiredError: 'device_code_refused',
  AlreadyUsedError: 'device_code_refused',
  InvalidRequest: 'form_refused',
}

function deviceErrorText(error: Error): Text {
  if (error.name === 'NoCodeError') return ({ device }) => device.noCode
  return ({ device }) => device.wrongCode
}

function isOwnToken(
  _ctx: unknown,
  client: { clientId: string },
  token: { clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId
}

import type { KoaContextWithOIDC } from 'oidc-provider'
import { securityHeaders } from '../web/html.ts'
import { requestIdOf } from '../web/response-headers.ts'
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  protocolErrorPage,
  signedOutPage,
  signOutPage,
} from './pages.ts'

/** The fields of the device pages' forms (RFC 8628 §3.3). */
export type DeviceForm = { action: string; xsrf: string; userCode: string }

/** The pages that oidc-provider shows itself, as responses to its requests. */
export type ProviderPages = {
  /** A failure that must not be redirected. */
  error(
    ctx: KoaContextWithOIDC,
    failure: { error: string; description: string | undefined; status: number },
  ): void
  /** `returnsTo`: the application's registered address to which the form finally redirects. */
  signOut(
    ctx: KoaContextWithOIDC,
    form: { action: string; xsrf: string; returnsTo: string | undefined },
  ): void
  signedOut(ctx: KoaContextWithOIDC): void
  deviceCode(ctx: KoaContextWithOIDC, form: DeviceForm & { error: string | undefined }): void
  deviceConfirm(ctx: KoaContextWithOIDC, form: DeviceForm & { clientName: string }): void
  deviceDone(ctx: KoaContextWithOIDC, clientName: string): void
}

export function createProviderPages(issuer: string): ProviderPages {
  const send = (
    ctx: KoaContextWithOIDC,
    status: number,
    body: unknown,
    formTargets: string[] = [],
  ) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer, formTargets })))
      ctx.set(name, value)
    ctx.status = status
    ctx.type = 'html'
    ctx.body = String(body)
  }
  return {
    error: (ctx, { error, description, status }) =>
      send(
        ctx,
        status,
        protocolErrorPage({ code: error, description, requestId: requestIdOf(ctx.res) }),
      ),
    signOut: (ctx, { action, xsrf, returnsTo }) =>
      send(ctx, 200, signOutPage({ action, xsrf }), returnsTo ? [returnsTo] : []),
    signedOut: (ctx) => send(ctx, 200, signedOutPage({})),
    deviceCode: (ctx, form) => send(ctx, form.error ? 400 : 200, deviceCodePage(form)),
    deviceConfirm: (ctx, form) => send(ctx, 200, deviceConfirmPage(form)),
    deviceDone: (ctx, clientName) => send(ctx, 200, deviceDonePage({ clientName })),
  }
}

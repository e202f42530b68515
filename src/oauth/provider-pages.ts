import type { KoaContextWithOIDC } from 'oidc-provider'
import { type Html, securityHeaders } from '../web/html.ts'
import type { Reader, ReaderOf } from '../web/reader.ts'
import { requestIdOf } from '../web/response-headers.ts'
import type { Text } from '../web/texts/languages.ts'
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  deviceEndedPage,
  type ErrorForDevelopers,
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
    failure: Omit<ErrorForDevelopers, 'requestId' | 'consoleAddress'> & { status: number },
  ): void
  /** `returnsTo`: the application's registered address to which the form finally redirects. */
  signOut(
    ctx: KoaContextWithOIDC,
    form: { action: string; xsrf: string; returnsTo: string | undefined },
  ): void
  signedOut(ctx: KoaContextWithOIDC): void
  deviceCode(ctx: KoaContextWithOIDC, form: DeviceForm & { error: Text | undefined }): void
  deviceConfirm(ctx: KoaContextWithOIDC, form: DeviceForm & { clientName: string }): void
  deviceDone(ctx: KoaContextWithOIDC, clientName: string): void
  /** The person cancelled; the code does not work any more. */
  deviceEnded(ctx: KoaContextWithOIDC): void
}

/** `consoleIssuer`: the portal with the console in which this server's clients are, if there is one. */
export function createProviderPages(
  issuer: string,
  readerOf: ReaderOf,
  consoleIssuer: string | undefined,
): ProviderPages {
  const send = (
    ctx: KoaContextWithOIDC,
    status: number,
    render: (reader: Reader) => Html,
    formTargets: string[] = [],
  ) => {
    const reader = readerOf(ctx.req, ctx.oidc?.params?.ui_locales)
    const headers = securityHeaders({ issuer, locale: reader.locale, formTargets })
    for (const [name, value] of Object.entries(headers)) ctx.set(name, value)
    ctx.status = status
    ctx.type = 'html'
    ctx.body = String(render(reader))
  }
  return {
    error(ctx, { status, ...failure }) {
      const requestId = requestIdOf(ctx.res)
      const consoleAddress = consoleIssuer && `${consoleIssuer}/developers/requests?id=${requestId}`
      send(ctx, status, (reader) =>
        protocolErrorPage(
          // Nothing of a rejected request is repeated to others than its client's developers, not even its address.
          { ...reader, returnTo: '/' },
          { ...failure, requestId, consoleAddress },
        ),
      )
    },
    signOut: (ctx, { action, xsrf, returnsTo }) =>
      send(
        ctx,
        200,
        (reader) => signOutPage(reader, { action, xsrf }),
        returnsTo ? [returnsTo] : [],
      ),
    signedOut: (ctx) => send(ctx, 200, signedOutPage),
    deviceCode: (ctx, { error, ...form }) =>
      send(ctx, error ? 400 : 200, (reader) =>
        deviceCodePage(reader, { ...form, error: error?.(reader.texts) }),
      ),
    deviceConfirm: (ctx, form) => send(ctx, 200, (reader) => deviceConfirmPage(reader, form)),
    deviceDone: (ctx, clientName) =>
      send(ctx, 200, (reader) => deviceDonePage(reader, { clientName })),
    deviceEnded: (ctx) => send(ctx, 200, deviceEndedPage),
  }
}

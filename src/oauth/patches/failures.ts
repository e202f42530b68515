import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { temporarilyUnavailable } from '../../platform/errors.ts'
import { findUnavailable } from '../../platform/unavailable.ts'
import { requestIdOf } from '../../web/response-headers.ts'
import type { PatchContext } from './patch.ts'

/**
 * Responds to failures outside the library's own error handling, such as those of our patches, in the library's own format, and
 * with 503 to those that pass, or that only this process has. Unnecessary when the library's handler encloses what `provider.use`
 * adds, and knows failures that pass; in 9.13 Koa responds to the first in plain text, without our headers, and the second are 500.
 */
export function renderFailures(provider: Provider, context: PatchContext): void {
  const failures = new WeakMap<KoaContextWithOIDC, unknown>()
  // The library emits this before or after it sets its response.
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: unknown) => {
    if (findUnavailable(error)) failures.set(ctx, error)
    else logFailure(context, ctx, error)
  })
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    try {
      await next()
      // A redirect with `server_error` tells the application what it needs to know.
      if (failures.has(ctx) && ctx.status >= 500)
        await respondToFailure(context, ctx, failures.get(ctx))
    } catch (error) {
      await respondToFailure(context, ctx, error)
    }
  })
}

async function respondToFailure(
  context: PatchContext,
  ctx: KoaContextWithOIDC,
  error: unknown,
): Promise<void> {
  // An address that cannot be decoded, for instance.
  const { status = 500 } = error as { status?: number }
  if (status >= 400 && status < 500) {
    await send(context, ctx, status, 'invalid_request', 'The request cannot be read.')
    return
  }
  const unavailable = findUnavailable(error)
  if (unavailable) {
    // Without the request's id, so that an outage is summarized.
    context.log.error(unavailable, { error })
    const { status, error: code, message, headers } = temporarilyUnavailable()
    ctx.set(headers)
    await send(context, ctx, status, code, message)
    return
  }
  logFailure(context, ctx, error)
  await send(context, ctx, 500, 'server_error', 'The server failed. Try again in a moment.')
}

async function send(
  { renderError }: PatchContext,
  ctx: KoaContextWithOIDC,
  status: number,
  error: string,
  description: string,
): Promise<void> {
  ctx.status = status
  await renderError(ctx, { error, error_description: description })
}

function logFailure({ log }: PatchContext, ctx: KoaContextWithOIDC, error: unknown) {
  log.error('authorization server failed', { requestId: requestIdOf(ctx.res), error })
}

import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { requestIdOf } from '../../web/response-headers.ts'
import type { PatchContext } from './patch.ts'

/**
 * Responds to failures outside the library's own error handling, such as those of our patches, in the library's own format. Unnecessary
 * when the library's handler encloses what `provider.use` adds; in 9.13 Koa responds to those in plain text, without our headers.
 */
export function renderFailures(provider: Provider, { renderError, log }: PatchContext): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    try {
      await next()
    } catch (error) {
      // An address that cannot be decoded, for instance.
      const { status = 500 } = error as { status?: number }
      const isTheirs = status >= 400 && status < 500
      if (!isTheirs)
        log.error('authorization server failed', { requestId: requestIdOf(ctx.res), error })
      ctx.status = isTheirs ? status : 500
      renderError(ctx, {
        error: isTheirs ? 'invalid_request' : 'server_error',
        error_description: isTheirs
          ? 'The request cannot be read.'
          : 'The server failed. Try again in a moment.',
      })
    }
  })
}

import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { PatchParts } from './patches.ts'

/**
 * Answers failures outside of the library's own error handling, in our patches among others, as it answers its own. Unnecessary
 * when the library's handler encloses what `provider.use` adds; in 9.13 Koa answers those as plain text.
 */
export function answerFailures(provider: Provider, { renderError }: PatchParts): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    try {
      await next()
    } catch (error) {
      ctx.status = 500
      renderError(ctx, {
        error: 'server_error',
        error_description: 'The server met an error. Try again in a moment.',
      })
      provider.emit('server_error', ctx, error as Error)
    }
  })
}

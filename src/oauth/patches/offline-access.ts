import type { Provider } from 'oidc-provider'

/**
 * Keeps `offline_access` in requests without `prompt=consent`. The library drops it there (OIDC Core §11), unless "other conditions
 * for processing the request are in place": here every consent is requested and stored, which is such a condition.
 * Unnecessary when the library makes that rule configurable; 9.13 does not.
 */
export function allowOfflineAccess(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'prompts', {
    configurable: true,
    get(this: { params: { prompt?: string; scope?: string } }) {
      const prompts = new Set(this.params.prompt ? this.params.prompt.split(' ') : [])
      if (!prompts.has('none') && this.params.scope?.split(' ').includes('offline_access'))
        prompts.add('consent')
      return prompts
    },
  })
}

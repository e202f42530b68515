import type { Provider } from 'oidc-provider'

/**
 * Sets `at_hash` in the ID tokens of the token endpoint, of every grant type (OpenID Connect Core §3.1.3.6). The library hashes the access
 * token that `set` gets, but calls it at the authorization endpoint only, where no client here gets an access token.
 * Unnecessary when the library sets `at_hash` at the token endpoint; 9.13 does not.
 */
export function hashAccessTokens(provider: Provider): void {
  const values = new WeakMap<object, string>()
  const { save } = provider.AccessToken.prototype
  provider.AccessToken.prototype.save = async function (...given: Parameters<typeof save>) {
    const value = await save.apply(this, given)
    values.set(this, value)
    return value
  }
  const { issue } = provider.IdToken.prototype
  provider.IdToken.prototype.issue = function (options) {
    const token = this.ctx?.oidc.entities.AccessToken
    const value = options.use === 'idtoken' && token ? values.get(token) : undefined
    if (value !== undefined) this.set('at_hash', value)
    return issue.call(this, options)
  }
}

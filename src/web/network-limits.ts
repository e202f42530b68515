import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { createWindowCounter } from '../platform/window-counter.ts'
import type { ClientAddress } from './client-address.ts'
import type { SecurityEvents } from './security-events.ts'

/** Limits for each minute and network (IPv4 /32, IPv6 /64); 0 means none. */
export type NetworkLimits = {
  /** Requests before authentication that write or cost something. */
  requests: number
  /** Rejected attempts: wrong passwords, codes, links, tokens, signatures. */
  refusals: number
}

/**
 * `requests`: every request counts, except those of a client that has authenticated. `refusals`: rejected requests count; each is
 * counted before it is evaluated, so that concurrent ones are not all evaluated before the first is counted. `credentials`: only
 * requests with failed client authentication count, so that an application with many users is never delayed. `signatures`: the
 * same for deliveries; a genuine one is always accepted. `none`: the request writes nothing and allows no guessing, or needs a token
 * with limits of its own.
 */
export type NetworkRule = 'requests' | 'refusals' | 'credentials' | 'signatures' | 'none'

/** Every route, by method and pattern. A test compares this list with the existing routes. */
export const NETWORK_RULES: readonly [method: string, path: string, rule: NetworkRule][] = [
  // The authorization server.
  ['GET', '/api/oauth/authorize', 'requests'],
  ['POST', '/api/oauth/authorize', 'requests'],
  ['GET', '/api/oauth/authorize/:uid', 'refusals'],
  ['POST', '/api/oauth/par', 'requests'],
  ['POST', '/api/oauth/device_authorization', 'requests'],
  ['POST', '/api/oauth/token', 'credentials'],
  ['POST', '/api/oauth/introspect', 'credentials'],
  ['POST', '/api/oauth/revoke', 'credentials'],
  ['GET', '/api/oauth/userinfo', 'none'],
  ['POST', '/api/oauth/userinfo', 'none'],
  ['GET', '/api/oauth/end_session', 'requests'],
  ['POST', '/api/oauth/end_session', 'requests'],
  ['POST', '/api/oauth/end_session/confirm', 'requests'],
  ['GET', '/api/oauth/end_session/success', 'none'],
  ['POST', '/api/oauth/register', 'refusals'],
  ['GET', '/api/oauth/register/:clientId', 'refusals'],
  ['PUT', '/api/oauth/register/:clientId', 'refusals'],
  ['DELETE', '/api/oauth/register/:clientId', 'refusals'],
  ['GET', '/api/oauth/.well-known/jwks.json', 'none'],
  ['GET', '/api/oauth/.well-known/openid-configuration', 'none'],
  ['GET', '/device', 'requests'],
  ['POST', '/device', 'refusals'],
  ['GET', '/device/:uid', 'refusals'],
  // Sign-in and consent.
  ['GET', '/interaction/:uid', 'none'],
  ['POST', '/interaction/:uid', 'refusals'],
  ['GET', '/interaction/:uid/sign-up', 'none'],
  ['GET', '/interaction/:uid/continue', 'none'],
  ['GET', '/', 'none'],
  ['GET', '/sign-in', 'none'],
  ['POST', '/sign-in', 'refusals'],
  ['POST', '/language', 'requests'],
  // Developers.
  ['GET', '/developers', 'none'],
  ['POST', '/developers/teams', 'requests'],
  ['GET', '/developers/requests', 'none'],
  ['GET', '/developers/:team', 'none'],
  ['GET', '/developers/invitations/:token', 'refusals'],
  ['POST', '/developers/invitations/:token', 'refusals'],
  ['GET', '/developers/:team/members', 'none'],
  ['GET', '/developers/:team/settings', 'none'],
  ['POST', '/developers/:team/name', 'refusals'],
  ['POST', '/developers/:team/leave', 'refusals'],
  ['POST', '/developers/:team/delete', 'refusals'],
  ['POST', '/developers/:team/invitations', 'requests'],
  ['POST', '/developers/:team/invitations/*', 'refusals'],
  ['POST', '/developers/:team/members/*', 'refusals'],
  ['GET', '/developers/try/callback', 'refusals'],
  ['GET', '/developers/:team/sandbox/:client/try', 'none'],
  ['POST', '/developers/:team/sandbox/:client/try', 'requests'],
  ['GET', '/developers/:team/sandbox/:client/try/:run', 'none'],
  ['POST', '/developers/:team/sandbox/:client/try/:run/leave', 'requests'],
  ['POST', '/developers/:team/sandbox/:client/try/:run/:action', 'requests'],
  ['GET', '/developers/:team/sandbox', 'none'],
  ['POST', '/developers/:team/sandbox/clock', 'requests'],
  ['POST', '/developers/:team/sandbox/reset', 'requests'],
  ['POST', '/developers/:team/sandbox/new', 'refusals'],
  ['GET', '/developers/:team/:place/:client', 'none'],
  ['GET', '/developers/:team/:place/:client/settings', 'none'],
  ['GET', '/developers/:team/:place/:client/keys', 'none'],
  ['POST', '/developers/:team/:place/:client/settings', 'refusals'],
  ['POST', '/developers/:team/:place/:client/enabled', 'refusals'],
  ['POST', '/developers/:team/:place/:client/delete', 'refusals'],
  ['POST', '/developers/:team/:place/:client/keys', 'refusals'],
  ['POST', '/developers/:team/:place/:client/keys/*', 'refusals'],
  ['GET', '/developers/:team/:place/:client/production', 'none'],
  ['POST', '/developers/:team/:place/:client/production', 'refusals'],
  ['POST', '/developers/:team/:place/:client/production/:action', 'refusals'],
  ['GET', '/developers/:team/:place/:client/production/logo', 'none'],
  ['GET', '/developers/:team/:place/:client/events', 'none'],
  ['POST', '/developers/:team/:place/:client/events/:action', 'refusals'],
  ['GET', '/developers/:team/:place/:client/requests', 'none'],
  ['GET', '/developers/:team/:place/:client/requests/:request', 'none'],
  ['POST', '/passkeys/options', 'requests'],
  ['GET', '/reset', 'none'],
  ['POST', '/reset', 'requests'],
  ['GET', '/reset/sent', 'none'],
  ['POST', '/reset/code', 'refusals'],
  ['GET', '/reset/done', 'none'],
  ['GET', '/reset/:token', 'refusals'],
  ['POST', '/reset/:token', 'refusals'],
  ['GET', '/sign-up', 'none'],
  ['POST', '/sign-up', 'requests'],
  ['GET', '/sign-up/sent', 'none'],
  ['POST', '/sign-up/code', 'refusals'],
  ['GET', '/sign-up/done', 'none'],
  ['GET', '/sign-up/:token', 'refusals'],
  ['POST', '/sign-up/:token', 'refusals'],
  ['POST', '/sign-up/:token/passkey-options', 'refusals'],
  ['GET', '/verify-email/sent', 'none'],
  ['POST', '/verify-email/code', 'refusals'],
  ['GET', '/setup/:token', 'refusals'],
  ['POST', '/setup/:token', 'refusals'],
  ['POST', '/setup/:token/passkey-options', 'refusals'],
  ['GET', '/verify-email/done', 'none'],
  ['GET', '/verify-email/:token', 'refusals'],
  ['POST', '/verify-email/:token', 'refusals'],
  ['GET', '/link/:token', 'refusals'],
  ['POST', '/link/:token', 'refusals'],
  ['GET', '/erasure/:token', 'refusals'],
  ['GET', '/erasure/:token/receipt', 'refusals'],
  ['GET', '/not-me/:token', 'refusals'],
  ['POST', '/not-me/:token', 'refusals'],
  ['GET', '/not-me/:token/done', 'refusals'],
  // Pages of a signed-in resident.
  ['GET', '/verifications/:id', 'none'],
  ['POST', '/verifications/*', 'refusals'],
  ['GET', '/verify', 'none'],
  ['POST', '/verify', 'requests'],
  ['GET', '/verify/:id', 'none'],
  ['GET', '/verify/:id/continue', 'requests'],
  ['POST', '/verify/:id/cancel', 'refusals'],
  ['GET', '/links', 'none'],
  ['POST', '/links/*', 'refusals'],
  ['POST', '/sign-out', 'refusals'],
  ['POST', '/photos', 'refusals'],
  ['GET', '/photos/:id', 'none'],
  ['POST', '/photos/:id', 'refusals'],
  ['GET', '/photos/:id/image', 'none'],
  ['GET', '/photos/:id/thumbnail', 'none'],
  ['GET', '/verify/manual/:id', 'none'],
  ['GET', '/verify/manual/:id/:step', 'none'],
  ['POST', '/verify/manual/*', 'refusals'],
  ['GET', '/account', 'none'],
  ['GET', '/account/devices', 'none'],
  ['GET', '/account/erase', 'none'],
  ['GET', '/account/export', 'none'],
  ['GET', '/account/export/archive', 'none'],
  ['GET', '/account/totp', 'none'],
  ['GET', '/operator', 'none'],
  ['GET', '/account/time-zone', 'none'],
  ['GET', '/account/notifications', 'none'],
  ['POST', '/account/*', 'refusals'],
  ['GET', '/applications/:clientId', 'none'],
  ['GET', '/applications/:clientId/logo', 'none'],
  ['POST', '/applications/*', 'refusals'],
  ['GET', '/activity', 'none'],
  ['GET', '/activity/:id', 'none'],
  ['GET', '/activity/:id/proof', 'none'],
  ['GET', '/activity/:id/unexpected', 'none'],
  ['POST', '/activity/*', 'refusals'],
  ['GET', '/looks', 'none'],
  ['GET', '/outbox', 'none'],
  // Pages of a phone that takes photos for a resident.
  ['GET', '/verify/phone/open/:token', 'refusals'],
  ['GET', '/verify/phone', 'none'],
  ['GET', '/verify/phone/:step', 'none'],
  ['POST', '/verify/phone/*', 'refusals'],
  // Requests of vendors and their visitors.
  ['GET', '/callbacks/mosaic', 'refusals'],
  ['GET', '/app/:token', 'refusals'],
  ['GET', '/callbacks/:vendor', 'requests'],
  ['GET', '/callbacks/:vendor/:integration', 'requests'],
  ['POST', '/callbacks/kora', 'signatures'],
  ['POST', '/callbacks/kora/:integration', 'signatures'],
  ['POST', '/webhooks/*', 'signatures'],
  ['GET', '/api/v1/idv/health', 'none'],
  // Only with a token, which has limits of its own: see `api/rate-limits.ts`.
  ['*', '/api/v1/*', 'none'],
  // Public documents.
  ['GET', '/.well-known/*', 'none'],
  ['GET', '/openapi.json', 'none'],
  ['GET', '/favicon.ico', 'none'],
  ['GET', '/help', 'none'],
  ['GET', '/contact', 'none'],
  ['GET', '/privacy', 'none'],
  ['GET', '/accessibility', 'none'],
  ['GET', '/reference', 'none'],
  ['GET', '/reference/search', 'none'],
  ['GET', '/reference/:group', 'none'],
  ['GET', '/reference/:group/:operation', 'none'],
  ['POST', '/reference/:group/:operation', 'requests'],
  ['GET', '/guides', 'none'],
  ['GET', '/guides/errors', 'none'],
  ['GET', '/guides/:name', 'none'],
  ['GET', '/health', 'none'],
  ['GET', '/health/live', 'none'],
  ['GET', '/health/ready', 'none'],
  ['GET', '/assets/*', 'none'],
]

const compiled = NETWORK_RULES.map(([method, path, rule]) => {
  const source = path.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+').replace(/\*$/, '.*')
  return { method, pattern: new RegExp(`^${source}$`, 'i'), rule }
})

/** Returns the rule for a request; `undefined` for an address that is not in the list. */
export function findNetworkRule(method: string, path: string): NetworkRule | undefined {
  const asked = method === 'HEAD' ? 'GET' : method
  const plain = decodePath(path).replace(/(?<=.)\/+$/, '')
  return compiled.find(
    (each) => (each.method === '*' || each.method === asked) && each.pattern.test(plain),
  )?.rule
}

// The routers of both halves ignore escapes, letter case and a trailing slash.
function decodePath(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

export type NetworkLimiter = {
  /** Whether the request may proceed; otherwise `refuse` has responded 429. */
  admit(req: IncomingMessage, res: ServerResponse): boolean
  /** Subtracts a request whose client has authenticated. */
  uncount(req: IncomingMessage): void
  /** Counts a delivery with a wrong signature. Returns the seconds to wait, 0 below the limit. */
  countSignature(address: string): number
  close(): Promise<void>
}

const MAX_NETWORKS = 200_000

/** Limits unauthenticated requests across all processes. `refuse` responds to a request that has to wait. */
export function createNetworkLimiter(parts: {
  db: Db
  limits: NetworkLimits
  addressOf: ClientAddress
  security: SecurityEvents
  log: Log
  refuse: (req: IncomingMessage, res: ServerResponse, seconds: number) => void
}): NetworkLimiter {
  const { limits, addressOf, security } = parts
  const counter = createWindowCounter(parts.db, parts.log, { mostKeys: MAX_NETWORKS })
  const counted = new WeakMap<IncomingMessage, string>()

  function applyRule(rule: NetworkRule, req: IncomingMessage, res: ServerResponse): number {
    const key = `network ${rule} ${security.networkName(addressOf(req))}`
    if (rule === 'requests') {
      counted.set(req, key)
      return counter.count(key, limits.requests)
    }
    if (rule === 'refusals') {
      const wait = counter.count(key, limits.refusals)
      if (wait === 0)
        res.once('finish', () => {
          if (res.statusCode < 400) counter.uncount(key)
        })
      return wait
    }
    const wait = counter.secondsToWait(key, limits.requests)
    if (wait === 0)
      res.once('finish', () => {
        if (res.statusCode === 401) counter.count(key, limits.requests)
      })
    return wait
  }

  return {
    admit(req, res) {
      const { method = 'GET', url = '/' } = req
      const [path = '/'] = url.split('?', 1)
      if (method === 'OPTIONS') return true
      // An address outside the list is limited.
      const rule = findNetworkRule(method, path) ?? 'requests'
      if (rule === 'none' || rule === 'signatures') return true
      if ((rule === 'refusals' ? limits.refusals : limits.requests) === 0) return true
      const wait = applyRule(rule, req, res)
      if (wait === 0) return true
      security.emit('rate_limited', { address: addressOf(req), subject: `network_${rule}` })
      parts.refuse(req, res, wait)
      return false
    },
    uncount(req) {
      const key = counted.get(req)
      if (key === undefined) return
      counted.delete(req)
      counter.uncount(key)
    },
    countSignature(address) {
      if (limits.refusals === 0) return 0
      const key = `network signatures ${security.networkName(address)}`
      const wait = counter.count(key, limits.refusals)
      if (wait > 0) security.emit('rate_limited', { address, subject: 'network_signatures' })
      return wait
    },
    close: () => counter.close(),
  }
}

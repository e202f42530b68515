import type { CompleteConfig } from '../../config.ts'
import { verifyMailServer } from '../../platform/mail.ts'
import { isRangeOfEveryone } from '../../web/client-address.ts'
import { type Check, Fault } from './check.ts'

const FETCH_TIMEOUT_MS = 5_000

export const get = (url: URL): Promise<Response> =>
  fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })

export const issuerCheck = (issuer: string): Check => ({
  check: 'issuer',
  why: 'applications and residents cannot reach the portal by its public address',
  advice: `${issuer} does not answer as it: start the server, or give this command its ISSUER or PORT, and check the proxy before it`,
  async run() {
    const response = await get(new URL(`${issuer}/.well-known/openid-configuration`))
    const metadata = (await response.json()) as { issuer?: string }
    if (metadata.issuer !== issuer) throw new Fault('another issuer answers')
    return issuer
  },
})

export const mailCheck = ({ mail }: Pick<CompleteConfig, 'mail'>): Check => ({
  check: 'mail',
  why: 'links for new passwords, and notices of sign-ins, do not arrive; they are tried again for a day',
  advice:
    'check SMTP_URL: host and port, user and password, and that the server offers TLS with a certificate that is valid for this host',
  async run() {
    if (!mail) return 'no mail server is set: the page /outbox shows mails, on one machine'
    const { failure, isEncrypted, isAuthenticated } = await verifyMailServer(mail)
    if (failure) throw new Fault(failure)
    return `the server answers, ${isAuthenticated ? 'accepts the login' : 'wants no login'}, ${isEncrypted ? 'with TLS' : 'without TLS, on this machine'}`
  },
})

export const proxyCheck = ({
  trustedProxies,
  issuer,
}: Pick<CompleteConfig, 'trustedProxies' | 'issuer'>): Check => ({
  check: 'proxy',
  why: 'the address of a visitor is the proxy’s, so that all count as one network, or is what the visitor claims',
  advice: 'name the addresses of your own proxies in TRUSTED_PROXIES, and nothing wider',
  async run() {
    const wide = trustedProxies.filter(isRangeOfEveryone)
    if (wide.length > 0) throw new Fault(`${wide.join(', ')} trusts addresses of the internet`)
    if (trustedProxies.length > 0) return `X-Forwarded-For counts from ${trustedProxies.join(', ')}`
    // The portal itself speaks HTTP.
    if (issuer?.startsWith('https:'))
      throw new Fault('a proxy with TLS is in front, and TRUSTED_PROXIES names none')
    return 'no proxy is trusted'
  },
})

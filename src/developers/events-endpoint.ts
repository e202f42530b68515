import { isHttpsOrLoopback } from '../platform/loopback.ts'
import type { Outbound } from '../platform/outbound.ts'
import { isDisplayable } from '../web/displayed-text.ts'
import type { Form } from './access.ts'
import type { FieldFaults } from './fields.ts'

const DELIVERIES = ['webhook', 'push', 'poll'] as const
export type Delivery = (typeof DELIVERIES)[number]

/** Where events are to go, as it was entered. */
export type Endpoint = { delivery: Delivery; url: string; authorization: string }

const LONGEST = 2_000

export const readEndpoint = (form: Form): Endpoint => ({
  delivery: DELIVERIES.find((each) => each === form.delivery) ?? 'webhook',
  url: String(form.url ?? '')
    .replaceAll('\0', '')
    .trim()
    .slice(0, LONGEST + 1),
  authorization: String(form.authorization ?? '').trim(),
})

/** What is wrong with it. Calls the address, which has to answer anything at all. */
export async function findEndpointFaults(
  outbound: Outbound,
  { delivery, url, authorization }: Endpoint,
): Promise<FieldFaults> {
  if (delivery === 'poll') return {}
  if (delivery === 'push' && authorization !== '' && !/^[\x20-\x7e]{1,4000}$/.test(authorization))
    return { authorization: ['A header is one line of ASCII characters, at most 4,000.'] }
  const { username, hash } = URL.parse(url) ?? {}
  if (!isHttpsOrLoopback(url) || username || hash || url.length > LONGEST || !isDisplayable(url))
    return {
      url: [
        'Enter an address that begins with https://, or with http:// on this machine, without a user or a fragment.',
      ],
    }
  const fault = await callEndpoint(outbound, url)
  return fault === undefined ? {} : { url: [fault] }
}

async function callEndpoint(outbound: Outbound, url: string): Promise<string | undefined> {
  try {
    await outbound(url, { method: 'HEAD', maxBytes: 1024, whenLonger: 'cut' })
    return undefined
  } catch (error) {
    const { name, code } = error as { name?: string; code?: unknown }
    if (name === 'ForbiddenAddressError')
      return 'This address is not public. An address inside a network has to be allowed by the operator (OUTBOUND_ALLOW); or choose to fetch events.'
    const why = typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no answer'
    return `Nothing answers at this address (${why}).`
  }
}

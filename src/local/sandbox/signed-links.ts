import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Links to a stand-in's storage that are valid for a limited time, like presigned URLs. */
export type SignedLinks = {
  /** What a link to this path has to contain. `until` is in seconds since 1970. */
  sign(path: string): { until: number; signature: string }
  /** Whether the link was signed for this path and has not expired. Takes the values as they are in the request. */
  isValid(path: string, until: string | undefined, signature: string | undefined): boolean
}

export function createSignedLinks(lifetimeInSeconds: number, now: () => number): SignedLinks {
  const key = randomBytes(32)
  const signatureOf = (path: string, until: number) =>
    createHmac('sha256', key).update(`${path} ${until}`).digest('hex')
  return {
    sign(path) {
      const until = Math.floor(now() / 1000) + lifetimeInSeconds
      return { until, signature: signatureOf(path, until) }
    },
    isValid(path, until, signature = '') {
      const given = Buffer.from(signature)
      const expected = Buffer.from(signatureOf(path, Number(until)))
      return (
        given.length === expected.length &&
        timingSafeEqual(given, expected) &&
        Number(until) * 1000 >= now()
      )
    },
  }
}

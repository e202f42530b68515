import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import type { SignGet } from '../../src/platform/presign.ts'
import type { S3Config } from '../../src/platform/storage.ts'
import { createStorage } from '../../src/platform/storage.ts'

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const NOW = Date.parse('2026-01-15T10:35:00Z')
const aws: S3Config = {
  endpoint: undefined,
  publicEndpoint: undefined,
  region: 'us-east-2',
  bucket: 'example-bucket',
  forcePathStyle: true,
}
const signerAt = (s3: S3Config, time = NOW, given: object = credentials) =>
  createStorage({ ...s3, credentials: { ...credentials, ...given } }, { now: () => time }).signer()

/** The SDK's own presigned URL, without the parameters that it adds for its own use. */
async function sdkUrl(
  s3: S3Config,
  key: string,
  expiresIn: number,
  overrides: { ResponseContentType?: string; ResponseContentDisposition?: string } = {},
  sessionToken?: string,
) {
  const endpoint = s3.publicEndpoint ?? s3.endpoint
  const client = new S3Client({
    region: s3.region,
    forcePathStyle: s3.forcePathStyle,
    credentials: { ...credentials, ...(sessionToken && { sessionToken }) },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint && { endpoint }),
  })
  client.middlewareStack.add(
    (next) => (args) => {
      const { query } = args.request as { query: Record<string, string> }
      delete query['x-id']
      return next(args)
    },
    { step: 'build' },
  )
  const unsigned = new Set(['x-amz-content-sha256'])
  const command = new GetObjectCommand({
    Bucket: s3.bucket,
    Key: key,
    ...(overrides.ResponseContentType && { ResponseCacheControl: 'private, no-store' }),
    ...overrides,
  })
  return getSignedUrl(client, command, {
    expiresIn,
    signingDate: new Date(NOW),
    unsignableHeaders: unsigned,
    unhoistableHeaders: unsigned,
  })
}

const parametersOf = (url: string) => {
  const { origin, pathname, searchParams } = new URL(url)
  return { origin, pathname, parameters: Object.fromEntries(searchParams) }
}

describe('a presigned URL', () => {
  test('is the one AWS documents (S3-AWS-DOC of docs/vendor-protocols.md §8)', async () => {
    const s3 = {
      ...aws,
      region: 'us-east-1',
      bucket: 'examplebucket',
      endpoint: 'https://s3.amazonaws.com',
      publicEndpoint: 'https://s3.amazonaws.com',
      forcePathStyle: false,
    }
    const sign = await signerAt(s3, Date.parse('2013-05-24T00:00:00Z'))
    expect(sign('test.txt', { expiresInSeconds: 86_400 })).toBe(
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })

  test('names the regional host in path style (S3-PATH-STYLE of docs/vendor-protocols.md §8)', async () => {
    const sign = await signerAt(aws)
    const key = 'id-verifications/f3a1c2d4-5b6e-4f70-8a91-b2c3d4e5f607/document-front.jpg'
    expect(sign(key, { expiresInSeconds: 3600 })).toBe(
      `https://s3.us-east-2.amazonaws.com/example-bucket/${key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260115%2Fus-east-2%2Fs3%2Faws4_request&X-Amz-Date=20260115T103500Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=5332307793dabd587c05bced40fcb52450934c77300e853b27d74be220124959`,
    )
  })

  const stores: Record<string, S3Config> = {
    'AWS in path style': aws,
    'AWS as a virtual host': { ...aws, forcePathStyle: false },
    'AWS in another partition': { ...aws, region: 'cn-north-1', forcePathStyle: false },
    'AWS with a dotted bucket': { ...aws, bucket: 'a.dotted.bucket', forcePathStyle: false },
    'an own store on a port': { ...aws, endpoint: 'http://127.0.0.1:9000' },
    'an own store as a virtual host': {
      ...aws,
      endpoint: 'https://store.example',
      forcePathStyle: false,
    },
    'an own store below a path': { ...aws, endpoint: 'https://store.example:8443/s3' },
    'a public endpoint that is not the inner one': {
      ...aws,
      endpoint: 'http://store.internal:9000',
      publicEndpoint: 'https://images.example',
    },
  }
  const keys = [
    'tenant/verification/attempt/document_front.jpg',
    "a b/ü(1)*'!~+=&.jpg",
    'a//b/%2F?#[]@:$,;"<>.jpg',
    '文書/🙂.jpg',
  ]
  for (const [store, given] of Object.entries(stores))
    test(`is the SDK's own, parameter for parameter: ${store}`, async () => {
      const s3 = { ...given, publicEndpoint: given.publicEndpoint ?? given.endpoint }
      const sign = await signerAt(s3)
      for (const key of keys)
        for (const expiresInSeconds of [1, 900, 3600, 604_800])
          expect(parametersOf(sign(key, { expiresInSeconds }))).toEqual(
            parametersOf(await sdkUrl(s3, key, expiresInSeconds)),
          )
    })

  test("is the SDK's own with a type and a disposition, which are signed in", async () => {
    const sign = await signerAt(aws)
    const url = sign('k.jpg', {
      expiresInSeconds: 60,
      contentType: 'image/jpeg',
      filename: 'front (1)*.jpg',
    })
    const ResponseContentDisposition = 'attachment; filename="front (1)*.jpg"'
    expect(parametersOf(url)).toEqual(
      parametersOf(
        await sdkUrl(aws, 'k.jpg', 60, {
          ResponseContentType: 'image/jpeg',
          ResponseContentDisposition,
        }),
      ),
    )
    expect(parametersOf(url).parameters['response-content-type']).toBe('image/jpeg')
  })

  test("is the SDK's own with a session token", async () => {
    const sessionToken = 'IQoJb3JpZ2luX2Vj//8=/+token=='
    const sign = await signerAt(aws, NOW, { sessionToken })
    expect(parametersOf(sign('k.jpg', { expiresInSeconds: 60 }))).toEqual(
      parametersOf(await sdkUrl(aws, 'k.jpg', 60, {}, sessionToken)),
    )
  })

  test('changes with the second and with the day', async () => {
    let time = Date.parse('2026-01-15T23:59:59.400Z')
    const sign = await createStorage({ ...aws, credentials }, { now: () => time }).signer()
    const first = sign('k.jpg', { expiresInSeconds: 60 })
    time += 500
    expect(sign('k.jpg', { expiresInSeconds: 60 })).toBe(first)
    time += 500
    const next = sign('k.jpg', { expiresInSeconds: 60 })
    expect(next).toContain('%2F20260116%2F')
    expect(next).toContain('X-Amz-Date=20260116T000000Z')
    const other = await signerAt(aws, time)
    expect(next).toBe(other('k.jpg', { expiresInSeconds: 60 }))
  })

  const dispositions: [Omit<Parameters<SignGet>[1], 'expiresInSeconds'>, string | undefined][] = [
    [{}, undefined],
    [{ filename: 'a.jpg' }, 'attachment; filename="a.jpg"'],
    [
      { filename: 'a"b\\c\r\nd.jpg' },
      `attachment; filename="a_b_c__d.jpg"; filename*=UTF-8''a%22b%5Cc%0D%0Ad.jpg`,
    ],
    [
      { filename: "cédula '1'.jpg" },
      `attachment; filename="c_dula '1'.jpg"; filename*=UTF-8''c%C3%A9dula%20%271%27.jpg`,
    ],
  ]
  test.for(dispositions)('%j asks for the disposition %s', async ([options, expected]) => {
    const sign = await signerAt(aws)
    const url = new URL(sign('k.jpg', { expiresInSeconds: 60, ...options }))
    expect(url.searchParams.get('response-content-disposition') ?? undefined).toBe(expected)
  })

  test.for([0, -1, 1.5, 604_801, Number.NaN])('is refused for %d seconds', async (seconds) => {
    const sign = await signerAt(aws)
    expect(() => sign('k.jpg', { expiresInSeconds: seconds })).toThrow(RangeError)
  })

  test.for(['', '../k', 'a/../k', 'a/.', 'a\\b', 'a\0b', 'a\nb', 'é'.repeat(513)])(
    'is refused for the key %j',
    async (key) => {
      const sign = await signerAt(aws)
      expect(() => sign(key, { expiresInSeconds: 60 })).toThrow(/an object key/)
    },
  )
})

describe('credentials that end', () => {
  const ending = (...minutes: number[]) => {
    let asked = 0
    const source = async () => ({
      ...credentials,
      sessionToken: `token-${asked}`,
      // The SDK keeps time by the real clock.
      expiration: new Date(
        Date.now() + (minutes[Math.min(asked++, minutes.length - 1)] ?? 0) * 60_000,
      ),
    })
    return { source, asked: () => asked }
  }

  test('before the URL would are refreshed first', async () => {
    const { source, asked } = ending(30, 90)
    const sign = await createStorage({ ...aws, credentials: source }).signer()
    const url = new URL(sign('k.jpg', { expiresInSeconds: 3600 }))
    expect(asked()).toBe(2)
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe('token-1')
  })

  test('and cannot be had for longer give no URL that outlives them', async () => {
    const { source, asked } = ending(30)
    const storage = createStorage({ ...aws, credentials: source })
    const sign = await storage.signer()
    expect(() => sign('k.jpg', { expiresInSeconds: 3600 })).toThrow(/credentials expire/)
    expect(sign('k.jpg', { expiresInSeconds: 900 })).toContain('X-Amz-Expires=900&')
    // The source is not asked again at every request.
    await storage.signer()
    expect(asked()).toBe(2)
  })

  test('are refreshed once for many callers, and only when the hour is near', async () => {
    const { source, asked } = ending(90)
    const start = Date.now()
    let time = start
    const storage = createStorage({ ...aws, credentials: source }, { now: () => time })
    await Promise.all([storage.signer(), storage.signer(), storage.signer()])
    expect(asked()).toBe(1)
    time = start + 20 * 60_000
    await storage.signer()
    expect(asked()).toBe(1)
    time = start + 40 * 60_000
    await Promise.all([storage.signer(), storage.signer()])
    expect(asked()).toBe(2)
  })
})

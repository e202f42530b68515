import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createStorage } from '../../src/platform/storage.ts'

const KEY_ID = 'arn:aws:kms:us-east-2:111122223333:key/portal'
const bytes = randomBytes(2_000)
const object = {
  contentType: 'image/jpeg',
  sha256: createHash('sha256').update(bytes).digest(),
}
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A store that takes what it gets, and says with which encryption it did so. */
async function connect({ says }: { says?: string }) {
  const requests: { method: string | undefined; headers: IncomingHttpHeaders }[] = []
  const server = createServer((req, res) => {
    requests.push({ method: req.method, headers: req.headers })
    req.resume().on('end', () => {
      if (says !== undefined) res.setHeader('x-amz-server-side-encryption', says)
      res.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const storage = createStorage({
    endpoint,
    publicEndpoint: endpoint,
    region: 'us-east-2',
    bucket: 'documents',
    forcePathStyle: true,
    kmsKeyId: KEY_ID,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'a secret of the test' },
  })
  closing.push(() => {
    storage.close()
    server.closeAllConnections()
    server.close()
  })
  return { storage, requests }
}

test('every write asks for the configured key', async () => {
  const { storage, requests } = await connect({ says: 'aws:kms' })
  await storage.put('default/sealed.jpg', bytes, object)
  expect(requests.map(({ method }) => method)).toEqual(['PUT'])
  expect(requests[0]?.headers).toMatchObject({
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': KEY_ID,
  })
})

test.each([
  ['nothing', undefined],
  ['another one', 'AES256'],
])('a store that confirms %s keeps nothing', async (_what, says) => {
  const { storage, requests } = await connect(says === undefined ? {} : { says })
  await expect(storage.put('default/plain.jpg', bytes, object)).rejects.toThrow('did not encrypt')
  expect(requests.map(({ method }) => method)).toEqual(['PUT', 'DELETE'])
})

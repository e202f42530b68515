import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { createStorage } from '../../src/platform/storage.ts'

const bytes = randomBytes(2_000)
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A store that returns `bytes`, and says that they are of `of`. */
async function connect(of: Uint8Array) {
  const server = createServer((_req, res) => {
    res.setHeader('x-amz-checksum-sha256', createHash('sha256').update(of).digest('base64'))
    res.end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const storage = createStorage({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publicEndpoint: undefined,
    region: 'us-east-2',
    bucket: 'documents',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'a secret of the test' },
  })
  closing.push(() => {
    storage.close()
    server.closeAllConnections()
    server.close()
  })
  return storage
}

test('an object is read whole or as a stream', async () => {
  const storage = await connect(bytes)
  expect(Buffer.from(await storage.get('default/a.jpg')).equals(bytes)).toBe(true)
  const { size, body } = await storage.open('default/a.jpg')
  expect(size).toBe(bytes.length)
  expect((await buffer(body)).equals(bytes)).toBe(true)
})

test('bytes that are not those of the checksum are an error, in a stream too', async () => {
  const storage = await connect(randomBytes(10))
  await expect(storage.get('default/a.jpg')).rejects.toThrow('Checksum mismatch')
  const { body } = await storage.open('default/a.jpg')
  await expect(buffer(body)).rejects.toThrow('Checksum mismatch')
})

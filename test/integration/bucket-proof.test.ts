import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startBackup } from '../../src/id-verification/backup.ts'
import { findVerification } from '../../src/id-verification/operations.ts'
import { createTokenCache } from '../../src/id-verification/vendors/tokens.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { createStorage, type Storage } from '../../src/platform/storage.ts'
import { connectImageVendor } from '../support/image-vendor.ts'
import { drawNoise } from '../support/images.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

type Fault = (headers: IncomingHttpHeaders) => IncomingHttpHeaders

/** Between the portal and its bucket: everything passes, but what a HEAD is answered is what `fault` makes of it. */
async function startLyingBucket(endpoint: string) {
  const { hostname, port } = new URL(endpoint)
  let fault: Fault | undefined
  let lies = 0
  const server = createServer((req, res) => {
    // The signature covers the Host header, so it stays as it came.
    const { method, url: path, headers } = req
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      const isLie = method === 'HEAD' && answer.statusCode === 200 && fault !== undefined
      if (isLie) lies++
      const answered = fault && isLie ? fault(answer.headers) : answer.headers
      res.writeHead(answer.statusCode ?? 502, answered)
      answer.pipe(res)
    })
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie(how: Fault | undefined) {
      fault = how
      lies = 0
    },
    countLies: () => lies,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let portal: TestPortal
let bucket: Awaited<ReturnType<typeof startLyingBucket>>
let vendor: Awaited<ReturnType<typeof connectImageVendor>>
let storage: Storage
let jobs: Jobs
let backup: Awaited<ReturnType<typeof startBackup>>
beforeAll(async () => {
  portal = await startPortal()
  bucket = await startLyingBucket(portal.s3Endpoint)
  vendor = await connectImageVendor(portal)
  const { db, sealer, vault, log } = portal.parts
  storage = createStorage({
    ...portal.config.s3,
    endpoint: bucket.endpoint,
    publicEndpoint: bucket.endpoint,
  })
  jobs = await createJobs(portal.config.database.url, log)
  backup = await startBackup({ db, sealer, storage, tokens: createTokenCache(), vault, jobs, log })
})
afterEach(() => bucket.lie(undefined))
afterAll(async () => {
  await jobs.stop()
  await backup.stop()
  storage.close()
  await bucket.close()
  await vendor.close()
  await portal.close()
})

async function approve(bytes: Uint8Array) {
  const resident = await addResident(portal.parts)
  const { id, sessionId } = await vendor.approve(resident.id, { face: bytes })
  await portal.db.begin((sql) =>
    jobs.enqueue(sql, 'list-images', { verificationId: id, attemptId: sessionId }),
  )
  return id
}
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as {
    imagesComplete: boolean
    images: { state: string; sha256: string | null }[]
  }
const failures = async (id: string) => {
  const [row] = await portal.db<{ output: { message?: string } | null }[]>`
    select job.output from pgboss.job join image on job.data->>'imageId' = image.id::text
    where image.verification_id = ${id} and job.output is not null`
  return row?.output?.message
}
const drawImage = async (seed: number) => await drawNoise({ seed }).jpeg().toBuffer()

const OTHER = createHash('sha256').update('other bytes').digest()
const without = (headers: IncomingHttpHeaders, ...names: string[]) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))

describe('an image counts as backed up only when the bucket proves what it holds', () => {
  test.each<[string, Fault, string]>([
    [
      'another size',
      (headers) => ({
        ...headers,
        'content-length': String(Number(headers['content-length']) - 1),
      }),
      'the stored object differs from the uploaded bytes',
    ],
    [
      'another digest',
      (headers) => ({
        ...headers,
        'x-amz-checksum-sha256': OTHER.toString('base64'),
        'x-amz-meta-sha256': OTHER.toString('hex'),
      }),
      'the stored object differs from the uploaded bytes',
    ],
    [
      'no digest',
      (headers) => without(headers, 'x-amz-checksum-sha256', 'x-amz-meta-sha256'),
      'the bucket reports no SHA-256',
    ],
  ])('%s is an error, and the image waits', async (what, fault, message) => {
    const bytes = await drawImage(what.length)
    bucket.lie(fault)
    const id = await approve(bytes)
    expect(await eventually(() => failures(id))).toContain(message)
    expect(bucket.countLies()).toBeGreaterThan(0)
    const waiting = await read(id)
    expect(waiting.imagesComplete).toBe(false)
    expect(waiting.images.map(({ state }) => state)).toEqual(['pending'])

    bucket.lie(undefined)
    await portal.db`update pgboss.job set start_after = now() where state = 'retry'`
    const stored = await eventually(async () => {
      const now = await read(id)
      return now.imagesComplete ? now : undefined
    })
    expect(stored.images).toMatchObject([
      { state: 'stored', sha256: createHash('sha256').update(bytes).digest('hex') },
    ])
  })
})

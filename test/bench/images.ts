import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import sharp from 'sharp'
import type { AppContext } from '../../src/context.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { drawImage } from '../../src/local/sandbox/images.ts'
import { inventPerson } from '../../src/local/sandbox/specimen.ts'
import { createJobs } from '../../src/platform/jobs.ts'

const EACH = 3

/** A bucket and a vendor for the measured workers; the vendor delays each response by `delayMs`. */
export async function startImageSource(given: {
  delayMs: number
  bucket: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}) {
  const dir = await mkdtemp(join(tmpdir(), 'portal-bench-s3-'))
  const { bucket, region, credentials } = given
  const s3 = await startS3Server({
    dir,
    port: 0,
    bucket,
    region,
    credentials,
    production: false,
  })
  const apiKey = randomUUID()
  const secret = randomUUID()
  const drawn = await drawImage(inventPerson('benchmark'), 'documentFront', 'jpeg')
  const jpeg = await sharp(drawn).resize(1200).jpeg({ quality: 80 }).toBuffer()
  let delayMs = given.delayMs
  const server = createServer((req, res) => {
    const id =
      (req.url ?? '').split('/').at(-1) === 'media' ? (req.url ?? '').split('/').at(-2) : ''
    const images = ['document-front', 'document-back', 'face'].map((context) => ({
      id: randomUUID(),
      context,
      size: jpeg.length,
    }))
    const body = id ? Buffer.from(JSON.stringify({ status: 'success', images })) : jpeg
    setTimeout(() => {
      res.setHeader('X-HMAC-SIGNATURE', createHmac('sha256', secret).update(body).digest('hex'))
      res.end(body)
    }, delayMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: s3.endpoint,
    imageBytes: jpeg.length,
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    secret,
    answerAfter(milliseconds: number) {
      delayMs = milliseconds
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await s3.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Creates approved verifications of three images each, with their jobs. Resolves when all images are in the bucket. */
export async function backUp(
  parts: AppContext,
  source: Awaited<ReturnType<typeof startImageSource>>,
  images: number,
  onTick: () => Promise<void> = async () => {},
) {
  const { db, sealer, config, log } = parts
  await setVendorIntegration(db, sealer, {
    vendor: 'veriff',
    baseUrl: source.baseUrl,
    apiKey: source.apiKey,
    secret: source.secret,
  })
  const round = randomUUID()
  const rows = await db<{ id: string; attemptId: string }[]>`
    insert into verification (tenant, vendor, integration, vendor_session_id, status, attempt_id)
    select 'bench', 'veriff', 'default', ${round} || '-' || number, 'approved', gen_random_uuid()::text
    from generate_series(1, ${Math.ceil(images / EACH)}) number
    returning id, attempt_id`
  const jobs = await createJobs(config.database.url, log)
  await db.begin(async (sql) => {
    for (const { id, attemptId } of rows)
      await jobs.enqueue(sql, 'list-images', { verificationId: id, attemptId })
  })
  const began = performance.now()
  const wanted = rows.length * EACH
  for (;;) {
    const [{ stored, objects } = { stored: 0, objects: 0 }] = await db<
      { stored: number; objects: number }[]
    >`
      select count(*) filter (where state = 'stored')::int as stored, count(distinct object_key)::int as objects
      from image join verification on verification.id = verification_id
      where vendor_session_id like ${`${round}-%`}`
    await onTick()
    if (stored === wanted) {
      await jobs.stop()
      return { images: wanted, objects, seconds: (performance.now() - began) / 1000 }
    }
    await wait(250)
  }
}

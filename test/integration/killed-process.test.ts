import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import { openEmbedded } from '../../src/local/embedded/data-dir.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import { type Db, openDb } from '../../src/platform/db.ts'
import { createLog } from '../../src/platform/log.ts'
import { DOCUMENT, PASSWORD } from '../support/portal.ts'
import { kill, test } from '../support/program.ts'
import { eventually } from '../support/sandbox.ts'

/** Waits until this is so in the database of the running server. A command each time would take long. */
async function untilStored(dataDir: string, isStored: (db: Db) => Promise<boolean>): Promise<void> {
  const embedded = await openEmbedded({
    dataDir,
    log: createLog('silent'),
    mode: 'attach-or-own',
    postgres: true,
    s3: true,
    production: false,
  })
  const db = openDb(embedded.database?.url ?? '', { connections: 1 })
  try {
    await eventually(() => isStored(db))
  } finally {
    await db.end()
    await embedded.close()
  }
}

describe.concurrent('each killed for itself:', () => {
  test.for([
    ['between the 200 and the backup', 'retry', { times: 1_000_000, delayInMs: 0, status: 503 }],
    // Its job is taken and under way: it must be given to another, within a minute.
    ['in the middle of the backup', 'active', { times: 1_000_000, delayInMs: 120_000 }],
  ] as const)(
    'killed %s, it finishes the backup after a restart, once',
    async ([, jobState, fault], { program }) => {
      const { serve, json, dataDir } = program
      const first = await serve()
      const apiKey = randomUUID()
      const sharedSecret = randomUUID()
      const vendor = await startVeriffSandbox({
        port: 0,
        apiKey,
        sharedSecret,
        webhookUrl: `${first.url}/webhooks/veriff`,
        person: DOCUMENT,
      })
      try {
        // The operator's commands, beside the running server.
        const [, resident] = await Promise.all([
          json(
            [
              'vendor',
              'set',
              'veriff',
              '--base-url',
              vendor.url,
              '--api-key',
              apiKey,
              '--secret-stdin',
            ],
            {},
            sharedSecret,
          ),
          json(
            [
              'resident',
              'create',
              '--email',
              'ana@example.test',
              '--given-name',
              'Ana',
              '--surname',
              'Mejia',
              '--password-stdin',
            ],
            {},
            PASSWORD,
          ),
        ])
        const started = await json([
          'verification',
          'start',
          '--vendor',
          'veriff',
          '--resident',
          resident.id,
        ])
        expect(started.url).toMatch(/^http/)

        // The vendor sends its decision, and its images cannot be had: the 200 is all there is.
        await vendor.misbehave({ api: fault })
        await vendor.complete(started.vendorSessionId, 'approved')
        await vendor.settled(60_000)
        await untilStored(dataDir, async (db) => {
          const jobs = await db`
            select from pgboss.job where name = 'list-images' and state = ${jobState}`
          return (
            (await findVerification(db, started.id))?.status === 'approved' && jobs.length === 1
          )
        })
        await kill(first.child, 'SIGKILL')

        await vendor.misbehave({})
        await serve()
        const restarted = Date.now()
        await untilStored(
          dataDir,
          async (db) => (await findVerification(db, started.id))?.imagesComplete === true,
        )
        expect(Date.now() - restarted).toBeLessThan(60_000)
        const shown = await json(['verification', 'show', started.id])
        expect(shown).toMatchObject({ status: 'approved', imagesComplete: true })
        const media =
          (await vendor.findSession(started.vendorSessionId))?.attempts.at(-1)?.media ?? []
        expect(shown.images.map(({ sha256 }: { sha256: string }) => sha256).sort()).toEqual(
          media.map(({ sha256 }) => sha256).sort(),
        )
        expect(
          shown.decisions.filter(({ status }: { status: string }) => status === 'approved'),
        ).toHaveLength(1)
      } finally {
        await vendor.close()
      }
    },
  )
})

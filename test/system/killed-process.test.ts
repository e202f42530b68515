import { describe, expect } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import { createDatabase } from '../support/database.ts'
import { startDeployment } from '../support/deployment.ts'
import { kill, test } from '../support/program.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

/** A database of the test cluster, and a bucket of its own. */
const openDeployment = () =>
  startDeployment(async (deployment) => deployment, {
    startDatabase: async () => {
      const { url, drop } = await createDatabase()
      return { url, stop: drop }
    },
  })

describe.concurrent('each killed for itself:', () => {
  test.for([
    ['between the 200 and the backup', 'retry', { times: 1_000_000, delayInMs: 0, status: 503 }],
    // Its job is taken and under way: it must be given to another, within a minute.
    ['in the middle of the backup', 'active', { times: 1_000_000, delayInMs: 120_000 }],
  ] as const)(
    'killed %s, it finishes the backup after a restart, once',
    async ([, jobState, fault], { program: { serve, json }, onTestFinished }) => {
      const { env, parts, close } = await openDeployment()
      onTestFinished(close)
      const { db } = parts
      const first = await serve(env)
      const portal = { parts, db, url: first.url, issuer: first.url }
      const { sandbox: vendor, start } = await connectSandbox(portal)
      onTestFinished(() => vendor.close())
      const { id, sessionId } = await start()

      // The vendor sends its decision, and its images cannot be had: the 200 is all there is.
      await vendor.misbehave({ api: fault })
      await vendor.complete(sessionId, 'approved')
      await vendor.settled(60_000)
      await eventually(async () => {
        const jobs = await db`
          select from pgboss.job where name = 'list-images' and state = ${jobState}`
        return (await findVerification(db, id))?.status === 'approved' && jobs.length === 1
      })
      await kill(first.child, 'SIGKILL')

      await vendor.misbehave({})
      await serve(env)
      const restarted = Date.now()
      await eventually(async () => (await findVerification(db, id))?.imagesComplete === true)
      expect(Date.now() - restarted).toBeLessThan(60_000)
      const shown = await json(['verification', 'show', id], env)
      expect(shown).toMatchObject({ status: 'approved', imagesComplete: true })
      const media = (await vendor.findSession(sessionId))?.attempts.at(-1)?.media ?? []
      expect(shown.images.map(({ sha256 }: { sha256: string }) => sha256).sort()).toEqual(
        media.map(({ sha256 }) => sha256).sort(),
      )
      expect(
        shown.decisions.filter(({ status }: { status: string }) => status === 'approved'),
      ).toHaveLength(1)
    },
  )
})

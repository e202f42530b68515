import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { startLoop } from '../../src/platform/loop.ts'
import { startPulse } from '../../src/platform/pulse.ts'
import { isOperatorActionDue, recordOperatorAction } from '../../src/web/security-events.ts'
import { createDatabase } from '../support/database.ts'

const HOUR = 3600_000

let database: Awaited<ReturnType<typeof createDatabase>>
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.drop())

/** A loop that runs only when it is woken, and the promise of its next run. */
function sleepingLoop() {
  let run: (value: string) => void
  const ran = new Promise<string>((resolve) => {
    run = resolve
  })
  const loop = startLoop(
    { event: 'unused', pauseMs: HOUR, firstAfterMs: HOUR, log: createLog('error') },
    async () => run('ran'),
  )
  return { loop, ran }
}

test('wakes the loops whose work is due, and no others', async () => {
  const { db } = database
  const [due, other] = [sleepingLoop(), sleepingLoop()]
  const pulse = startPulse({ db, log: createLog('error') }, [
    { isDue: isOperatorActionDue, loops: [due.loop] },
    { isDue: (sql) => sql`select false`, loops: [other.loop] },
  ])
  pulse.runNow()
  await db`select 1`
  await recordOperatorAction(db, { action: 'test', subject: undefined })
  pulse.runNow()
  expect(await Promise.race([due.ran, other.ran.then(() => 'the other')])).toBe('ran')
  await Promise.all([pulse, due.loop, other.loop].map((each) => each.stop()))
})

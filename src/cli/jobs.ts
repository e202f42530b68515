import type { AppContext } from '../context.ts'
import type { Jobs } from '../platform/jobs.ts'

/** Opens the queue for as long as `work` needs it. */
export async function withJobs<T>(
  { runtime, log }: Pick<AppContext, 'runtime' | 'log'>,
  work: (jobs: Jobs) => Promise<T>,
): Promise<T> {
  const { createJobs } = await import('../platform/jobs.ts')
  const jobs = await createJobs(runtime.databaseUrl, log)
  try {
    return await work(jobs)
  } finally {
    await jobs.stop()
  }
}

import type { AppContext } from '../context.ts'
import type { Jobs } from '../platform/jobs.ts'

/** Opens the queue for as long as `work` needs it. */
export async function withJobs<T>(
  { config, log }: Pick<AppContext, 'config' | 'log'>,
  work: (jobs: Jobs) => Promise<T>,
): Promise<T> {
  const { createJobs } = await import('../platform/jobs.ts')
  const jobs = await createJobs(config.database.url, log, config.pools)
  try {
    return await work(jobs)
  } finally {
    await jobs.stop()
  }
}

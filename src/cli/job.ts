import { defineCommand, type Noun, requireFound, requireId } from './command.ts'

const load = () => import('../platform/jobs.ts')

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the newest 500 jobs that have used up their tries',
  examples: ['job list'],
  columns: ['id', 'queue', 'tries', 'failedAt', 'error'],
  run: async ({ db }) => (await load()).listFailedJobs(db),
})

const retry = defineCommand({
  summary: 'Try a job again that has used up its tries',
  arguments: { '<id>': 'the id of the job' },
  examples: ['job retry ID'],
  async run({ db }, _values, args) {
    const id = requireId(args, 'job')
    requireFound(await (await load()).retryFailedJob(db, id), 'job that has used up its tries')
    return { id, state: 'retry' }
  },
})

export const job: Noun = { summary: 'Background work', commands: { list, retry } }

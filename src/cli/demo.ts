import { defineCommand } from './command.ts'

export const demo = defineCommand({
  summary: 'Serve with a resident, an application and a vendor to try it with (`npm run demo`)',
  options: { check: { text: 'go the whole way without a person, and end' } },
  examples: ['demo', 'demo --check'],
})

import { defineCommand } from './command.ts'

export const serve = defineCommand({
  summary: 'Serve the portal, or work for it, as ROLE says (`npm start`)',
  examples: ['serve'],
})

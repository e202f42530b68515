import { HelpAsked, print, readCommand, UsageError } from './cli/commands.ts'
import { loadConfig } from './config.ts'
import { open } from './open.ts'
import { FindingsError, OperatorError } from './platform/errors.ts'
import { createLog } from './platform/log.ts'
import { serve } from './serve.ts'
import { escapeForTerminal } from './web/displayed-text.ts'

/** Resolves at the first signal to end the process; a second signal ends it at once. */
function shutdownSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(130))
        resolve(signal)
      })
  })
}

async function main(words: string[]): Promise<void> {
  const [first] = words
  if (first === 'serve') {
    const started = performance.now()
    const served = await serve(process.env)
    const { server, config } = served
    process.stdout.write(
      server
        ? `Identity portal is ready at ${server.issuer} (listening on ${server.url}, ${seconds(started)})\n`
        : `Identity portal worker is ready (${seconds(started)})\n`,
    )
    if (!config.databaseUrl)
      process.stdout.write(`Data is kept in ${config.dataDir}. Stop with Ctrl-C.\n`)
    await shutdownSignal()
    await served.close()
    return
  }
  if (first === 'demo') {
    const { demo } = await import('./local/demo.ts')
    await demo(words.slice(1), serve, shutdownSignal, process.env)
    return
  }
  const command = readCommand(words)
  const config = loadConfig(process.env)
  const parts = await open(config, createLog('error'), 'attach-or-own')
  try {
    process.stdout.write(command.print(await command.run({ ...parts, issuer: config.issuer })))
  } finally {
    await parts.close()
  }
}

/** Errors may quote what somebody else wrote. */
function writeError(message: string): void {
  process.stderr.write(`${escapeForTerminal(message, { lines: true })}\n`)
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof HelpAsked) process.stdout.write(error.message)
  else if (error instanceof UsageError) {
    writeError(error.message)
    process.exitCode = 2
  } else if (error instanceof OperatorError) {
    if (error instanceof FindingsError && process.argv.includes('--json'))
      process.stdout.write(print(error.findings, true))
    writeError(error.message)
    process.exitCode = 1
  } else {
    writeError(String(error instanceof Error ? error.stack : error))
    process.exitCode = 1
  }
}

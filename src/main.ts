import { constants } from 'node:os'
import { HelpRequested, UsageError } from './cli/command.ts'
import { type Invocation, readCommand } from './cli/commands.ts'
import { formatAnswer } from './cli/output.ts'
import type { Config } from './config.ts'
import type { AppContext } from './context.ts'
import { FindingsError, OperatorError, UnknownKeyError } from './platform/errors.ts'
import { escapeForTerminal } from './web/terminal-text.ts'

// What is heavy is imported where it is needed: help and wrong usage are answered at once.

/** Resolves when the process is asked to end; a second signal ends it at once. */
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
  const command = readCommand(words)
  const { ensureHome } = await import('./platform/home.ts')
  ensureHome(process.env)
  if (command.name === 'serve') await runServer()
  else if (command.name === 'demo') await runDemo(command.values.check === true)
  else await runCommand(command)
}

async function runServer(): Promise<void> {
  const started = performance.now()
  const asked = shutdownSignal()
  // As process 1 of a container it would ignore a signal without a handler. Nothing was promised yet, so nothing is finished.
  let isReady = false
  void asked.then((signal) => {
    if (!isReady) process.exit(128 + constants.signals[signal])
  })
  const { serve } = await import('./serve.ts')
  const served = await serve(process.env)
  const { server, context } = served
  isReady = true
  process.stdout.write(
    server
      ? `Identity portal is ready at ${server.issuer} (listening on ${server.url}, ${seconds(started)})\n`
      : `Identity portal worker is ready (${seconds(started)})\n`,
  )
  if (served.sandbox) process.stdout.write(`Its sandbox is at ${served.sandbox.issuer}\n`)
  if (context.isDatabaseEmbedded)
    process.stdout.write(`Data is kept in ${context.config.dataDir}. Stop with Ctrl-C.\n`)
  if (server) {
    const { describeFirstRun } = await import('./cli/first-run.ts')
    const { issuer } = server
    const isTerminal = process.stdout.isTTY === true
    process.stdout.write(await describeFirstRun(context.db, { issuer, isTerminal }))
  }
  endWithin(context.config.shutdownSeconds, await asked)
  await served.close()
}

/** Ends the process when closing takes longer, because a database, a bucket or a caller does not answer. */
function endWithin(limitSeconds: number, signal: NodeJS.Signals): void {
  setTimeout(() => {
    writeError(
      `${signal}: not everything was closed within ${limitSeconds} seconds (SHUTDOWN_SECONDS).`,
    )
    process.exit(1)
  }, limitSeconds * 1000).unref()
}

async function runDemo(check: boolean): Promise<void> {
  const { serve } = await import('./serve.ts')
  const { demo } = await import('./local/demo/demo.ts')
  await demo({ check, serve, shutdownSignal, env: process.env })
}

// `doctor` says what is missing, and `migrate` adds it.
const WITHOUT_SCHEMA = ['migrate', 'doctor']

/** Runs an operator's command over the context of the environment. Only `migrate` changes the schema. */
async function runCommand(command: Invocation): Promise<void> {
  const { loadConfig } = await import('./config.ts')
  const { open } = await import('./open.ts')
  const { createLog } = await import('./platform/log.ts')
  const isSandbox = command.values.sandbox === true
  const config = readCommandConfig(loadConfig, { isSandbox })
  const context = await open(config, createLog('error'), {
    mode: 'attach-or-own',
    schema: WITHOUT_SCHEMA.includes(command.name) ? 'leave' : 'require',
  })
  let sandbox: AppContext | undefined
  try {
    if (isSandbox) sandbox = await context.openSandbox?.()
    if (isSandbox && !sandbox)
      throw new OperatorError('There is no sandbox: SANDBOX_PORT is not set.')
    const [own, other] = isSandbox ? [config.sandbox, config] : [config, config.sandbox]
    const answer = await command.run({
      ...(sandbox ?? context),
      issuer: own?.issuer,
      otherIssuer: other?.issuer,
      openSandbox: isSandbox ? undefined : context.openSandbox,
    })
    // Some terminals do not tell their width.
    const width = process.stdout.isTTY ? process.stdout.columns || 80 : undefined
    process.stdout.write(command.format(answer, width))
  } finally {
    await sandbox?.close()
    await context.close()
  }
}

/** The embedded sandbox needs no configuration, so a command finds it wherever it is served, as by the demo. */
function readCommandConfig(
  load: (env: NodeJS.ProcessEnv) => Config,
  { isSandbox }: { isSandbox: boolean },
): Config {
  const config = load(process.env)
  return isSandbox && !config.sandbox && !config.database
    ? load({ ...process.env, SANDBOX_PORT: '0' })
    : config
}

/** Errors may quote what somebody else wrote. */
function writeError(message: string): void {
  process.stderr.write(`${escapeForTerminal(message, { lines: true })}\n`)
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof HelpRequested) process.stdout.write(error.message)
  else if (error instanceof UsageError) {
    writeError(error.message)
    process.exitCode = 2
  } else if (error instanceof OperatorError || error instanceof UnknownKeyError) {
    if (error instanceof FindingsError && process.argv.includes('--json'))
      process.stdout.write(formatAnswer(error.findings, { json: true }))
    writeError(error.message)
    process.exitCode = 1
  } else {
    writeError(String(error instanceof Error ? error.stack : error))
    process.exitCode = 1
  }
}

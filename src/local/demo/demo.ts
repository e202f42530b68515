import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { loadConfig } from '../../config.ts'
import { startVerification } from '../../id-verification/operations.ts'
import { listVerifications } from '../../id-verification/store.ts'
import { OperatorError } from '../../platform/errors.ts'
import { requireFreePort } from '../../platform/listen.ts'
import { setPolicy } from '../../platform/policies.ts'
import type { Served } from '../../serve.ts'
import type { VeriffSandbox } from '../sandbox/veriff-control.ts'
import { startBank } from './bank.ts'
import { runEndToEndCheck } from './check.ts'
import { ANA, findOrCreateResident, LUIS, PASSWORD } from './people.ts'
import { startVendor, waitForImages, withIssuer } from './vendor.ts'

const print = (line = '') => process.stdout.write(`${line}\n`)

type Environment = NodeJS.ProcessEnv
type DemoOptions = {
  check: boolean
  serve(env: Environment): Promise<Served>
  shutdownSignal(): Promise<unknown>
  env: Environment
}

// The demo application listens on this machine.
const SHARED = { OUTBOUND_ALLOW: '127.0.0.1/32,::1/128' }

/** Starts the portal with two residents, an application and a sandbox vendor. `check` runs the whole flow by program and ends. */
export async function demo({ check, serve, shutdownSignal, env }: DemoOptions): Promise<void> {
  if (check) return await withOwnDirectory((own) => runCheck(serve, { ...SHARED, ...env, ...own }))
  const addresses = addressesOf(env)
  await requireFreePort(addresses)
  print(styleText('dim', 'starting PostgreSQL, the S3 server and the portal …'))
  const sandbox = addresses.port ? { SANDBOX_PORT: String(addresses.port + 3) } : {}
  const served = await serve({ LOG_LEVEL: 'warn', ...SHARED, ...sandbox, ...env })
  try {
    await runDemo(served, shutdownSignal)
  } finally {
    await served.close()
  }
}

/** The portal's port and the three after it: the application's, the vendor's and the sandbox's. */
function addressesOf(env: Environment) {
  const { host, port } = loadConfig(env)
  if (port > 65_532) throw new OperatorError('The demo needs four ports: PORT is 65532 or less.')
  return { host, port, count: 4, variable: 'PORT', command: 'npm run demo' }
}

async function runCheck(serve: DemoOptions['serve'], env: Environment) {
  print(styleText('dim', 'starting PostgreSQL, the S3 server and the portal …'))
  const served = await serve(env)
  try {
    await runEndToEndCheck(served)
  } finally {
    await served.close()
  }
}

const NO_SANDBOX = {
  SANDBOX_PORT: '',
  SANDBOX_ISSUER: '',
  SANDBOX_DATABASE_URL: '',
  SANDBOX_MIGRATION_DATABASE_URL: '',
  SANDBOX_S3_BUCKET: '',
}

/** Runs `work` with free ports and an empty data directory, so that another portal can run meanwhile. */
async function withOwnDirectory(work: (own: Environment) => Promise<void>) {
  const directory = await mkdtemp(join(tmpdir(), 'portal-check-'))
  try {
    await work({
      PORT: '0',
      METRICS_PORT: '',
      ...NO_SANDBOX,
      LOG_LEVEL: 'error',
      DATA_DIR: join(directory, 'data'),
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function runDemo(served: Served, shutdownSignal: () => Promise<unknown>) {
  const { context, server } = served
  if (!server) throw new OperatorError('The demo needs ROLE=all.')
  const { port } = context.config
  const vendor = await startVendor(served, port && port + 2)
  await setPolicy(context.db, 'sign-up', 'open')
  const ana = await findOrCreateResident(served, ANA)
  await findOrCreateResident(served, LUIS)
  await verifyOnce(served, vendor, ana.id)
  const application = await startBank(served, server.issuer, port ? port + 1 : 3001)
  printAddresses({
    application: application.url.replace('127.0.0.1', 'localhost'),
    portal: server.issuer,
    vendor: vendor.url.replace('127.0.0.1', 'localhost'),
    sandbox: served.sandbox?.issuer,
    dataDir: context.config.dataDir,
  })
  await shutdownSignal()
  await application.close()
  await vendor.close()
}

/** Has the resident verified, unless a former run did. */
async function verifyOnce(served: Served, vendor: VeriffSandbox, accountId: string) {
  if ((await listVerifications(served.context.db, accountId)).length > 0) return
  const first = await startVerification(withIssuer(served), { vendor: 'veriff', accountId })
  await vendor.complete(first.vendorSessionId, 'approved')
  await waitForImages(served, accountId, first.id)
}

function printAddresses(given: {
  application: string
  portal: string
  vendor: string
  sandbox: string | undefined
  dataDir: string
}) {
  const { application, portal, vendor, sandbox, dataDir } = given
  const entry = (name: string, value: string) =>
    print(`  ${styleText('bold', name.padEnd(13))} ${value}`)
  print()
  print('The identity portal and its demo are running. Open in a browser:')
  print()
  entry('Application', `${application}   a bank that asks to see an identity document: begin here`)
  entry('Portal', `${portal}   the resident’s page: documents, and who may see them`)
  entry('Mails', `${portal}/outbox   mails are shown here, because no mail server is configured`)
  entry('Vendor', `${vendor}   decides in the place of a company that verifies identities`)
  if (sandbox) {
    entry(
      'Developers',
      `${portal}/developers   applications of your own: begin here as a developer`,
    )
    entry('Sandbox', `${sandbox}   invented people for those applications: sign in as any of them`)
  }
  print()
  entry('Sign in as', `${ANA.email}   was verified`)
  entry('or as', `${LUIS.email}   is not verified yet`)
  entry('Password', `${PASSWORD}   for both`)
  print('  Or choose "Create an account" on the sign-in page; its mail is among the mails.')
  print()
  print(styleText('dim', `Data is stored in ${dataDir}. Stop with Ctrl-C.`))
}

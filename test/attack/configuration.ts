import { spawn } from 'node:child_process'
import { randomSecret } from '../../src/platform/secrets.ts'
import { type Attack, control, judge } from './runner.ts'
import { MAIN, type Target } from './target.ts'

/** How the process exits in production when only `change` is wrong; its addresses do not exist. */
async function start(change: Record<string, string>): Promise<{ status: number; said: string }> {
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      ROLE: 'worker',
      LOG_LEVEL: 'error',
      ISSUER: 'https://id.test',
      // Nothing listens there.
      DATABASE_URL: 'postgres://portal:portal@127.0.0.1:9/portal',
      S3_BUCKET: 'documents',
      S3_ENDPOINT: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'portal@id.test',
      COOKIE_KEYS: randomSecret(),
      ENCRYPTION_KEY: randomSecret(),
      ...change,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const listen = (lines: Buffer) => {
    said += lines
    // The process started: end it.
    if (/ is ready/.test(said)) child.kill()
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  // More than a start takes on a busy machine, where all of these are at once.
  const late = setTimeout(() => child.kill('SIGKILL'), 120_000)
  const status = await new Promise<number>((resolve) =>
    child.once('exit', (code) => resolve(code ?? -1)),
  )
  clearTimeout(late)
  return { status, said }
}

const ZERO = Buffer.alloc(32).toString('base64url')
const SAME = randomSecret()

const WEAK: Record<string, Record<string, string>> = {
  'an http: issuer': { ISSUER: 'http://id.test' },
  'no issuer': { ISSUER: '' },
  'a database without TLS': { DATABASE_URL: 'postgres://u:p@db.test/portal?sslmode=disable' },
  'a database that may go without TLS': {
    DATABASE_URL: 'postgres://u:p@db.test/portal?sslmode=prefer',
  },
  'the embedded database': { DATABASE_URL: '' },
  'an http: bucket': { S3_ENDPOINT: 'http://s3.test' },
  'http: links': { S3_PUBLIC_ENDPOINT: 'http://s3.test' },
  'the outbox': { SMTP_URL: '' },
  'a cookie key of zeros': { COOKIE_KEYS: ZERO },
  'an encryption key of zeros': { ENCRYPTION_KEY: ZERO },
  'one key for both': { COOKIE_KEYS: SAME, ENCRYPTION_KEY: SAME },
  'everybody as a proxy': { TRUSTED_PROXIES: '0.0.0.0/0' },
  'no word about proxies': { ROLE: 'web' },
  'a misspelt variable': { TRUSTED_PROXY: '10.0.0.7' },
  'a short key': { ENCRYPTION_KEY: 'c2hvcnQ' },
}

export const configurationAttacks: Attack<Target>[] = [
  {
    area: 'configuration',
    name: 'a production portal starts with a weak configuration',
    async run() {
      const sound = await start({})
      control(
        !/The configuration has/.test(sound.said),
        'a sound configuration is not complained of',
      )
      const ends = await Promise.all(
        Object.entries(WEAK).map(async ([what, change]) => ({ what, ...(await start(change)) })),
      )
      const started = ends.flatMap(({ what, status, said }) =>
        status === 1 && /The configuration has/.test(said) ? [] : [what],
      )
      return judge([started.length > 0, `not refused: ${started.join(', ')}`])
    },
  },
]

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chooseUser } from '../../src/local/embedded/processes.ts'
import { findFreePorts } from './ports.ts'
import { eventually } from './sandbox.ts'

const PROGRAM = '/usr/sbin/pgbouncer'

/** PgBouncer of the system's package, in front of a server on this machine. Throws when it is not installed. */
export async function startPgBouncer(given: {
  /** An address of the server. */
  target: string
  /** Addresses of the users that it admits, each with the password. */
  urls: readonly string[]
  poolMode: 'transaction'
  /** For each user and database. */
  poolSize: number
}) {
  const { urls, poolMode, poolSize } = given
  await stat(PROGRAM).catch(() => {
    throw new Error(`PgBouncer is not installed (${PROGRAM}): apt-get install pgbouncer`)
  })
  const { stdout } = await promisify(execFile)(PROGRAM, ['--version'])
  const dir = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  const [port = 0] = await findFreePorts(1)
  const target = new URL(given.target)
  const users = join(dir, 'users.txt')
  const config = join(dir, 'pgbouncer.ini')
  const quoted = (text: string) => `"${decodeURIComponent(text).replaceAll('"', '""')}"`
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    pool_mode: poolMode,
    default_pool_size: poolSize,
    max_client_conn: 500,
    // A server that was away is tried again after this many seconds (default: 15).
    server_login_retry: 1,
  }
  await writeFile(
    users,
    urls
      .map((url) => new URL(url))
      .map(({ username, password }) => `${quoted(username)} ${quoted(password)}\n`)
      .join(''),
  )
  await writeFile(
    config,
    `[databases]\n* = host=${target.hostname} port=${target.port}\n[pgbouncer]\n${Object.entries(
      lines,
    )
      .map(([name, value]) => `${name} = ${value}\n`)
      .join('')}`,
  )
  const { user } = await chooseUser(dir, [])
  if (user) for (const path of [dir, users, config]) await chown(path, user.uid, user.gid)
  await chmod(users, 0o600)

  let said = ''
  let child: ChildProcess | undefined
  async function start() {
    const started = spawn(PROGRAM, [config], { ...user, stdio: ['ignore', 'ignore', 'pipe'] })
    child = started
    started.stderr.on('data', (lines) => {
      said = (said + lines).slice(-4_000)
    })
    let isListening = false
    started.stderr.on('data', (lines) => {
      isListening ||= /process up/.test(String(lines))
    })
    await eventually(async () => {
      if (started.exitCode !== null) throw new Error(`PgBouncer ended: ${said}`)
      return isListening
    })
  }
  async function stop() {
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child?.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  await start()
  return {
    version: /PgBouncer (\S+)/.exec(stdout)?.[1] ?? 'unknown',
    /** The same address, through the pooler. */
    through: (url: string) => Object.assign(new URL(url), { port: String(port) }).href,
    async restart() {
      await stop()
      await start()
    },
    async close() {
      await stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

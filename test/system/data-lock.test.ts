import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from 'vitest'
import { openEmbedded } from '../../src/local/embedded/data-dir.ts'
import {
  findLock,
  type LockPlace,
  queryOwner,
  takeLock,
} from '../../src/local/embedded/data-lock.ts'
import { readLockKey } from '../../src/local/embedded/lock-proof.ts'
import { createLog } from '../../src/platform/log.ts'
import { kill } from '../support/program.ts'
import { eventually } from '../support/sandbox.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534
const OWNER = { pid: 1, mode: 'own' as const, databasePort: 5432 }

type CleanUp = (clean: () => void | Promise<void>) => void

/** Tests with a data directory of their own. Some wait for a time limit, so they run at the same time. */
const test = base.extend<{ place: LockPlace }>({
  place: async ({ onTestFinished }, use) => {
    const dir = await mkdtemp(join(tmpdir(), 'portal-lock-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await chmod(dir, 0o711)
    await use(await findLock(dir))
  },
}).concurrent

async function takeFree(place: LockPlace) {
  const lock = await takeLock(place)
  if (!lock) throw new Error('somebody holds the lock of a new directory')
  return lock
}

/** The owner's answer. It has five seconds to prove itself, which a process does not always get on a busy machine. */
const answered = (place: LockPlace) => eventually(() => queryOwner(place))

const attach = ({ dir }: LockPlace) =>
  openEmbedded({
    dataDir: dir,
    log: createLog('silent'),
    mode: 'attach-or-own',
    postgres: true,
    s3: true,
    production: false,
  })

/** A program of another user, where there can be one; what it prints. */
function runAsOther(onTestFinished: CleanUp, script: string, args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, '--', ...args], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  }) as ChildProcess & { stdout: NodeJS.ReadableStream }
  // Only then: the name that it may hold is one of the directory's inode, which another directory gets next.
  onTestFinished(() => kill(child, 'SIGKILL'))
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  return {
    printed: () => printed,
    line: async (pattern: RegExp) => {
      while (!pattern.test(printed))
        await new Promise((resolve) => child.stdout.once('data', resolve))
      return printed
    },
  }
}

/** Takes the lock's name and says that its own port is the database's: at once, or as whoever asks expects it. */
const IMPOSTOR = `
  import { createServer } from 'node:net'
  const [address, how] = process.argv.slice(1)
  const database = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => console.log('database', bytes.toString('latin1')))
  })
  database.listen(0, '127.0.0.1', () => {
    const { port } = database.address()
    const owner = JSON.stringify({ pid: process.pid, mode: 'own', databasePort: port, s3Endpoint: 'http://127.0.0.1:' + port })
    createServer((socket) => {
      socket.on('error', () => {})
      if (how === 'at once') socket.end(owner)
      socket.on('data', (bytes) => {
        console.log('lock', bytes.toString('latin1'))
        if (how === 'with a proof') socket.write('0'.repeat(32) + ' ' + '0'.repeat(64) + '\\n')
        if (how === 'with an echo') socket.write(bytes)
      })
    }).listen(address.replace('@', '\\0'), () => console.log('ready'))
  })`

test.for(['at once', 'with a proof', 'with an echo', 'never'])(
  'a program of another user that took the lock and answers %s is sent nothing, and is named',
  async (how, { place, onTestFinished }) => {
    const address = place.address.replace('\0', '@')
    const impostor = runAsOther(onTestFinished, IMPOSTOR, [address, how])
    await impostor.line(/ready/)
    expect(await queryOwner(place)).toBe('unproven')
    // It goes on asking for a while, so once is enough.
    if (how === 'at once')
      await expect(attach(place)).rejects.toThrow(/is held by a program that does not prove/)
    expect(impostor.printed()).not.toContain('database')
    const key = await readFile(join(place.dir, 'lock.key'))
    for (const secret of [key.toString('hex'), key.toString('latin1')])
      expect(impostor.printed()).not.toContain(secret)
  },
)

test('who can read the key is told where the parts are, also when it asked before they had started', async ({
  place,
  onTestFinished,
}) => {
  const lock = await takeLock(place)
  onTestFinished(() => lock?.release())
  expect(await takeLock(place)).toBeUndefined()
  const asked = queryOwner(place)
  lock?.announce(OWNER)
  expect(await asked).toEqual(OWNER)
  expect(await answered(place)).toEqual(OWNER)
})

test('all who create the key of a new directory at the same moment have the same one', async ({
  onTestFinished,
}) => {
  for (let round = 0; round < 20; round++) {
    const dir = await mkdtemp(join(tmpdir(), 'portal-key-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const keys = await Promise.all(Array.from({ length: 8 }, () => readLockKey(dir)))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
  }
})

test.for([
  ['nothing', ''],
  ['a nonce and no proof', `${'0'.repeat(32)}\n${'0'.repeat(64)}\n`],
  ['no nonce', 'hello\n'],
  ['far too much', 'x'.repeat(10_000)],
])(
  'who asks with %s is told nothing of the parts',
  async ([, text = ''], { place, onTestFinished }) => {
    const lock = await takeFree(place)
    onTestFinished(lock.release)
    lock.announce(OWNER)
    const socket = connect(place.address)
    socket.on('error', () => {})
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.write(text)
    await new Promise((resolve) => socket.once('close', resolve))
    // Random digits, and nothing of the JSON.
    expect(received).not.toContain('{')
    expect(await answered(place)).toEqual(OWNER)
  },
)

test('another user who asks is told nothing, and cannot read the key', async ({
  place,
  onTestFinished,
  skip,
}) => {
  skip(!isRoot)
  const lock = await takeFree(place)
  onTestFinished(lock.release)
  lock.announce(OWNER)
  expect(await answered(place)).toEqual(OWNER)
  const asker = runAsOther(
    onTestFinished,
    `import { connect } from 'node:net'
     import { readFileSync } from 'node:fs'
     const [address, dir] = process.argv.slice(1)
     try { console.log(readFileSync(dir + '/lock.key', 'hex')) } catch ({ code }) { console.log(code) }
     const socket = connect(address.replace('@', '\\0'))
     socket.on('data', (bytes) => console.log(bytes.toString('latin1')))
     socket.on('close', () => console.log('closed'))
     socket.write('0'.repeat(32) + '\\n' + '0'.repeat(64) + '\\n')`,
    [place.address.replace('\0', '@'), place.dir],
  )
  const printed = await asker.line(/closed/)
  expect(printed).toContain('EACCES')
  expect(printed).not.toContain('{')
})

test('the key is its owner’s alone, one for all who start together, and there after a restart', async ({
  place,
  onTestFinished,
}) => {
  const [first, second] = await Promise.all([takeLock(place), takeLock(place)])
  const lock = first ?? second
  lock?.announce(OWNER)
  const answers = await Promise.all(Array.from({ length: 10 }, () => queryOwner(place)))
  expect(answers.filter((answer) => answer !== 'unproven').length).toBeGreaterThan(0)
  expect(await answered(place)).toEqual(OWNER)
  const key = await readFile(join(place.dir, 'lock.key'))
  expect((await stat(join(place.dir, 'lock.key'))).mode & 0o777).toBe(0o600)
  lock?.release()
  const next = await takeLock(place)
  onTestFinished(() => next?.release())
  next?.announce(OWNER)
  expect(await answered(place)).toEqual(OWNER)
  expect(await readFile(join(place.dir, 'lock.key'))).toEqual(key)
})

test('a key that others could have written or read, or that is damaged, is not trusted', async ({
  place,
}) => {
  const path = join(place.dir, 'lock.key')
  await writeFile(path, Buffer.alloc(32))
  await chmod(path, 0o644)
  await expect(queryOwner(place)).rejects.toThrow(/lock\.key may be another user's/)
  await chmod(path, 0o600)
  await writeFile(path, 'short')
  await expect(queryOwner(place)).rejects.toThrow(/lock\.key is damaged/)
  await rm(path)
  await mkdir(path)
  await expect(queryOwner(place)).rejects.toThrow(/lock\.key may be another user's/)
})

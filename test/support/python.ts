import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runForeign } from './foreign-program.ts'

const root = new URL('../../', import.meta.url).pathname
const CLIENT = join(root, 'clients/python')
const REQUIREMENTS = join(root, 'starters/python-fastapi-authlib/requirements.txt')
const CONSTRAINTS = join(CLIENT, 'constraints.txt')

const PREFIX = 'portal-python-'
const DAY_IN_MS = 24 * 60 * 60 * 1000

let installed: Promise<string> | undefined

/** A folder for `PYTHONPATH` with `clients/python` and what the Python starter needs. It is kept in the temporary folder while neither changes. */
export function installPython(): Promise<string> {
  installed ??= install()
  return installed
}

async function install(): Promise<string> {
  const folder = join(tmpdir(), `${PREFIX}${await digestOf()}`)
  if (existsSync(folder)) return folder
  await removeOld()
  const made = await mkdtemp(join(tmpdir(), PREFIX))
  try {
    const quiet = ['--quiet', '--no-compile', '--target', made]
    await runForeign('python3', [
      ...['-m', 'pip', 'install', ...quiet],
      ...['-c', CONSTRAINTS, '-r', REQUIREMENTS, CLIENT],
    ])
    await rename(made, folder)
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    // Another run was faster.
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** Removes what earlier versions left, unless it is of today: another run may use it. */
async function removeOld() {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const folder = join(tmpdir(), name)
    const { mtimeMs } = await stat(folder)
    if (Date.now() - mtimeMs > DAY_IN_MS) await rm(folder, { recursive: true, force: true })
  }
}

async function digestOf(): Promise<string> {
  const sources = join(CLIENT, 'src/identity_portal')
  const files = (await readdir(sources)).filter((name) => /\.(py|typed)$/.test(name)).sort()
  const hash = createHash('sha256')
  for (const file of [
    REQUIREMENTS,
    CONSTRAINTS,
    join(CLIENT, 'pyproject.toml'),
    ...files.map((name) => join(sources, name)),
  ])
    hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 16)
}

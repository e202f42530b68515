import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

// Prints the software bill of materials of a production installation, for every platform: `npm run -s sbom > sbom.cdx.json`.

const ROOT = new URL('../', import.meta.url)

type Component = {
  'bom-ref': string
  name: string
  version: string
  externalReferences?: unknown
  properties?: { name: string }[]
}
export type Sbom = {
  bomFormat: string
  specVersion: string
  serialNumber?: string
  metadata: { timestamp?: string; component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn?: string[] }[]
}
type Locked = { name?: string; version?: string; dev?: boolean; link?: boolean }

/**
 * CycloneDX, from package-lock.json. `npm sbom --omit=dev` also omits what packages of production and of development have in common, so
 * npm lists everything here, and the lock file says what development alone needs. The same lock file gives the same document.
 */
export async function createSbom(): Promise<Sbom> {
  const [{ stdout }, lockText] = await Promise.all([
    promisify(execFile)('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
      cwd: ROOT,
      maxBuffer: 2 ** 26,
    }),
    readFile(new URL('package-lock.json', ROOT), 'utf8'),
  ])
  const { serialNumber: _, ...sbom } = JSON.parse(stdout) as Sbom
  const lock = JSON.parse(lockText) as { name: string; packages: Record<string, Locked> }
  const shipped = new Set(
    Object.entries(lock.packages)
      .filter(([path, { dev, link }]) => path !== '' && !dev && !link)
      .map(([path, { name, version }]) => `${name ?? nameOf(path)}@${version}`),
  )
  const components = sbom.components
    .filter(({ name, version }) => shipped.has(`${name}@${version}`))
    .map(clean)
  const root = clean({ ...sbom.metadata.component, name: lock.name })
  const known = new Set([root, ...components].map((component) => component['bom-ref']))
  const { timestamp: _time, ...metadata } = sbom.metadata
  return {
    ...sbom,
    metadata: { ...metadata, component: root },
    components,
    dependencies: sbom.dependencies
      .filter(({ ref }) => known.has(ref))
      .map(({ ref, dependsOn = [] }) => ({
        ref,
        dependsOn: dependsOn.filter((each) => known.has(each)),
      })),
  }
}

const nameOf = (path: string) => path.replace(/^.*node_modules\//, '')

/** Without addresses and paths of the machine that installed the package. */
function clean({ externalReferences: _, properties = [], ...component }: Component): Component {
  return {
    ...component,
    properties: properties.filter(({ name }) => name !== 'cdx:npm:package:path'),
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await createSbom(), undefined, 2)}\n`)

import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { loadConfig, VARIABLES } from '../../src/config.ts'
import { readEnvironmentFile } from '../support/compose.ts'
import { ROOT } from '../support/dockerfile.ts'
import { type Schema, validate } from '../support/json-schema.ts'

const DIR = join(ROOT, 'deploy/kubernetes')
const FOLDERS = ['base', 'overlays/production', 'overlays/cloudnative-pg']
const read = (path: string) => readFileSync(join(DIR, path), 'utf8')

type Labels = Record<string, string>
type Selector = {
  matchLabels?: Labels
  matchExpressions?: { key: string; operator: string; values: string[] }[]
}
type Container = {
  args?: string[]
  env: { name: string; value: string }[]
  ports?: { name: string; containerPort: number }[]
  volumeMounts: { name: string; mountPath: string }[]
} & Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', { httpGet: { port: string } }>
type Pod = {
  containers: [Container]
  terminationGracePeriodSeconds?: number
  volumes: { name: string; secret: { items: { key: string; path: string }[] } }[]
}
type Resource = {
  apiVersion: string
  kind: string
  metadata: { name: string }
  spec: {
    template?: { metadata: { labels: Labels }; spec: Pod }
    selector?: Selector & Labels
    podSelector?: Selector
    ports?: { targetPort: string }[]
    ingress?: { ports: { port: string }[] }[]
    scaleTargetRef?: { name: string }
  }
}

const resourcesOf = (folder: string): Resource[] =>
  (parse(read(`${folder}/kustomization.yaml`)) as { resources: string[] }).resources
    .filter((path) => path.endsWith('.yaml'))
    .flatMap((path) => parseAllDocuments(read(`${folder}/${path}`)).map((each) => each.toJS()))
const all = FOLDERS.flatMap(resourcesOf)
const base = resourcesOf('base')
const ofKind = (kind: string) => base.filter((resource) => resource.kind === kind)
const workloads = base.flatMap(({ kind, metadata: { name }, spec }) =>
  spec?.template ? [{ kind, name, ...spec.template }] : [],
)
const podOf = (name: string) => {
  const found = workloads.find((each) => each.name === name)
  if (!found) throw new Error(`there is no ${name}`)
  return found.spec
}
const selects = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels) =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))

test('every file is a part of its kustomization', () => {
  for (const folder of FOLDERS) {
    const text = read(`${folder}/kustomization.yaml`)
    for (const file of readdirSync(join(DIR, folder)))
      if (file !== 'kustomization.yaml') expect(text, folder).toContain(file)
  }
})

test('what Kubernetes itself defines conforms to its API', () => {
  const { kinds, $defs } = JSON.parse(
    readFileSync(join(ROOT, 'test/fixtures/kubernetes-1.37.json'), 'utf8'),
  ) as { kinds: Record<string, Schema>; $defs: Record<string, Schema> }
  const faults = all.flatMap((resource) => {
    const schema = kinds[resource.kind]
    const name = `${resource.kind} ${resource.metadata.name}`
    if (!schema) return ['ServiceMonitor', 'Cluster'].includes(resource.kind) ? [] : [name]
    return validate(resource, schema, $defs).map((fault) => `${name}: ${fault}`)
  })
  expect(faults).toEqual([])
  const [web] = ofKind('Deployment')
  const misspelt = { ...web, spec: { ...web?.spec, replica: 2 } }
  expect(validate(misspelt, kinds.Deployment ?? {}, $defs)).toEqual(['/spec may have no replica'])
})

test('the processes start with their variables and the files of their secrets', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kubernetes-'))
  const keyOf = (start: number) =>
    Buffer.from(Array.from({ length: 32 }, (_, at) => start + at * 3)).toString('base64url')
  const url = (user: string) => `postgres://${user}@postgres/portal?sslmode=verify-full`
  const secrets: Record<string, string> = {
    'database-url-app': url('portal_app'),
    'database-url-web': url('portal_web'),
    'database-url-worker': url('portal_worker'),
    'database-url-migration': url('portal'),
    'cookie-keys': keyOf(1),
    'encryption-key': keyOf(2),
    'smtp-url': 'smtps://portal:secret@mail.example.org',
    'aws-access-key-id': 'AKIA',
    'aws-secret-access-key': 'secret',
  }
  const image = { NODE_ENV: 'production', HOST: '0.0.0.0' }
  const common = readEnvironmentFile(read('base/portal.env'))
  const configs = []
  for (const { name, spec } of workloads) {
    const [container] = spec.containers
    const mount = container.volumeMounts[0]?.mountPath ?? ''
    for (const { key, path } of spec.volumes[0]?.secret.items ?? []) {
      const value = secrets[key]
      if (value === undefined) throw new Error(`the secret has no ${key}`)
      await writeFile(join(dir, `${name}-${path}`), value, { mode: 0o440 })
    }
    const own = Object.fromEntries(container.env.map((each) => [each.name, each.value]))
    const env = Object.fromEntries(
      Object.entries({ ...image, ...common, ...own }).map(([variable, value]) => [
        variable,
        value.replace(`${mount}/`, `${dir}/${name}-`),
      ]),
    )
    for (const variable of Object.keys(env)) expect(VARIABLES).toContain(variable)
    configs.push([name, loadConfig(env)] as const)
  }
  await rm(dir, { recursive: true })
  const [migrate, web, worker] = configs.map(([, config]) => config)
  expect(configs.map(([name]) => name)).toEqual(['portal-migrate', 'portal-web', 'portal-worker'])
  expect([web?.role, worker?.role]).toEqual(['web', 'worker'])
  expect(migrate?.database).toEqual({
    url: url('portal_app'),
    migrationUrl: url('portal'),
    processUrls: { web: web?.database?.url, worker: worker?.database?.url },
  })
  // Only `migrate` has the other roles' passwords.
  for (const name of ['portal-web', 'portal-worker'])
    expect(podOf(name).volumes[0]?.secret.items.map(({ key }) => key)).toHaveLength(6)
  for (const name of ['portal-web', 'portal-worker'])
    expect(podOf(name).terminationGracePeriodSeconds).toBeGreaterThan(
      Number(common.SHUTDOWN_SECONDS) + 5,
    )
  expect([web?.port, web?.metrics?.port]).toEqual(
    podOf('portal-web').containers[0].ports?.map(({ containerPort }) => containerPort),
  )
})

test('probes, services, budgets, policies and the autoscaler refer to what exists', () => {
  const labels = workloads.map(({ metadata }) => metadata.labels)
  const portsOf = ({ spec }: { spec: Pod }) =>
    spec.containers[0].ports?.map(({ name }) => name) ?? []
  for (const workload of workloads.filter(({ kind }) => kind === 'Deployment')) {
    const [container] = workload.spec.containers
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const)
      expect(portsOf(workload)).toContain(container[probe].httpGet.port)
  }
  for (const { metadata, spec } of ofKind('Service')) {
    const chosen = workloads.filter((each) =>
      selects({ matchLabels: spec.selector as Labels }, each.metadata.labels),
    )
    expect(chosen, metadata.name).not.toEqual([])
    for (const workload of chosen)
      for (const { targetPort } of spec.ports ?? []) expect(portsOf(workload)).toContain(targetPort)
  }
  for (const { metadata, spec } of [...ofKind('PodDisruptionBudget'), ...ofKind('NetworkPolicy')]) {
    const selector = spec.selector ?? spec.podSelector ?? {}
    expect([metadata.name, labels.some((each) => selects(selector, each))]).toEqual([
      metadata.name,
      true,
    ])
    for (const { port } of spec.ingress?.flatMap(({ ports }) => ports) ?? [])
      expect(workloads.flatMap(portsOf)).toContain(port)
  }
  for (const { spec } of ofKind('HorizontalPodAutoscaler'))
    expect(workloads.map(({ name }) => name)).toContain(spec.scaleTargetRef?.name)
})

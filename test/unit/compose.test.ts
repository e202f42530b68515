import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { loadConfig, VARIABLES } from '../../src/config.ts'
import { readCompose, readEnvironmentFile, type Service } from '../support/compose.ts'
import { ROOT } from '../support/dockerfile.ts'

let services: Record<string, Service>
beforeAll(() => {
  const script = join(ROOT, 'deploy/compose/secrets.sh')
  services = readCompose(readEnvironmentFile(execFileSync('sh', [script], { encoding: 'utf8' })))
})

const listOurs = () => Object.entries(services).filter(([, { build }]) => build !== undefined)
const configOf = (name: string) => loadConfig(services[name]?.environment ?? {})
const userOf = (url: string | undefined) => new URL(url ?? '').username

test('there are two processes of each kind, and every variable of ours exists', () => {
  expect(listOurs().map(([name]) => name)).toEqual([
    ...['web-1', 'web-2', 'worker-1', 'worker-2'],
    ...['migrate', 'cli'],
  ])
  for (const [name, { environment }] of listOurs())
    for (const variable of Object.keys(environment ?? {}))
      expect([...VARIABLES, 'NODE_EXTRA_CA_CERTS'], `${name}: ${variable}`).toContain(variable)
})

test('every process of ours is in production, and its configuration is sound', () => {
  for (const [name] of listOurs()) expect([name, configOf(name).production]).toEqual([name, true])
})

test('processes of one kind are alike', () => {
  expect(services['web-2']).toEqual(services['web-1'])
  expect(services['worker-2']).toEqual(services['worker-1'])
})

test('web and worker have roles of their own, which `migrate` admits', () => {
  const [web, worker, cli, migrate] = ['web-1', 'worker-1', 'cli', 'migrate'].map(configOf)
  expect([web?.role, worker?.role]).toEqual(['web', 'worker'])
  const { url, migrationUrl, processUrls } = migrate?.database ?? {}
  expect(processUrls).toEqual({ web: web?.database?.url, worker: worker?.database?.url })
  expect(url).toBe(cli?.database?.url)
  const urls = [web, worker, cli].map((config) => config?.database?.url)
  const users = [...urls, migrationUrl].map(userOf)
  expect(new Set(users).size).toBe(4)
  for (const config of [web, worker, cli]) expect(config?.database?.migrationUrl).toBeUndefined()
})

test('web and worker are asked whether they are ready, and are not killed before they have ended', () => {
  for (const name of ['web-1', 'worker-1']) {
    const { stop_grace_period: grace = '', healthcheck } = services[name] ?? {}
    const { shutdownSeconds, port, metrics } = configOf(name)
    expect(Number(/^(\d+)s$/.exec(grace)?.[1])).toBeGreaterThan(shutdownSeconds)
    const address = `http://127.0.0.1:${name === 'web-1' ? port : metrics?.port}/health/ready`
    expect(healthcheck?.test.at(-1)).toContain(`'${address}'`)
  }
})

test('every image has a version, and every file that is mounted exists', () => {
  for (const [name, { build, image = '', volumes = [] }] of Object.entries(services)) {
    if (!build) expect(image, name).toMatch(/:v?\d+\.\d+(\.\d+)?(-\w+)?$/)
    for (const volume of volumes) {
      const [source = ''] = volume.split(':')
      if (!source.startsWith('./')) continue
      expect([name, source, existsSync(join(ROOT, source))]).toEqual([name, source, true])
    }
  }
})

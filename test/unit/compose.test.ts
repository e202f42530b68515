import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config.ts'

type Service = {
  build?: string
  environment?: Record<string, string>
  stop_grace_period?: string
  healthcheck?: { test: string[] }
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>
}
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined)

/** As `docker compose` does: `${NAME:?why}` is required, `${NAME:-value}` has a default. */
const interpolate = (text: string) =>
  text.replace(/\$\{(\w+):([?-])([^}]*)\}/g, (_, name: string, kind: string, rest: string) => {
    if (kind === '-') return rest
    return /_KEYS?$/.test(name) ? Buffer.alloc(32, name).toString('base64url') : name.toLowerCase()
  })

const environmentOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [
      key,
      interpolate(value),
    ]),
  )
const configOf = (name: string) => loadConfig(environmentOf(name))
const userOf = (url: string | undefined) => new URL(url ?? '').username

test('every variable of our services is one of the configuration or of the AWS SDK', () => {
  const known = [...read('src/config.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(
    ([, name]) => name,
  )
  const sdk = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
  expect(ours.map(([name]) => name)).toEqual(['web', 'worker', 'cli', 'migrate'])
  for (const [name, { environment }] of ours)
    for (const variable of Object.keys(environment ?? {}))
      expect([...known, ...sdk], `${name}: ${variable}`).toContain(variable)
})

test('web and worker have roles of their own, which `migrate` admits', () => {
  const [web, worker, cli, migrate] = ['web', 'worker', 'cli', 'migrate'].map(configOf)
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
  for (const name of ['web', 'worker']) {
    const { stop_grace_period: grace = '', healthcheck } = services[name] ?? {}
    const { shutdownSeconds, port, metrics } = configOf(name)
    expect(Number(/^(\d+)s$/.exec(grace)?.[1])).toBeGreaterThan(shutdownSeconds)
    const address = `http://127.0.0.1:${name === 'web' ? port : metrics?.port}/health/ready`
    expect(healthcheck?.test.at(-1)).toContain(`'${address}'`)
  }
})

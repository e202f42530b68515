import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from './dockerfile.ts'

export type Service = {
  build?: string
  image?: string
  command?: string[] | string
  environment?: Record<string, string>
  volumes?: string[]
  stop_grace_period?: string
  healthcheck?: { test: string[] }
}

/** The services of docker-compose.yml, with their environment as Compose gives it to them: `${NAME:?why}` is required, `${NAME:-value}` has a default. */
export function readCompose(variables: Readonly<Record<string, string>>): Record<string, Service> {
  const interpolate = (text: string) =>
    text.replace(/\$\{(\w+):([?-])([^}]*)\}/g, (_, name: string, kind: string, rest: string) => {
      const value = variables[name] || (kind === '-' ? rest : undefined)
      if (value === undefined) throw new Error(`docker-compose.yml needs ${name}: ${rest}`)
      return value
    })
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), {
    merge: true,
  }) as { services: Record<string, Service & { environment?: Record<string, unknown> }> }
  return Object.fromEntries(
    Object.entries(services).map(([name, { environment = {}, ...service }]) => [
      name,
      {
        ...service,
        environment: Object.fromEntries(
          Object.entries(environment).map(([key, value]) => [key, interpolate(String(value))]),
        ),
      },
    ]),
  )
}

/** The variables of an environment file. */
export const readEnvironmentFile = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [name = '', ...rest] = line.split('=')
        return [name, rest.join('=')]
      }),
  )

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { COMMANDS } from '../../src/cli/commands.ts'
import { SECURITY_EVENTS } from '../../src/web/security-events.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

type Rule = {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; runbook_url: string }
}
const { groups } = parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }
const alerts = groups.flatMap(({ rules }) => rules)
const runbook = read('docs/runbook.md')
type Panel = { title: string; targets?: { expr: string }[] }
const { panels } = JSON.parse(read('deploy/grafana/dashboards/identity-portal.json')) as {
  panels: Panel[]
}
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ name: `panel ${title}`, expr })),
)

/** The metrics of docs/metrics.md with their labels, which an integration test compares with a process. */
const listed = new Map(
  [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| /gm)].flatMap(
    ([, name = '', type, labels = '']): [string, string[]][] => {
      const names = labels.replaceAll('`', '').split(', ')
      if (type !== 'histogram') return [[name, names]]
      return [
        [`${name}_count`, names],
        [`${name}_bucket`, [...names, 'le']],
      ]
    },
  ),
)
// What Prometheus itself adds.
const OF_THE_TARGET = ['job', 'instance', 'role']

test('every alert and every panel asks for metrics and labels that there are', () => {
  expect(queries.length).toBeGreaterThan(30)
  const asked = [...alerts.map(({ alert, expr }) => ({ name: alert, expr })), ...queries]
  for (const { name, expr } of asked) {
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, by = '']) => by.split(', '))
    const metrics = [
      ...expr
        .replace(/\bby \([^)]*\)/g, '')
        .replace(/\{[^}]*\}/g, '')
        .matchAll(/\b[a-z]+_\w+\b(?!\()/g),
    ]
      .map(([metric]) => metric)
      .filter((word) => !/^__/.test(word))
    if (!expr.startsWith('up{')) expect(metrics.length, name).toBeGreaterThan(0)
    for (const metric of metrics) expect(listed.has(metric), `${name}: ${metric}`).toBe(true)
    const labels = new Set([...OF_THE_TARGET, ...metrics.flatMap((each) => listed.get(each) ?? [])])
    const selected = [...expr.matchAll(/[{,](\w+)[=!]/g)].map(([, label = '']) => label)
    for (const label of [...grouped, ...selected])
      expect(labels.has(label), `${name}: ${label}`).toBe(true)
  }
})

test('every alert says what is wrong and how urgent it is, and has its section in the runbook', () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(['page', 'ticket'], alert).toContain(labels.severity)
    expect(annotations.summary, alert).toMatch(/\.$/)
    expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
  }
  const sections = [...runbook.matchAll(/^### (\S+)$/gm)].map(([, name]) => name)
  expect(sections).toEqual(alerts.map(({ alert }) => alert))
})

test('each section of the runbook says what the alert means, where to look and what to do', () => {
  for (const section of runbook.split(/^### /m).slice(1))
    expect(
      [...section.matchAll(/^\*\*(\w+)\.\*\* \S/gm)].map(([, part]) => part),
      section.slice(0, 40),
    ).toEqual(['Means', 'Look', 'Do'])
})

test('the runbook names commands, log lines, alerts and events that exist', () => {
  const root = new URL('../../src/', import.meta.url)
  const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(name, root), 'utf8'))
    .join('\n')
  const quoted = [...runbook.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
  const nouns = new Set(Object.keys(COMMANDS).map((name) => name.split(' ')[0]))
  const logged = quoted.filter(
    (text) => /^[a-z]+( [a-z,]+)+$/.test(text) && !nouns.has(text.split(' ')[0]),
  )
  expect(logged.length).toBeGreaterThan(6)
  for (const line of logged) expect(source.includes(`'${line}'`), line).toBe(true)
  const commands = quoted.filter((text) => nouns.has(text.split(' ')[0]) && !logged.includes(text))
  expect(commands.length).toBeGreaterThan(20)
  for (const text of commands) {
    const [noun = '', verb = ''] = text.split(' ')
    const command = COMMANDS[`${noun} ${verb}`] ?? COMMANDS[noun]
    const isLogLine = source.includes(`'${text}'`)
    expect(command !== undefined || isLogLine, text).toBe(true)
    for (const [, option = ''] of text.matchAll(/--([a-z-]+)/g))
      expect(Object.keys(command?.options ?? {}), text).toContain(option)
  }
  const events = quoted.filter((text) => text in SECURITY_EVENTS)
  expect(events.length).toBeGreaterThan(5)
  for (const name of quoted.filter((text) => /^Portal[A-Z]/.test(text)))
    expect(alerts.map(({ alert }) => alert)).toContain(name)
  for (const name of quoted.flatMap((text) => /^portal_\w+/.exec(text)?.[0] ?? []))
    expect(listed.has(name) || listed.has(`${name}_count`), name).toBe(true)
})

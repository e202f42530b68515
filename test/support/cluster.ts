import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { ProcessKind } from '../../src/database-access.ts'
import { admitProcessRole } from '../../src/database-role.ts'
import { migrate, openDb } from '../../src/db.ts'
import { startPostgres, urlOf } from '../../src/embedded/postgres.ts'
import { installJobs } from '../../src/jobs.ts'
import { createLog } from '../../src/log.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The cluster of this run; `template` in it is migrated and cloned for each test file. */
    cluster: { port: number; password: string }
  }
}

/** The roles of the portals that tests start, with the rights of one kind of process each. */
export const PROCESS_ROLES: Record<ProcessKind, string> = { web: 'test_web', worker: 'test_worker' }

/** One real PostgreSQL for the whole run, in a folder that goes with it. */
export default async function setup(project: TestProject) {
  const dir = await mkdtemp(join(tmpdir(), 'portal-cluster-'))
  const password = 'test'
  const cluster = await startPostgres({ dir: join(dir, 'postgres'), password, durable: false })
  const admin = openDb(cluster.url, { connections: 1 })
  await admin.unsafe('create database template')
  await admin.end()
  const template = openDb(urlOf(cluster.port, password, 'template'), { connections: 1 })
  await migrate(template)
  const appUrl = urlOf(cluster.port, password, 'template')
  await installJobs(appUrl, createLog('error'))
  for (const [kind, role] of Object.entries(PROCESS_ROLES) as [ProcessKind, string][]) {
    const url = urlOf(cluster.port, password, 'template', role)
    await admitProcessRole(template, kind, { url, appUrl })
  }
  await template.end()
  project.provide('cluster', { port: cluster.port, password })
  return async () => {
    await cluster.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

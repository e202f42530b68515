import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { urlOf } from '../../src/local/embedded/postgres.ts'
import { type Db, openDb } from '../../src/platform/db.ts'

/** Creates a database for one test file, cloned from the migrated template. */
export async function createDatabase(): Promise<{
  db: Db
  /** Over the socket file. */
  url: string
  /** For what is put between a portal and its database. */
  tcpUrl: string
  drop(): Promise<void>
}> {
  const { host, port, password } = inject('cluster')
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(`create database ${name} template template strategy file_copy`)
  const tcpUrl = urlOf(port, password, name)
  const url = tcpUrl.replace('127.0.0.1', host)
  const db = openDb(url, { connections: 4 })
  return {
    db,
    url,
    tcpUrl,
    async drop() {
      await db.end({ timeout: 1 })
      await administer(`drop database ${name} with (force)`)
    },
  }

  async function administer(statement: string) {
    const server = urlOf(port, password, 'postgres').replace('127.0.0.1', host)
    const admin = openDb(server, { connections: 1 })
    try {
      // PostgreSQL clones a template only once at a time, and another test file may be cloning it now.
      await admin`select pg_advisory_lock(1)`
      // The kernel copies the files of the template; by default the server writes every page into its log.
      await admin`set file_copy_method = clone`
      await admin.unsafe(statement)
    } finally {
      await admin.end()
    }
  }
}

/** Whether a statement that contains this text waits for a lock. */
export async function isBlockedByLock(db: Db, words: string): Promise<boolean> {
  const [row] = await db`
    select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and position(${words} in query) > 0`
  return row !== undefined
}

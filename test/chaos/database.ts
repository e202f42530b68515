import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../../src/context.ts'
import { listChildren, signalAll } from '../support/operating-system.ts'

/** The faults of the PostgreSQL whose data is in a folder. */
export type Database = {
  /** Kills PostgreSQL during its work; it is restarted, and recovers. */
  crash(): Promise<void>
  /** Stops PostgreSQL as for maintenance, which ends all connections; it is restarted. */
  restart(): Promise<void>
  /** Stops every process of PostgreSQL until `until` resolves. */
  freeze(until: () => Promise<void>): Promise<void>
  /** Changes the passwords of the processes' roles and ends their connections, until `until` resolves. */
  changePasswords(until: () => Promise<void>): Promise<void>
}

/** Makes the database write down what the checker needs. `users` are the addresses of the processes' roles. */
export async function openDatabase(given: {
  dir: string
  parts: AppContext
  users: readonly URL[]
}): Promise<Database> {
  const { dir, parts, users } = given
  const { db } = parts
  const findPostmaster = async () => {
    const [pid] = (await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')
    return Number(pid)
  }
  const crash = async () => void process.kill(await findPostmaster(), 'SIGKILL')
  const setPasswords = async (passwordOf: (user: URL) => string) => {
    for (const user of users)
      await db.unsafe(`alter role ${user.username} password '${passwordOf(user)}'`)
  }
  await watchStatuses(parts)
  // The setting applies after the next restart.
  await crash()
  await waitForDatabase(parts)
  return {
    crash,
    restart: async () => void process.kill(await findPostmaster(), 'SIGINT'),
    async freeze(until) {
      const postmaster = await findPostmaster()
      const pids = [postmaster, ...(await listChildren(postmaster))]
      signalAll(pids, 'SIGSTOP')
      await until()
      signalAll(pids, 'SIGCONT')
    },
    async changePasswords(until) {
      try {
        await setPasswords(() => 'another')
        await db`
          select pg_terminate_backend(pid) from pg_stat_activity
          where usename = any (${users.map(({ username }) => username)})`
        await until()
      } finally {
        const isRestored = () =>
          setPasswords(({ password }) => password).then(
            () => true,
            () => false,
          )
        await waitUntil(isRestored, 60, () => 'the passwords could not be changed back')
      }
    },
  }
}

/** The database itself writes down each change of a status, and of a delivery's state. */
async function watchStatuses({ db }: AppContext): Promise<void> {
  await db.unsafe(`
    create table chaos_status (
      number bigint generated always as identity, verification_id uuid not null, status text not null);
    create function chaos_note_status() returns trigger language plpgsql security definer as $$ begin
      if tg_op = 'INSERT' or new.status is distinct from old.status then
        insert into chaos_status (verification_id, status) values (new.id, new.status);
      end if;
      return null;
    end $$;
    create trigger chaos_status after insert or update on verification
      for each row execute function chaos_note_status();
    create table chaos_delivery (delivery_id uuid not null, state text not null);
    create function chaos_note_delivery() returns trigger language plpgsql security definer as $$ begin
      if new.state is distinct from old.state then
        insert into chaos_delivery (delivery_id, state) values (new.id, new.state);
      end if;
      return null;
    end $$;
    create trigger chaos_delivery after update on delivery
      for each row execute function chaos_note_delivery();`)
  await db.unsafe('alter system set track_commit_timestamp = on')
}

async function waitForDatabase({ db }: AppContext): Promise<void> {
  await waitUntil(
    async () => {
      const [row] = await db`show track_commit_timestamp`.catch(() => [])
      return row?.trackCommitTimestamp === 'on'
    },
    30,
    () => 'PostgreSQL did not come back',
  )
}

/** Checks twice a second; throws `otherwise` after this many seconds. */
export async function waitUntil(
  ask: () => boolean | Promise<boolean>,
  seconds: number,
  otherwise: () => string,
): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await ask()); await wait(500))
    if (Date.now() > end) throw new Error(otherwise())
}

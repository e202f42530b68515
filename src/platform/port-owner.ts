import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'

const LISTENING = '0A'

/**
 * Returns the process that listens on a TCP port of this machine. `undefined` where that cannot be known: the process is another
 * user's, or the system has no `/proc`.
 */
export async function findPortOwner(
  port: number,
): Promise<{ pid: number; name: string } | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  const sockets = new Set(tables.flatMap((table) => socketsOf(table, port)))
  if (sockets.size === 0) return undefined
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of processes)
    if (await hasSocket(pid, sockets)) {
      // Not `comm`, which is the name of a thread.
      const program = await readlink(`/proc/${pid}/exe`).catch(() => 'a program')
      return { pid: Number(pid), name: basename(program) }
    }
  return undefined
}

/** The links to the sockets that listen on the port, as the descriptors of their process show them (proc_net(5)). */
const socketsOf = (table: string, port: number): string[] =>
  table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    const isIt = state === LISTENING && Number.parseInt(local.split(':')[1] ?? '', 16) === port
    return isIt ? [`socket:[${inode}]`] : []
  })

async function hasSocket(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const descriptors = await readdir(folder).catch(() => [])
  const links = descriptors.map((each) => readlink(`${folder}/${each}`).catch(() => ''))
  return (await Promise.all(links)).some((link) => sockets.has(link))
}

import { homedir } from 'node:os'

/**
 * Sets `HOME` for a user whom the machine's list of users does not have, as with a container's arbitrary user or systemd's
 * `DynamicUser`. Without one the AWS SDK, which looks for its files there, fails before each request.
 */
export function ensureHome(env: NodeJS.ProcessEnv, readHome = homedir): void {
  try {
    readHome()
  } catch {
    env.HOME = '/'
  }
}

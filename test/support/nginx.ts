import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

// Where Debian's packages have it, which is not in every user's PATH.
const NGINX = '/usr/sbin/nginx'

/** How long it sends nothing to a web process that refused a connection. */
export const FAIL_TIMEOUT_SECONDS = 1

/**
 * nginx on loopback in front of web processes, with the settings that docs/for-operators.md recommends. Throws when it is not
 * installed.
 */
export async function startNginx(given: { dir: string; port: number; webs: readonly number[] }) {
  const { dir, port, webs } = given
  if (!existsSync(NGINX)) throw new Error(`there is no ${NGINX}: apt-get install nginx-light`)
  await mkdir(dir)
  const [configuration, errors, requests] = ['nginx.conf', 'errors.log', 'requests.log'].map(
    (name) => join(dir, name),
  ) as [string, string, string]
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(dir, name)};`,
  )
  await writeFile(
    configuration,
    `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
pid ${join(dir, 'nginx.pid')};
error_log ${errors} warn;
events { worker_connections 512; }
http {
${temporary.join('\n')}
  log_format upstream '$status $upstream_status $upstream_addr $request_method $uri';
  access_log ${requests} upstream;
  upstream portal {
    zone portal 64k;
${webs.map((web) => `    server 127.0.0.1:${web} max_fails=1 fail_timeout=${FAIL_TIMEOUT_SECONDS}s;`).join('\n')}
    keepalive 16;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://portal;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      # The default. A POST is tried elsewhere if it was not sent yet, and never repeated.
      proxy_next_upstream error timeout;
    }
  }
}
`,
  )
  const child = spawn(NGINX, ['-c', configuration, '-e', errors], { stdio: 'inherit' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://localhost:${port}`
  for (let tries = 0; ; tries++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break
    if (child.exitCode !== null || tries > 100)
      throw new Error(`nginx did not start: ${await readFile(errors, 'utf8')}`)
    await wait(50)
  }
  return {
    url,
    /** How many requests it tried at a second web process. */
    async countRepeated(): Promise<number> {
      const lines = (await readFile(requests, 'utf8')).trim().split('\n')
      return lines.filter((line) => line.split(' ')[1]?.endsWith(',')).length
    },
    readErrors: () => readFile(errors, 'utf8'),
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

import { type Agent, type IncomingHttpHeaders, request } from 'node:http'

export type RawAnswer = { status: number; headers: IncomingHttpHeaders; text: string }

/**
 * One request with Node's own client, for what `fetch` cannot do: another `Host`, a repeated header (as a list of name and
 * value pairs), a target that is not a path, and response headers of more than 16 KiB.
 */
export function sendRaw(
  url: URL | string,
  options: {
    method?: string
    /** Replaces the path of the address. */
    target?: string
    headers?: Record<string, string | number> | string[]
    body?: string | string[]
    /** Keeps the connection for the next request. */
    agent?: Agent
  } = {},
): Promise<RawAnswer> {
  const { method = 'GET', target, headers = {}, body = '', agent = false } = options
  const { hostname, port, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        path: target ?? `${pathname}${search}`,
        method,
        headers: headers as Record<string, string>,
        maxHeaderSize: 128 * 1024,
        agent,
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    sent.on('error', reject)
    for (const part of [body].flat()) sent.write(part)
    sent.end()
  })
}

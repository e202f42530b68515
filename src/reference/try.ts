import type { Operation } from '../api/operation.ts'
import type { Tried } from './try-form.ts'

/** Answers a request as the server would, inside of this process. */
export type Call = (request: Request) => Response | Promise<Response>

const SHOWN_HEADERS = [
  'content-type',
  'x-request-id',
  'www-authenticate',
  'retry-after',
  'allow',
  'etag',
]
const LONGEST_BODY = 30_000

/** Calls an operation with what a developer entered. The token is sent on, and in nothing that is returned. */
export async function tryOperation(
  operation: Operation,
  form: Readonly<Record<string, unknown>>,
  { issuer, call }: { issuer: string; call: Call },
): Promise<Tried> {
  const { token, ...sent } = textsOf(form)
  // RFC 6750 §2.1
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(token ?? ''))
    return {
      sent,
      fault: {
        field: 'token',
        text: 'That is not a token: paste it whole, without the word Bearer.',
      },
    }
  const missing = namesInPath(operation).find((name) => !isSegment(sent[name]))
  if (missing)
    return {
      sent,
      fault: { field: `try-${missing}`, text: `${missing} cannot be a part of the path.` },
    }
  const { method, body } = operation
  const url = addressOf(operation, sent, issuer)
  const response = await call(
    new Request(url, {
      method: method.toUpperCase(),
      headers: {
        Authorization: `Bearer ${token}`,
        Accept: operation.answer.contentType ?? 'application/json',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(body ? { body: sent.body ?? '' } : {}),
    }),
  )
  return {
    sent,
    request: `${method.toUpperCase()} ${url}`,
    status: response.status,
    headers: SHOWN_HEADERS.flatMap((name) => {
      const value = response.headers.get(name)
      return value === null ? [] : [[name, value] as const]
    }),
    body: await readBody(response),
  }
}

const textsOf = (form: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(form).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, name === 'body' ? value : value.trim()]] : [],
    ),
  )

const namesInPath = ({ path }: Operation): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)

/** Dots alone would lead to another path. */
const isSegment = (value = ''): boolean => value !== '' && !/^\.+$/.test(value)

function addressOf(operation: Operation, sent: Record<string, string>, issuer: string): string {
  const path = operation.path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(sent[name] ?? ''),
  )
  const query = Object.keys(operation.query?.shape ?? {}).flatMap((name) =>
    sent[name] ? [[name, sent[name]]] : [],
  )
  return `${issuer}${path}${query.length > 0 ? `?${new URLSearchParams(query)}` : ''}`
}

async function readBody(response: Response): Promise<string> {
  const type = response.headers.get('content-type') ?? ''
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (type.startsWith('image/')) return `${bytes.length} bytes of ${type}`
  const text = new TextDecoder().decode(bytes)
  return shorten(type.includes('json') ? formatJson(text) : text)
}

function formatJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

const shorten = (text: string): string =>
  text.length > LONGEST_BODY
    ? `${text.slice(0, LONGEST_BODY)}\n… ${text.length - LONGEST_BODY} more characters`
    : text

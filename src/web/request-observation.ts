import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Correlation, parseTraceparent } from '../platform/correlation.ts'
import type { Span, Tracer } from '../platform/tracing.ts'
import { requestIdOf } from './response-headers.ts'
import type { WebMetrics } from './web-metrics.ts'

export type Route = { method: string; path: string }

/** Returns what the log lines of a request have in common, and counts its response. */
export type ObserveRequest = (req: IncomingMessage, res: ServerResponse) => Correlation

/** `routes`: those that metrics and traces name. Without both nothing is counted. */
export function createRequestObserver({
  metrics,
  tracer,
  routes,
}: {
  metrics?: WebMetrics | undefined
  tracer?: Tracer | undefined
  routes: readonly Route[]
}): ObserveRequest {
  const correlate = (
    req: IncomingMessage,
    res: ServerResponse,
    trace = parseTraceparent(req.headers.traceparent),
  ): Correlation => ({
    trace,
    // Read with the line, because most requests log nothing.
    get requestId() {
      return requestIdOf(res)
    },
  })
  if (!metrics && !tracer) return correlate
  const findRoute = createRouteFinder(routes)

  return (req, res) => {
    const { url = '/' } = req
    const queryAt = url.indexOf('?')
    const route = findRoute(queryAt === -1 ? url : url.slice(0, queryAt))
    const method = route.methods.has(req.method ?? '') ? (req.method ?? '') : OTHER_METHOD
    const startedAt = performance.now()
    const span = tracer?.start({
      name: `${method} ${route.path}`,
      kind: 'server',
      parent: parseTraceparent(req.headers.traceparent),
      isEdge: true,
    })
    res.on('close', () => {
      const statusClass = classOf(res)
      if (metrics) route.open(method, statusClass, metrics)((performance.now() - startedAt) / 1000)
      if (span) end(span, res, { route: route.path, method, statusClass })
    })
    return correlate(req, res, span?.trace)
  }
}

function end(
  span: Span,
  res: ServerResponse,
  { route, method, statusClass }: { route: string; method: string; statusClass: string },
): void {
  span.end({
    isError: statusClass === '5xx',
    attributes: {
      'http.request.method': method,
      'http.route': route,
      ...(res.headersSent && { 'http.response.status_code': res.statusCode }),
      'portal.request_id': requestIdOf(res),
    },
  })
}

const STATUS_CLASSES = ['', '1xx', '2xx', '3xx', '4xx', '5xx']

/** `aborted`: the caller closed the connection before the response was complete. */
const classOf = (res: ServerResponse): string =>
  res.writableFinished ? (STATUS_CLASSES[Math.floor(res.statusCode / 100)] ?? '5xx') : 'aborted'

const OTHER_METHOD = '_OTHER'
const UNMATCHED = 'unmatched'

type FoundRoute = {
  path: string
  methods: Set<string>
  /** The series is opened once. */
  open(method: string, statusClass: string, metrics: WebMetrics): (seconds: number) => void
}

/** Finds the route of a path, as the routers do: by letters of any case, and with a slash at the end or without. */
export function createRouteFinder(routes: readonly Route[]): (path: string) => FoundRoute {
  const fixed = new Map<string, FoundRoute>()
  const patterns: { pattern: RegExp; route: FoundRoute }[] = []
  const known = new Map<string, FoundRoute>()
  for (const { method, path } of routes) {
    const route = known.get(path) ?? createRoute(path)
    // A router answers HEAD like GET.
    for (const each of method === 'GET' ? ['GET', 'HEAD'] : [method]) route.methods.add(each)
    if (known.has(path)) continue
    known.set(path, route)
    if (path.includes(':')) patterns.push({ pattern: patternOf(path), route })
    else fixed.set(path, route)
  }
  const unmatched = createRoute(UNMATCHED)

  return (path) => {
    const exact = fixed.get(path)
    if (exact) return exact
    const plain = path.toLowerCase().replace(/(?<=.)\/+$/, '')
    return (
      fixed.get(plain) ?? patterns.find(({ pattern }) => pattern.test(plain))?.route ?? unmatched
    )
  }
}

const patternOf = (path: string) =>
  new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/:\w+(\{[^}]*\})?/g, '[^/]+')}$`, 'i')

function createRoute(path: string): FoundRoute {
  const series = new Map<string, Map<string, (seconds: number) => void>>()
  return {
    path,
    methods: new Set(),
    open(method, statusClass, metrics) {
      const ofMethod = series.get(method) ?? new Map<string, (seconds: number) => void>()
      series.set(method, ofMethod)
      let found = ofMethod.get(statusClass)
      if (!found) {
        found = metrics.responses({ route: path, method, statusClass })
        ofMethod.set(statusClass, found)
      }
      return found
    },
  }
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

type Value = { stringValue?: string; intValue?: string }
type Attribute = { key: string; value: Value }
export type ReceivedSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
  status: { code?: number }
}
type ExportRequest = {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: { spans: ReceivedSpan[] }[]
  }[]
}

/** A collector of OTLP over HTTP with JSON. It answers with `status`, and keeps the spans that it accepts. */
export async function startSpanReceiver() {
  const spans: ReceivedSpan[] = []
  const requests: ExportRequest[] = []
  const receiver = { status: 200, refused: 0 }
  const server = createServer(async (req, res) => {
    const body = (await json(req)) as ExportRequest
    if (req.url !== '/v1/traces' || req.method !== 'POST') return void res.writeHead(404).end()
    if (receiver.status === 200) {
      requests.push(body)
      for (const { scopeSpans } of body.resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans)
    } else receiver.refused++
    res.writeHead(receiver.status, { 'Content-Type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

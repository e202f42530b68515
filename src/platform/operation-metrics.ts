import type { Metrics } from './metrics.ts'
import { onOperationEnd } from './operations.ts'

// From a small statement to the time-out of a download.
const BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Measures every operation. Returns a function that ends this. */
export function measureOperations(metrics: Metrics): () => void {
  const vendor = metrics.histogram(
    'portal_vendor_call_duration_seconds',
    "Calls to vendors' APIs.",
    BOUNDS,
  )
  const bucket = metrics.histogram(
    'portal_bucket_call_duration_seconds',
    'Calls to the bucket, with their retries.',
    BOUNDS,
  )
  const job = metrics.histogram('portal_job_duration_seconds', 'Runs of background jobs.', BOUNDS)
  const delivery = metrics.histogram(
    'portal_delivery_duration_seconds',
    'Tries to apply a stored delivery.',
    BOUNDS,
  )
  return onOperationEnd(({ operation, outcome, seconds }) => {
    switch (operation.kind) {
      case 'vendor':
        vendor({ vendor: operation.vendor, operation: operation.name, outcome })(seconds)
        break
      case 'bucket':
        bucket({ operation: operation.name, outcome })(seconds)
        break
      case 'job':
        job({ queue: operation.queue, outcome })(seconds)
        break
      case 'delivery':
        delivery({ vendor: operation.vendor, outcome })(seconds)
        break
    }
  })
}

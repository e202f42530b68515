import { Hono } from 'hono'
import { z } from 'zod'
import { listHeadKeys } from '../ledger/heads.ts'
import { findHead, proveConsistency, proveInclusion } from '../ledger/proofs.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import { readQuery, refuseOtherMethods } from './requests.ts'

const number = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a number')
  .transform(Number)
const proofSchema = z.strictObject({
  entry: z.string().regex(/^\d{1,18}$/, 'must be the number of an entry'),
})
const consistencySchema = z.strictObject({ first: number, second: number.optional() })

/**
 * The newest signed head of the ledger, for everybody to keep, and proofs against it (RFC 9162 §2.1). An entry's number is
 * only known to those whom it is about; what the proof shows of it is its hash alone.
 */
export function ledgerRoutes({ db }: { db: Db }): Hono {
  const routes = new Hono()
  routes.get('/.well-known/ledger', async (c) => {
    const head = await findHead(db)
    c.header('Cache-Control', 'no-cache')
    return c.json({
      size: head?.size ?? 0,
      root: head?.root ?? null,
      at: head?.at.toISOString() ?? null,
      head: head?.jws ?? null,
      keys: await listHeadKeys(db),
    })
  })
  routes.get('/.well-known/ledger/proof', async (c) => {
    const proof = await proveInclusion(db, readQuery(c, proofSchema).entry)
    if (!proof) throw new ApiError(404, 'not_found', 'No such entry is in the ledger yet.')
    const { index, size, path, head, leaf } = proof
    return c.json({ index, size, leaf, path, root: head.root, head: head.jws })
  })
  routes.get('/.well-known/ledger/consistency', async (c) => {
    const { first, second } = readQuery(c, consistencySchema)
    const head = await findHead(db, second)
    if (!head || first > head.size)
      throw new ApiError(404, 'not_found', 'The ledger has no signed head of this size.')
    const path = await proveConsistency(db, first, head.size)
    return c.json({ first, second: head.size, path, root: head.root, head: head.jws })
  })
  for (const path of ['', '/proof', '/consistency'])
    refuseOtherMethods(routes, `/.well-known/ledger${path}`, 'GET, HEAD')
  return routes
}

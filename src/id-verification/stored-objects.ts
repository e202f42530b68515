import type { Sql } from '../platform/db.ts'

/** An object of the bucket that a row names, with its size and SHA-256 as they were when it was stored. `id` is the image's. */
export type StoredObject = { id: string; key: string; size: number; sha256: Buffer }

/** The objects of the next stored images, in the order of image ids: the originals, the copies that readers get, and the thumbnails. */
export const listStoredObjects = (
  sql: Sql,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<StoredObject[]> =>
  sql<StoredObject[]>`
    with next as (
      select id, object_key, size, sha256, clean_key, clean_size, clean_sha256, jpeg_key, jpeg_size, jpeg_sha256,
        thumbnail_key, thumbnail_size, thumbnail_sha256
      from image where state = 'stored' ${after === undefined ? sql`` : sql`and id > ${after}`}
      order by id limit ${limit})
    select next.id, object.key, object.size::float8 as size, object.sha256
    from next, lateral (
      select next.object_key, next.size, next.sha256
      union select next.clean_key, next.clean_size, next.clean_sha256
      union select next.jpeg_key, next.jpeg_size, next.jpeg_sha256
      union select next.thumbnail_key, next.thumbnail_size, next.thumbnail_sha256
    ) object (key, size, sha256)
    where object.key is not null and object.sha256 is not null
    order by next.id`

/** The verification that an object's key names; `undefined` for an object of the portal's own. */
export const verificationIdOf = (key: string): string | undefined =>
  /^[^/]+\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//.exec(key)?.[1]

/** Of these ids, those that are of no verification, present or erased. */
export async function listUnknownVerifications(
  sql: Sql,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from unnest(${[...ids]}::uuid[]) as named (id)
    where not exists (select from verification where verification.id = named.id)
      and not exists (select from erased_verification where erased_verification.id = named.id)`
  return rows.map(({ id }) => id)
}

import type { ImageKind } from '../consents/images.ts'
import type { Sql } from '../platform/db.ts'

/*
 * The door to a resident's verification for applications. Whatever an application reads of it comes through here, so that no route can
 * forget the images that the resident withholds from this application. The consent is read in the same statement: a choice counts for
 * tokens that were issued before it.
 */

const fragment = (sql: Sql) => sql``
type Fragment = ReturnType<typeof fragment>

/**
 * A subquery: the resident's latest approved verification as one application may see it. No row without a verification or without a
 * consent. Both ids are SQL expressions.
 */
export const sharedVerification = (sql: Sql, of: { accountId: Fragment; clientId: Fragment }) => {
  const withheld = sql`consent.withheld_images`
  const unless = (kind: ImageKind, column: Fragment) =>
    sql`case when ${kind}::text = any (${withheld}) then null else ${column} end`
  return sql`(
    select latest.id, latest.attempt_id, latest.vendor, latest.document_type, latest.session_created_at, latest.approved_at,
      ${unless('document_front', sql`latest.document_front_key`)} as document_front_key,
      ${unless('document_back', sql`latest.document_back_key`)} as document_back_key,
      ${unless('selfie', sql`latest.face_key`)} as face_key,
      case when ${withheld} = '{}' then latest.shown_images else coalesce((
        select jsonb_agg(shown order by position)
        from jsonb_array_elements(latest.shown_images) with ordinality each (shown, position)
        where ${isShared(sql, sql`shown->>'type'`, withheld)}), '[]') end as shown_images,
      ${withheld} as withheld_images
    from consent cross join lateral (
      select id, attempt_id, vendor, document_type, session_created_at, approved_at,
        document_front_key, document_back_key, face_key, shown_images
      -- The limit keeps the planner from computing the whole view.
      from latest_approved where account_id = consent.account_id limit 1
    ) latest
    where consent.account_id = ${of.accountId} and consent.client_id = ${of.clientId})`
}

/**
 * Whether an image of this type is shared. A part of an image, such as the face cut out of the front, is withheld with the whole. What
 * shows more than one of them, or is of a type that nobody is asked about, is shared only while nothing is withheld.
 */
export const isShared = (sql: Sql, type: Fragment, withheld: Fragment) => sql`(
  ${withheld} = '{}' or coalesce(not (case
    when ${type} = 'selfie_document' then null
    when ${type} ~ '^document_(front|face)(_|$)' then 'document_front'
    when ${type} ~ '^document_back(_|$)' then 'document_back'
    when ${type} ~ '^(selfie(_|$)|liveness_frame$)' then 'selfie'
  end = any (${withheld})), false))`

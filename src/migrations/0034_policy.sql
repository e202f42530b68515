-- The operator's policies, apart from what every process writes into `portal_setting`. The rows there stay for processes
-- of the version before.
create table policy (
  name text primary key,
  value text not null
);
insert into policy (name, value)
  select substring(name from 8), value from portal_setting where name like 'policy.%';

-- The rule of 0020, with the policy of the new table.
create or replace view latest_approved as
  select distinct on (account_id) id, account_id, tenant, vendor, attempt_id, document_type, session_created_at,
    coalesce(decided_at, session_created_at) as approved_at, images_complete,
    document_front_key, document_back_key, face_key, shown_images, match,
    document_expires_on, coalesce(document_expires_on < (now() at time zone 'UTC')::date, false) as is_expired
  from verification
  where account_id is not null and status = 'approved'
    and (match in ('match', 'no-reference') or match_review = 'accepted')
    and match_review is distinct from 'rejected'
    and exists (select from tenant where tenant.name = verification.tenant and tenant.is_trusted)
    and (subject_id is null or exists (
      select from subject where subject.id = subject_id and subject.account_id = verification.account_id))
    and (document_expires_on is null or document_expires_on >= (now() at time zone 'UTC')::date or not exists (
      select from policy where policy.name = 'expired-documents' and value = 'refuse'))
  order by account_id, images_complete desc, session_created_at desc;

-- A request of a tenant's back office: the resident who opens it, signed in, may link the subject to the own account.
create table subject_link (
  -- SHA-256 of what stands in the link.
  token_hash bytea primary key,
  subject_id uuid not null references subject on delete cascade,
  client_id text references client on delete set null,
  -- Where the resident goes back to.
  return_url text,
  return_state text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index subject_link_subject on subject_link (subject_id);
create index subject_link_expiry on subject_link (expires_at);

-- A resident is linked to one subject of a tenant.
create unique index subject_linked_once on subject (tenant, account_id) where account_id is not null;
-- Whom a change of a tenant's trust concerns.
create index verification_tenant_account on verification (tenant, account_id) where account_id is not null;
-- What was read of a subject that nobody had linked.
create index ledger_entry_unlinked on ledger_entry (verification_id)
  where account_id is null and verification_id is not null;

-- Two kinds of entries more, beside those there are.
do $$ begin
  execute (
    select 'alter table ledger_entry drop constraint ledger_entry_kind_check, add constraint ledger_entry_kind_check '
      || replace(pg_get_constraintdef(oid), 'ARRAY[', 'ARRAY[''link''::text, ''trust''::text, ')
    from pg_constraint where conrelid = 'ledger_entry'::regclass and conname = 'ledger_entry_kind_check');
end $$;

-- Tenants named residents by their account until now. Such a verification belongs to a subject of the tenant, which is known by
-- the id that the tenant used, and which no resident has linked. `default` is the operator's own.
create temporary table unlinked on commit drop as
  select id, tenant, account_id from verification
  where tenant <> 'default' and account_id is not null and subject_id is null;
insert into subject (tenant, external_id) select distinct tenant, account_id::text from unlinked;
update verification set subject_id = subject.id, account_id = null, match = null, match_differences = '{}'
  from unlinked join subject on subject.tenant = unlinked.tenant and external_id = unlinked.account_id::text
  where verification.id = unlinked.id;
-- Applications that were told of one learn that it counts no more.
with withdrawn as (
  update told_verification told set verification_id = null, attempt_id = null, images_complete = false
  from unlinked where unlinked.id = told.verification_id
  returning told.account_id, unlinked.id as verification_id)
insert into event (client_id, kind, account_id, verification_id)
  select client_id, 'verification.withdrawn', account_id, withdrawn.verification_id
  from withdrawn join consent using (account_id) join event_stream using (client_id)
  where (ends_at is null or ends_at > now()) and scopes
    && '{eprospera:person.id_verification.read,eprospera:person.id_verification.status.read}'::text[];

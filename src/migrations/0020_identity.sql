-- Organisations that verify people with their own integrations and back offices; `default` is the operator's own.
create table tenant (
  name text primary key,
  -- What residents read.
  display_name text not null,
  -- Whether its verifications may count for a resident who linked them. The operator decides.
  is_trusted boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
insert into tenant (name, display_name, is_trusted) values ('default', 'This portal', true);
insert into tenant (name, display_name)
  select distinct tenant, tenant from (
    select tenant from client union select tenant from vendor_integration union select tenant from verification) known
  on conflict do nothing;

-- A person as a tenant knows them, by the tenant's own id. `account_id`: the resident who linked it, signed in.
create table subject (
  id uuid primary key default gen_random_uuid(),
  tenant text not null references tenant,
  external_id text not null,
  account_id uuid references account on delete set null,
  linked_at timestamptz,
  created_at timestamptz not null default now(),
  unique (tenant, external_id)
);
create index subject_account on subject (account_id) where account_id is not null;

-- Keys that seal personal data, one for each resident and each tenant's subject. `wrapped_key` is the key as the key
-- service sealed it. Erasing the owner destroys the key, and with it whatever a copy of the database still holds.
create table data_key (
  id uuid primary key default gen_random_uuid(),
  account_id uuid unique references account on delete cascade,
  subject_id uuid unique references subject on delete cascade,
  wrapped_key text not null,
  created_at timestamptz not null default now(),
  check (num_nonnulls(account_id, subject_id) = 1)
);

-- A tenant's verification belongs to its subject; `account_id` is then the resident who linked that subject, or null.
alter table verification
  add column subject_id uuid references subject on delete cascade,
  -- How the document's person compares with the account: null while nothing was compared.
  add column match text check (match in ('match', 'no-reference', 'mismatch')),
  add column match_differences text[] not null default '{}',
  -- The operator's decision on a mismatch, for the attempt that the status speaks of.
  add column match_review text check (match_review in ('accepted', 'rejected')),
  add column match_reviewed_at timestamptz,
  -- Of the document of the attempt that the status speaks of.
  add column document_expires_on date;
create index verification_subject on verification (subject_id, session_created_at desc) where subject_id is not null;

-- What the vendor read from the document, sealed, one row for each attempt.
create table attempt_document (
  verification_id uuid not null references verification on delete cascade,
  attempt_id text not null,
  -- Of the decision that said it: what a later one says replaces it, what an earlier one says fills gaps.
  decided_at timestamptz,
  findings_sealed bytea not null,
  recorded_at timestamptz not null default now(),
  primary key (verification_id, attempt_id)
);

-- Who stated the account's name: only the registry's, an operator's and a document's is compared with a document.
alter table account add column name_source text not null default 'operator'
  check (name_source in ('registry', 'operator', 'resident', 'document'));

-- What counts for a resident: approved, the document's person is the account's, the tenant is trusted, and a tenant's
-- subject is linked by this resident. `portal_setting` holds the operator's policy on expired documents.
drop index verification_latest_approved;
create index verification_latest_approved
  on verification (account_id, images_complete desc, session_created_at desc)
  where status = 'approved' and (match in ('match', 'no-reference') or match_review = 'accepted')
    and match_review is distinct from 'rejected';

-- The one rule of "latest approved": a complete set of images before an incomplete one, then the newest session.
create view latest_approved as
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
      select from portal_setting where portal_setting.name = 'policy.expired-documents' and value = 'refuse'))
  order by account_id, images_complete desc, session_created_at desc;

-- What was approved before anything was compared: the vendor is asked again for what its document says.
update verification set next_check_at = now() where status = 'approved' and vendor_session_id is not null;

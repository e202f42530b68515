-- What the portal noticed and somebody should look at. The code lists the types, so that a new one needs no migration.
create table alert (
  id uuid primary key default gen_random_uuid(),
  type text not null check (type ~ '^[a-z_]{1,40}$'),
  -- Whose back office sees it; null: the operator alone.
  tenant text references tenant,
  -- What makes it one: the same occasion raises it once.
  occasion text not null,
  verification_id uuid references verification on delete cascade,
  -- The other one of a reused document, which was there before.
  related_verification_id uuid references verification on delete cascade,
  subject_id uuid references subject on delete cascade,
  vendor text,
  integration text,
  occurrences integer not null default 1,
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  -- The tenant's client; null: the operator.
  resolved_by text,
  -- Free words: under the key of the verification's owner, or else with the encryption key.
  reason_sealed bytea,
  ownerless_reason_sealed text,
  unique nulls not distinct (type, tenant, occasion),
  check ((resolved_at is not null) = (num_nonnulls(reason_sealed, ownerless_reason_sealed) = 1))
);
create index alert_tenant on alert (tenant, created_at desc);
create index alert_open on alert (type, created_at desc) where resolved_at is null;
create index alert_verification on alert (verification_id);
create index alert_related_verification on alert (related_verification_id);
create index alert_subject on alert (subject_id);

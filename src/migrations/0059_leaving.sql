-- The short code in a mail with a link, for residents who read the mail on another device. The row exists before anybody looks whether
-- the address is an account's, so `request_id` refers to no row; it is `mail_link.request_id` of the link in the same mail.
create table mail_code (
  request_id uuid primary key,
  purpose text not null check (purpose in ('reset', 'email')),
  -- SHA-256 of the cookie of the browser that asked: only there the code can be typed.
  browser_hash bytea not null,
  -- With `ENCRYPTION_KEY`.
  code_sealed text not null,
  tries int not null default 0,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index mail_code_browser on mail_code (browser_hash, created_at);
create index mail_code_expiry on mail_code (expires_at);

-- `user_agent`, sealed under the account's key. The column in the clear is left of sessions that an earlier version stored, until they end.
alter table oidc_artifact add column user_agent_sealed bytea;

-- Archives that residents requested, in parts in the bucket, sealed under the account's key. A row outlives its account until a worker has
-- deleted the parts.
create table resident_export (
  id uuid primary key,
  account_id uuid references account on delete set null,
  state text not null default 'preparing' check (state in ('preparing', 'ready', 'failed', 'ended')),
  -- What web processes alone may read: sessions, passkeys, second factors, consents. Sealed under the account's key, until the archive is ready.
  collected_sealed bytea,
  files int not null default 0,
  -- The try whose parts are the archive, and what they contain.
  folder uuid,
  parts int,
  size bigint,
  requested_at timestamptz not null default now(),
  expires_at timestamptz,
  -- When its objects were deleted.
  ended_at timestamptz
);
create index resident_export_account on resident_export (account_id, requested_at);
create unique index resident_export_preparing on resident_export (account_id) where state = 'preparing';

-- Residents who asked to be erased, and when it happens.
create table erasure_request (
  account_id uuid primary key references account on delete cascade,
  requested_at timestamptz not null default now(),
  erase_at timestamptz not null,
  reminded_at timestamptz
);
create index erasure_request_due on erasure_request (erase_at);

-- The links to the proof of an erasure. `token_hash` is the SHA-256 of what is in the link; the account, which `account_id` named, is gone.
create table erasure_receipt (
  token_hash bytea primary key,
  account_id uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index erasure_receipt_expiry on erasure_receipt (expires_at);

-- Accounts that do not exist yet: one row for each request of a browser and for each invitation of the operator. It is deleted when the
-- account is created, and after it expires. `id` becomes the account's id.
create table sign_up (
  id uuid primary key,
  -- As `account.email_mac`.
  email_mac bytea not null,
  -- The address and the short code, sealed with `ENCRYPTION_KEY`, because there is no account yet whose key could seal them.
  details_sealed text not null,
  -- SHA-256 of the browser's cookie; null for an invitation, which any browser may open.
  browser_hash bytea,
  -- SHA-256 of what is in the link; null until the job of a request has run.
  token_hash bytea unique,
  code_tries int not null default 0,
  -- The application's request that waits for the account, and its application.
  interaction_uid text,
  client_id text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sign_up_email on sign_up (email_mac);
create index sign_up_browser on sign_up (browser_hash, created_at);

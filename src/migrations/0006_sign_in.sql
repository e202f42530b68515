-- Tries are counted before they are judged, and given back when they were right. An address from which a resident
-- has signed in is not slowed by what strangers try elsewhere.
alter table sign_in_throttle add column known_at timestamptz;

-- Mails of a portal without a mail server, for the page that shows them. Sealed: they hold links.
create table outbox_mail (
  id uuid primary key,
  mail_sealed text not null,
  created_at timestamptz not null default now()
);

-- Single-use links that travel by mail. `token_hash` and `browser_hash` are SHA-256: of what stands in the link, and of the
-- cookie of the browser that asked for it.
create table mail_link (
  token_hash bytea primary key,
  -- What asked for it: a job that runs twice makes one link.
  request_id uuid not null unique,
  purpose text not null check (purpose in ('reset', 'email')),
  account_id uuid not null references account on delete cascade,
  browser_hash bytea not null,
  -- The address that is proven by opening the link.
  email text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index mail_link_account on mail_link (account_id);

-- Passkeys (WebAuthn). `id` is the credential's id, base64url.
create table passkey (
  id text primary key,
  account_id uuid not null references account on delete cascade,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  -- Whether the key can leave the device that made it.
  synced boolean not null,
  name text not null check (length(name) between 1 and 60),
  created_at timestamptz not null default now(),
  used_at timestamptz
);
create index passkey_account on passkey (account_id);

-- What a browser was asked to sign: used once, by that browser.
create table passkey_challenge (
  challenge_hash bytea primary key,
  purpose text not null check (purpose in ('register', 'sign-in')),
  browser_hash bytea not null,
  -- Who registers; null before sign-in.
  account_id uuid references account on delete cascade,
  expires_at timestamptz not null
);

-- Sessions alone: what the resident's list of them shows.
alter table oidc_artifact add column user_agent text, add column used_at timestamptz;

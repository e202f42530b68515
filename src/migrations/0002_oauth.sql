-- Registered applications. `metadata` holds the RFC 7591 names; the secret is kept as SHA-256 only.
create table client (
  id text primary key,
  name text not null,
  tenant text not null default 'default',
  metadata jsonb not null,
  secret_hash bytea,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- What an account allowed a client: one row for each pair, remembered on every device until it ends.
create table consent (
  account_id uuid not null references account on delete cascade,
  client_id text not null references client on delete cascade,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (account_id, client_id)
);

-- A family of tokens: what one session got from a consent. oidc-provider's Grant.
-- It goes with its consent, and every token of it with it.
create table oauth_grant (
  id text primary key,
  account_id uuid not null references account on delete cascade,
  client_id text not null references client on delete cascade,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  foreign key (account_id, client_id) references consent on delete cascade
);
create index oauth_grant_account on oauth_grant (account_id, client_id);

-- Everything else oidc-provider keeps: sessions, codes, tokens, interactions. `id` is the SHA-256 of the
-- value that travels, so that a copy of this table opens nothing; the kind keeps the namespaces apart.
create table oidc_artifact (
  kind text not null,
  id bytea not null,
  payload jsonb not null,
  grant_id text,
  account_id uuid references account on delete cascade,
  client_id text references client on delete cascade,
  uid text,
  user_code text,
  -- The session that this token ends with; null when it outlives it.
  session_uid text,
  scope text,
  created_at timestamptz not null default now(),
  consumed_at timestamptz,
  expires_at timestamptz,
  primary key (kind, id)
);
create index oidc_artifact_grant on oidc_artifact (grant_id) where grant_id is not null;
create index oidc_artifact_account on oidc_artifact (account_id) where account_id is not null;
create index oidc_artifact_client on oidc_artifact (client_id) where client_id is not null;
create unique index oidc_artifact_uid on oidc_artifact (kind, uid) where uid is not null;
create unique index oidc_artifact_user_code on oidc_artifact (user_code) where user_code is not null;
create index oidc_artifact_expiry on oidc_artifact (expires_at);

-- The one rule of "this access token still opens something": not expired, its grant stands, the resident and
-- the application are in good standing, and the session it belongs to, if any, has not ended.
create view live_access_token as
  select token.id, token.grant_id, token.account_id, token.client_id, token.scope
  from oidc_artifact token
  join oauth_grant on oauth_grant.id = token.grant_id
    and (oauth_grant.expires_at is null or oauth_grant.expires_at > now())
  join account on account.id = token.account_id and account.status = 'active'
  join client on client.id = token.client_id and client.enabled
  where token.kind = 'AccessToken' and token.expires_at > now()
    and (token.session_uid is null or exists (
      select from oidc_artifact session
      where session.kind = 'Session' and session.uid = token.session_uid
        and session.account_id = token.account_id and session.expires_at > now()));

-- Keys that sign tokens. The private half is sealed with the encryption key.
create table signing_key (
  kid text primary key,
  algorithm text not null,
  public_jwk jsonb not null,
  private_sealed text not null,
  status text not null check (status in ('next', 'active', 'retired')),
  created_at timestamptz not null default now()
);
create unique index signing_key_active on signing_key (algorithm) where status = 'active';

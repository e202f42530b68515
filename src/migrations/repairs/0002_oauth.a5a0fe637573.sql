-- The first text had no consents, and no version issued a grant on it.
create table consent (
  account_id uuid not null references account on delete cascade,
  client_id text not null references client on delete cascade,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (account_id, client_id)
);
alter table oauth_grant
  drop column updated_at,
  add foreign key (account_id, client_id) references consent on delete cascade;
alter table oidc_artifact add column created_at timestamptz not null default now();
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

-- A consent as its resident shaped it: what was allowed, what was declined, until when, and for which stated purpose.
alter table consent
  add column declined text[] not null default '{}',
  add column ends_at timestamptz,
  -- The words that were agreed to. When the application states others, the resident is asked again.
  add column purpose text,
  add constraint consent_allowed_or_declined check (not scopes && declined);
create index consent_end on consent (ends_at) where ends_at is not null;

-- An application's logo, served from our own origin. The type is what the bytes are, not what somebody said.
create table client_logo (
  client_id text primary key references client on delete cascade,
  content_type text not null check (content_type in ('image/png', 'image/jpeg', 'image/webp')),
  bytes bytea not null check (length(bytes) between 1 and 262144),
  sha256 bytea not null,
  updated_at timestamptz not null default now()
);

-- The rule of 0002, and: its consent has not ended, and a token opens nothing that was withdrawn from the consent.
-- The consent is found by its primary key; the usual token holds nothing withdrawn, and keeps its text as it is.
create or replace view live_access_token as
  select token.id, token.grant_id, token.account_id, token.client_id,
    case when string_to_array(token.scope, ' ') <@ consent.scopes then token.scope
      else array_to_string(array(
        select word from unnest(string_to_array(token.scope, ' ')) word where word = any (consent.scopes)), ' ')
    end as scope
  from oidc_artifact token
  join oauth_grant on oauth_grant.id = token.grant_id
    and (oauth_grant.expires_at is null or oauth_grant.expires_at > now())
  join consent on consent.account_id = oauth_grant.account_id and consent.client_id = oauth_grant.client_id
    and (consent.ends_at is null or consent.ends_at > now())
  join account on account.id = token.account_id and account.status = 'active'
  join client on client.id = token.client_id and client.enabled
  where token.kind = 'AccessToken' and token.expires_at > now()
    and (token.session_uid is null or exists (
      select from oidc_artifact session
      where session.kind = 'Session' and session.uid = token.session_uid
        and session.account_id = token.account_id and session.expires_at > now()));

-- Set when the resident reports that a consent was not theirs: the application's tokens open nothing and it gets no new
-- ones, until the resident lifts the freeze or ends the consent.
alter table consent add column frozen_at timestamptz;

-- The session that obtained a family of tokens, so that the family ends with a sign-in that was not the resident's.
alter table oauth_grant add column session_uid text;
update oauth_grant set session_uid = session.uid
from oidc_artifact session, jsonb_path_query(session.payload, '$.authorizations.*.grantId') as obtained (id)
where session.kind = 'Session' and session.account_id = oauth_grant.account_id
  and obtained.id = to_jsonb(oauth_grant.id);

-- The last time that everything of this account was signed out, and the transaction that did it: a sign-in that began
-- before that transaction committed does not survive it.
alter table account add column signed_out_at timestamptz, add column signed_out_by xid8;

-- The rule of 0007, and: the consent is not frozen.
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
    and (consent.ends_at is null or consent.ends_at > now()) and consent.frozen_at is null
  join account on account.id = token.account_id and account.status = 'active'
  join client on client.id = token.client_id and client.enabled
  where token.kind = 'AccessToken' and token.expires_at > now()
    and (token.session_uid is null or exists (
      select from oidc_artifact session
      where session.kind = 'Session' and session.uid = token.session_uid
        and session.account_id = token.account_id and session.expires_at > now()));

-- The browsers in which an account was signed in to. `browser_hash` is the SHA-256 of the browser cookie.
create table known_browser (
  account_id uuid not null references account on delete cascade,
  browser_hash bytea not null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  primary key (account_id, browser_hash)
);
create index known_browser_age on known_browser (seen_at);

-- One mail about a new sign-in or a new consent, with a single-use link that reports it. `token_hash` is the SHA-256 of
-- what stands in the link.
create table security_notice (
  token_hash bytea primary key,
  kind text not null check (kind in ('sign-in', 'consent')),
  account_id uuid not null references account on delete cascade,
  -- The application of a consent.
  client_id text references client on delete cascade check ((client_id is null) = (kind = 'sign-in')),
  -- The session that was started, or in which the consent was given.
  session_uid text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index security_notice_account on security_notice (account_id);
create index security_notice_expiry on security_notice (expires_at);

-- A report of a resident, for the operator. Ids only; the application's may outlive the application.
create table security_case (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('sign-in', 'consent')),
  account_id uuid not null references account on delete cascade,
  client_id text,
  session_uid text not null,
  opened_at timestamptz not null default now(),
  closed_at timestamptz
);
create index security_case_account on security_case (account_id);
create index security_case_open on security_case (opened_at) where closed_at is null;

-- Anybody can run a program under this id, so the words say what is certain. What an operator set stays.
update client set updated_at = now(), metadata = jsonb_build_object(
  'operator', 'whoever is at the computer that shows the code',
  'purpose', 'To show your data in a command line on that computer. Go on only if you started it there yourself, just now.'
) || metadata
where id = 'eprospera-cli';

-- For the page after a new password: what this browser used just now.
create index mail_link_browser on mail_link (browser_hash);

-- Accesses that are over: a row of `consent` is deleted when it ends, and this is what the resident still sees of it. The name stays
-- readable after the application was removed. Code of the version before adds no rows.
create table ended_consent (
  id bigint generated always as identity primary key,
  account_id uuid not null references account on delete cascade,
  client_id text not null,
  client_name text not null,
  scopes text[] not null,
  given_at timestamptz not null,
  ended_at timestamptz not null,
  ended_by text not null check (ended_by in ('resident', 'expiry', 'removal'))
);
create index ended_consent_account on ended_consent (account_id, ended_at desc);

-- Which application has seen which kind of a resident's data, and when last. `news` is what the resident is still to be told: the
-- first time, or the first for a long time (`news_since`: the time before). Workers derive it from the ledger.
create table known_reader (
  account_id uuid not null references account on delete cascade,
  client_id text not null,
  -- A list of the code, so that a new one needs no migration.
  kind text not null check (kind ~ '^[a-z-]{1,40}$'),
  seen_at timestamptz not null,
  news_entry_id bigint,
  news_at timestamptz,
  news_since timestamptz,
  primary key (account_id, client_id, kind),
  check ((news_entry_id is null) = (news_at is null))
);
create index known_reader_news on known_reader (news_at) where news_at is not null;

-- How far the workers have read the ledger, in the order of its tree. Nobody is told of what was there before this row.
create table reader_watch (
  only_row boolean primary key default true check (only_row),
  next_index bigint not null default 0,
  silent_before bigint not null
);
insert into reader_watch (silent_before) select coalesce(max(index) + 1, 0) from ledger_leaf;

-- How much mail a resident wants about applications that see their data. Without a row: `each`.
create table notification_preference (
  account_id uuid primary key references account on delete cascade,
  look_mails text not null check (look_mails in ('each', 'daily', 'security')),
  -- Until when the daily summary has told of everything.
  summarized_at timestamptz not null default now()
);
create index notification_preference_daily on notification_preference (summarized_at) where look_mails = 'daily';

-- A report may be about one entry of the ledger, which has no session. The words of the resident and of the operator are sealed
-- under the resident's key.
alter table security_case
  drop constraint security_case_kind_check,
  add constraint security_case_kind_check check (kind in ('sign-in', 'consent', 'entry')) not valid,
  alter column session_uid drop not null,
  add column entry_id bigint unique,
  add column frozen boolean not null default false,
  add column note_sealed bytea,
  add column answer_sealed bytea,
  add column answered_at timestamptz;
alter table security_notice
  drop constraint security_notice_kind_check,
  add constraint security_notice_kind_check check (kind in ('sign-in', 'consent', 'entry')) not valid,
  alter column session_uid drop not null,
  add column entry_id bigint;

-- What a team prepares before an owner sends it: one draft of each application.
create table production_draft (
  -- A client of the sandbox, or one in production that is to change.
  application_id text primary key,
  team_id uuid not null references developer_team on delete cascade,
  request jsonb not null,
  -- Whom the operator may ask: sealed with ENCRYPTION_KEY, because it can be a person's address.
  contact_sealed text not null,
  logo bytea,
  logo_type text,
  -- Counts the changes, so that nobody overwrites what somebody else has just saved.
  revision integer not null default 1
);
create index production_draft_team on production_draft (team_id);

-- A request to change an application in production names that client in both columns of clients.
alter table production_request
  add column contact_sealed text,
  add column logo bytea,
  add column logo_type text;

-- What was sent and what came back, for the application's developers: sealed with ENCRYPTION_KEY, because an answer can contain anything.
alter table event_attempt add column exchange_sealed text;

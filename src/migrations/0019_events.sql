-- Where events for an application go, and how: one stream for each client.
create table event_stream (
  client_id text primary key references client on delete cascade,
  -- Standard Webhooks; Security Event Tokens pushed (RFC 8935); the same, fetched (RFC 8936).
  delivery text not null check (delivery in ('webhook', 'push', 'poll')),
  endpoint text check ((endpoint is null) = (delivery = 'poll')),
  -- Sent as `Authorization` with what is pushed.
  authorization_sealed text,
  -- What the application itself shows to fetch events and to answer them. SHA-256.
  token_hash bytea not null unique,
  -- False since the endpoint answered 410, or the operator paused it. What happens meanwhile is kept for it.
  enabled boolean not null default true,
  -- Nothing answers there: until then nothing is tried.
  resume_at timestamptz,
  -- One event at a time: until then one is on its way.
  busy_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- What webhooks are signed with: one, and for a while after a rotation its predecessors too.
create table event_secret (
  id uuid primary key default gen_random_uuid(),
  client_id text not null references event_stream on delete cascade,
  secret_sealed text not null,
  created_at timestamptz not null default clock_timestamp(),
  retires_at timestamptz
);
create index event_secret_client on event_secret (client_id);

-- One thing that one application is told: the row is its own queue entry. It names nobody but by random numbers, and
-- an erasure's outlives the account, as the proof of who was told and what they answered.
create table event (
  id uuid primary key default gen_random_uuid(),
  -- No reference: an erasure's stays when the application goes.
  client_id text not null,
  kind text not null check (kind in ('verification.approved', 'verification.images-ready', 'verification.replaced',
    'verification.withdrawn', 'verification.erased', 'consent.changed', 'consent.revoked', 'resident.erased', 'test')),
  account_id uuid,
  verification_id uuid,
  data jsonb not null default '{}',
  occurred_at timestamptz not null default clock_timestamp(),
  -- 'dropped': the consent that it was for ended first.
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed', 'dropped')),
  tries integer not null default 0,
  -- 'infinity': it is fetched, or there is nowhere to send it yet.
  run_at timestamptz not null default 'infinity',
  -- How long it has been tried follows from this: it begins anew with another endpoint and by the operator's word.
  first_tried_at timestamptz,
  -- It stands in the ledger that this application was told.
  noted boolean not null default false,
  delivered_at timestamptz,
  -- What the application says became of its copies.
  answer text check (answer in ('erased', 'kept', 'nothing-held')),
  answer_reason text,
  answered_at timestamptz
);
create index event_due on event (run_at) where state = 'pending';
create index event_waiting on event (client_id, occurred_at, id) where state = 'pending';
create index event_client on event (client_id, occurred_at desc);
create index event_account on event (account_id) where kind = 'resident.erased';

-- Where it is sent by us it is due at once.
create function event_is_due() returns trigger language plpgsql as $$ begin
  if exists (select from event_stream
      where client_id = new.client_id and delivery <> 'poll' and enabled) then
    new.run_at := now();
  end if;
  return new;
end $$;
create trigger event_due before insert on event for each row execute function event_is_due();

create table event_attempt (
  id bigint generated always as identity primary key,
  event_id uuid not null references event on delete cascade,
  at timestamptz not null default now(),
  -- Of the answer; null when none came.
  status integer,
  milliseconds integer not null,
  outcome text not null
);
create index event_attempt_event on event_attempt (event_id);

-- Which verification each account's applications were last told of. No reference to the account: it is written while
-- a verification is locked, and an erasure locks the account first.
create table told_verification (
  account_id uuid primary key,
  verification_id uuid,
  attempt_id text,
  images_complete boolean not null default false
);
insert into told_verification (account_id, verification_id, attempt_id, images_complete)
  select distinct on (account_id) account_id, id, attempt_id, images_complete from verification
  where account_id is not null and status = 'approved'
  order by account_id, images_complete desc, session_created_at desc;

-- What every process of this portal knows alike: the issuer, as the web processes were started with it.
create table portal_setting (
  name text primary key,
  value text not null
);

-- In the sandbox: the client with which the console tries an application. It mirrors the application, and is in no list.
create table try_client (
  client_id text primary key references client on delete cascade,
  application_id text not null unique references client on delete cascade,
  -- Sealed with ENCRYPTION_KEY.
  secret_sealed text not null
);

-- In the portal: what a developer tries at the moment, step by step.
create table try_run (
  id uuid primary key,
  team_id uuid not null references developer_team on delete cascade,
  account_id uuid not null references account on delete cascade,
  -- The session that began it, which alone continues it.
  session_uid text not null,
  -- In the sandbox's database.
  application_id text not null,
  -- Of the authorization request that waits for its answer.
  state_hash bytea not null unique,
  -- Requests, answers and tokens of the sandbox, sealed with ENCRYPTION_KEY.
  run_sealed text not null,
  -- While a request of it is under way.
  busy_until timestamptz,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index try_run_account on try_run (account_id, created_at);
create index try_run_team on try_run (team_id);
create index try_run_expiry on try_run (expires_at);

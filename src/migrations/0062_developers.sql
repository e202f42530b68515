-- Teams of developers, in the portal's own database. The code lists the roles.
create table developer_team (
  id uuid primary key,
  name text not null,
  created_at timestamptz not null default now(),
  -- Set by an operator: its members may look, and change nothing.
  suspended_at timestamptz
);
create table developer_member (
  team_id uuid not null references developer_team on delete cascade,
  account_id uuid not null references account on delete cascade,
  role text not null check (role ~ '^[a-z-]{1,40}$'),
  created_at timestamptz not null default now(),
  primary key (team_id, account_id)
);
create index developer_member_account on developer_member (account_id);

-- Works once, for whoever holds the mailed link.
create table developer_invitation (
  id uuid primary key,
  team_id uuid not null references developer_team on delete cascade,
  role text not null check (role ~ '^[a-z-]{1,40}$'),
  -- Sealed with ENCRYPTION_KEY, for the members who wait for an answer.
  email_sealed text not null,
  token_hash bytea not null unique,
  invited_by uuid references account on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index developer_invitation_team on developer_invitation (team_id);
create index developer_invitation_expiry on developer_invitation (expires_at);
create index developer_invitation_sender on developer_invitation (invited_by);

-- An application of the sandbox that its team wants to offer to residents.
create table production_request (
  id uuid primary key,
  team_id uuid not null references developer_team on delete cascade,
  -- In the sandbox's database.
  sandbox_client_id text not null,
  -- In this one, once it was approved.
  client_id text,
  requested_by uuid references account on delete set null,
  requested_at timestamptz not null default now(),
  -- What was asked for: metadata, the reason for each scope, addresses of policies.
  request jsonb not null,
  status text not null check (status in ('waiting', 'approved', 'declined', 'withdrawn')),
  decided_by text,
  decided_at timestamptz,
  -- For the team to read.
  reason text
);
create unique index production_request_waiting on production_request (sandbox_client_id) where status = 'waiting';
create index production_request_team on production_request (team_id, requested_at);
create index production_request_requester on production_request (requested_by);

-- What applications asked of this server, and why it was refused: for their developers, for seven days, and without personal data.
create table request_log (
  id bigint generated always as identity primary key,
  -- That of the answer's X-Request-Id.
  request_id text not null,
  -- Without a reference: a row is no reason to lock the client, and goes with its age.
  client_id text not null,
  at timestamptz not null default now(),
  -- The name of the endpoint, as docs/request-log.md lists them.
  endpoint text not null,
  method text not null,
  status smallint not null,
  error text,
  -- The reason in words, of which an answer to a stranger has less.
  reason text,
  -- What arrived and what was expected.
  detail jsonb
);
create index request_log_client on request_log (client_id, id);
create index request_log_request on request_log (request_id);
create index request_log_age on request_log (at);

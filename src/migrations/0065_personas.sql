-- The invented people of the sandbox, each of one team. Empty in the portal's own database.
create table persona (
  account_id uuid primary key references account on delete cascade,
  team_id uuid not null,
  -- What becomes of it; the code lists the kinds.
  kind text not null check (kind ~ '^[a-z0-9-]{1,40}$'),
  -- What has happened to it so far, for kinds that go on by themselves.
  state jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (team_id, kind)
);

-- How far a team has moved the clock of its sandbox: what it stored lies that much further in the past.
create table sandbox_clock (
  team_id uuid primary key,
  ahead_seconds bigint not null default 0 check (ahead_seconds >= 0),
  moved_at timestamptz not null default now()
);

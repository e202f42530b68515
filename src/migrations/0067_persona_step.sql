-- What happens to a persona next by itself. A row is also the queue entry: a worker of the sandbox looks for due ones every second.
create table persona_step (
  account_id uuid not null references persona on delete cascade,
  -- The code lists them.
  what text not null check (what ~ '^[a-z-]{1,40}$'),
  -- The application that it is about, if it is about one.
  client_id text not null default '',
  due_at timestamptz not null,
  -- A process is doing it. After this time another one does, if it is still here.
  claimed_until timestamptz,
  primary key (account_id, what, client_id)
);
create index persona_step_due on persona_step (due_at);

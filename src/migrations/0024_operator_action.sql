-- What an operator did on the command line, until a worker has logged and counted it.
create table operator_action (
  id uuid primary key default gen_random_uuid(),
  action text not null,
  subject text,
  recorded_at timestamptz not null default clock_timestamp()
);

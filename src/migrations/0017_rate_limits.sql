-- Requests of one minute by whom they count for. Lost with a crash, which forgives a minute.
create unlogged table rate_window (
  key text not null,
  minute timestamptz not null,
  count integer not null,
  primary key (key, minute)
);

-- The secret that was replaced: it authenticates the client until this time, so that its processes can change one after another.
alter table client
  add column previous_secret_hash bytea,
  add column previous_secret_until timestamptz;

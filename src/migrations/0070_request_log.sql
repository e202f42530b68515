-- Whether the client had proven who it is, or anybody could have sent the request with its id; and how many more of that minute were left
-- out after this one. Code of the version before writes neither.
alter table request_log
  add column is_authenticated boolean not null default false,
  add column left_out integer not null default 0 check (left_out >= 0);

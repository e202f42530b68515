-- The time zone in which a resident reads times: a name of the IANA database. Null: the operator's default. Which names there are, the code says.
alter table account add column time_zone text
  constraint account_time_zone_check check (time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$');

-- Keys of the portal itself: `delivery` seals what no resident is known for yet, a new key every day (`period`); `lookup`
-- makes the keyed hashes by which sealed values are found.
alter table data_key
  add column purpose text check (purpose in ('delivery', 'lookup')),
  add column period text check (period is null or purpose is not null),
  drop constraint data_key_check,
  add constraint data_key_owner check (num_nonnulls(account_id, subject_id, purpose) = 1),
  add constraint data_key_purpose unique nulls not distinct (account_id, subject_id, purpose, period);

-- A delivery's body, sealed: on arrival under the day's key, under its owner's once the verification is known.
-- `body_mac` is its keyed hash: a plain one would confirm a guess. `body` and `body_sha256` are left of rows that
-- were stored before; a worker seals them.
alter table delivery
  add column body_sealed bytea,
  add column body_mac bytea,
  add column is_owned boolean not null default false,
  alter column body drop not null,
  alter column body_sha256 drop not null,
  add constraint delivery_body check (num_nonnulls(body, body_sealed) = 1),
  add constraint delivery_mac unique (vendor, integration, body_mac);
-- Which of the days' keys are still needed: a sealed value names its key in the bytes from the second on.
create index delivery_unowned on delivery (substring(body_sealed from 2 for 16))
  where not is_owned and body_sealed is not null;
create index delivery_plain on delivery (id) where body is not null;

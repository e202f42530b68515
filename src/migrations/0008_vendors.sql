-- When the vendor is asked next what became of a session, and how often it was: for vendors that send nothing, and for
-- deliveries that never came. Null: no more.
alter table verification
  add column next_check_at timestamptz,
  add column checks integer not null default 0,
  -- SHA-256 of the `state` that a browser must bring back from the vendor.
  add column state_sha256 bytea;
update verification set next_check_at = now() where status in ('pending', 'resubmission', 'review');
create index verification_check on verification (next_check_at) where next_check_at is not null;

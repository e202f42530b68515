-- A vendor's or a reviewer's free words about an attempt, sealed under the key of the verification's owner. `reason` is
-- left of rows that were stored before, until a worker has sealed them.
alter table decision
  add column reason_sealed bytea,
  add constraint decision_reason check (reason is null or reason_sealed is null);
create index decision_plain on decision (id) where reason is not null;

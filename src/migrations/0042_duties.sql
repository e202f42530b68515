-- What one process at a time does for all, or what is done regularly: who holds it, and when it last succeeded.
create table duty (
  name text primary key,
  holder uuid,
  held_until timestamptz,
  succeeded_at timestamptz
);

-- The trace of the request that brought the delivery (W3C Trace Context): random ids, which the worker continues.
alter table delivery add column traceparent text;

-- How long what a vendor delivered is kept, in days, by purpose; what is not named has the default of retention.ts.
alter table vendor_integration add column retention jsonb not null default '{}';

-- What is left of a verification that was erased: that it was, and that its remains are gone. No person can be found by it.
create table erased_verification (
  -- The verification's own id, which stood nowhere but in its row, its objects' keys and at the vendor.
  id uuid primary key,
  tenant text not null,
  vendor text not null,
  integration text not null,
  status text not null,
  images integer not null,
  reason text not null check (reason in ('retention', 'resident', 'operator', 'tenant')),
  erased_at timestamptz not null default now(),
  -- Until the vendor has said that it deleted it too.
  vendor_session_id text,
  objects_deleted_at timestamptz,
  vendor_deleted_at timestamptz,
  -- Vendors without such a call keep to the retention that is agreed with them.
  vendor_answer text check (vendor_answer in ('deleted', 'not-offered'))
);
create index erased_verification_open on erased_verification (erased_at)
  where objects_deleted_at is null or vendor_answer is null;

-- For what is due.
create index verification_age on verification (session_created_at);
create index delivery_age on delivery (received_at);

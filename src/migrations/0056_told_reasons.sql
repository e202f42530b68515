-- Why a person was not verified, in the portal's own words, which the person may be told. The code lists them, so that a new one needs no
-- migration. Empty: what the vendor gave may not be told, or is not known. It is a table of its own, because adding a column to `decision`
-- would lock a second busy table.
create table told_reason (
  id uuid primary key default gen_random_uuid(),
  verification_id uuid not null references verification on delete cascade,
  -- Null: of an operator's review of an approved document.
  decision_id uuid unique,
  reasons text[] not null,
  recorded_at timestamptz not null default now()
);
create index told_reason_verification on told_reason (verification_id);

-- What the resident was told by mail about a verification.
create table verification_notice (
  verification_id uuid primary key references verification on delete cascade,
  -- The outcome that the resident knows, and the one that a mail is due about.
  told text,
  due text,
  due_at timestamptz,
  -- The last of the document's days that a mail was sent about: `soon 2027-01-31`, `expired 2027-01-31`.
  told_expiry text,
  check ((due is null) = (due_at is null))
);
create index verification_notice_due on verification_notice (due_at) where due_at is not null;

-- One row for each integration of a vendor: where it is and the secrets, sealed with the encryption key.
create table vendor_integration (
  vendor text not null check (vendor in ('veriff', 'kora', 'incode', 'mosaic')),
  name text not null default 'default',
  tenant text not null default 'default',
  base_url text not null,
  settings jsonb not null default '{}',
  secrets_sealed text not null,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (vendor, name)
);

-- A verification session of ours at a vendor. The row comes first, the vendor's id when the vendor has answered.
create table verification (
  id uuid primary key default gen_random_uuid(),
  tenant text not null default 'default',
  account_id uuid references account on delete cascade,
  vendor text not null,
  integration text not null,
  vendor_session_id text,
  status text not null default 'pending'
    check (status in ('pending', 'approved', 'declined', 'resubmission', 'review', 'expired', 'error')),
  document_type text
    check (document_type in ('passport', 'national_id', 'drivers_license', 'residence_permit', 'visa', 'other')),
  -- The attempt that the status speaks of, and when the vendor decided it.
  attempt_id text,
  decided_at timestamptz,
  session_created_at timestamptz not null default now(),
  -- What the hot endpoint hands out: object keys of this status's attempt, set as each image is proven stored.
  images_complete boolean not null default false,
  document_front_key text,
  document_back_key text,
  face_key text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (vendor, integration) references vendor_integration (vendor, name),
  unique (vendor, integration, vendor_session_id)
);
-- The one rule of "latest approved" reads this and nothing else.
create index verification_latest_approved
  on verification (account_id, images_complete desc, session_created_at desc) where status = 'approved';
create index verification_account on verification (account_id, session_created_at desc);

-- Every genuine webhook request, as it came. The row is its own queue entry until it is applied.
create table delivery (
  id uuid primary key default gen_random_uuid(),
  vendor text not null,
  integration text not null,
  body bytea not null,
  body_sha256 bytea not null,
  received_at timestamptz not null default now(),
  times_received integer not null default 1,
  last_received_at timestamptz not null default now(),
  state text not null default 'received'
    check (state in ('received', 'applied', 'ignored', 'quarantined', 'failed')),
  tries integer not null default 0,
  run_at timestamptz not null default now(),
  -- Why it is in this state, in words for the operator.
  explanation text,
  verification_id uuid references verification on delete set null,
  applied_at timestamptz,
  unique (vendor, integration, body_sha256)
);
create index delivery_queue on delivery (run_at) where state = 'received';
create index delivery_verification on delivery (verification_id) where verification_id is not null;

-- What a vendor said of an attempt: the facts from which the status is computed, in any order of arrival.
create table decision (
  id uuid primary key default gen_random_uuid(),
  verification_id uuid not null references verification on delete cascade,
  attempt_id text not null,
  status text not null
    check (status in ('pending', 'approved', 'declined', 'resubmission', 'review', 'expired', 'error')),
  -- The vendor's own decision time; null for progress that carries none.
  decided_at timestamptz,
  document_type text,
  reason text,
  delivery_id uuid references delivery on delete set null,
  recorded_at timestamptz not null default now(),
  unique nulls not distinct (verification_id, attempt_id, status, decided_at)
);

-- One image of one attempt. It is shown only in state 'stored': downloaded, checked, put, and proven there.
create table image (
  id uuid primary key default gen_random_uuid(),
  verification_id uuid not null references verification on delete cascade,
  attempt_id text not null,
  type text not null,
  vendor_media_id text not null,
  -- Among those of its type: 0 is the vendor's best.
  position integer not null,
  expected_size bigint,
  state text not null default 'pending' check (state in ('pending', 'stored', 'refused')),
  reason text,
  content_type text,
  size bigint,
  sha256 bytea,
  object_key text,
  -- The JPEG that `.jpg` URLs name: the original where it is one, a rendition of it elsewhere.
  jpeg_key text,
  captured_at timestamptz,
  stored_at timestamptz,
  unique (verification_id, attempt_id, vendor_media_id)
);

-- What the registry says of a person; loaded by an operator, handed out by its own scopes.
create table natural_person (
  account_id uuid primary key references account on delete cascade,
  resident_permit_number text,
  country_of_birth text,
  citizenships text[] not null default '{}',
  date_of_birth date,
  sex text check (sex in ('M', 'F')),
  address jsonb,
  phone_number text,
  updated_at timestamptz not null default now()
);
create unique index natural_person_permit on natural_person (resident_permit_number);

create table residency (
  account_id uuid primary key references account on delete cascade,
  effective_date date not null,
  termination_date date,
  residency_type text not null check (residency_type in ('Limited e-Resident', 'e-Resident', 'Resident')),
  version text not null,
  updated_at timestamptz not null default now()
);

-- Where a tenant's back office has the browser sent when the person is done, and what it wants back.
alter table verification
  add column return_url text,
  add column return_state text;
create index verification_state on verification (state_sha256) where state_sha256 is not null;
create index verification_tenant on verification (tenant, account_id, session_created_at desc);
-- Who decided where it was not the vendor: a tenant's client.
alter table decision add column reviewed_by text;

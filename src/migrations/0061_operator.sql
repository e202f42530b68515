-- Accounts that may operate the portal, each with one role. The code lists the roles, so that a new one needs no migration.
create table operator (
  account_id uuid primary key references account on delete cascade,
  role text not null check (role ~ '^[a-z-]{1,40}$'),
  -- The operator who granted it; null: the command line, or the page that creates the first operator.
  granted_by uuid references account on delete set null,
  granted_at timestamptz not null default now()
);
create index operator_granted_by on operator (granted_by);

-- The link to the page that creates the first operator: one row at most, and none once somebody is an operator.
create table operator_setup (
  is_only boolean primary key default true check (is_only),
  -- The id that the account will have.
  account_id uuid not null,
  -- SHA-256 of what is in the link.
  token_hash bytea not null,
  expires_at timestamptz not null
);

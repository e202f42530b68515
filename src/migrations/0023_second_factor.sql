-- The secret that an authenticator app shares with the portal (RFC 6238), sealed for this account.
create table totp (
  account_id uuid primary key references account on delete cascade,
  secret_sealed text not null,
  -- The time step of the newest code that was accepted: no code is accepted twice.
  last_step bigint not null,
  created_at timestamptz not null default now(),
  used_at timestamptz
);

-- One-time codes for a resident who has lost the other second factors. A new set replaces the old one.
create table recovery_code_set (
  account_id uuid primary key references account on delete cascade,
  -- The argon2id salt of every code in the set, so that one hash finds a code.
  salt bytea not null,
  created_at timestamptz not null default now()
);
create table recovery_code (
  account_id uuid not null references recovery_code_set on delete cascade,
  code_hash bytea not null,
  used_at timestamptz,
  primary key (account_id, code_hash)
);

-- A sign-in whose password was right and whose second step is missing. It opens nothing: it is no session.
create table pending_sign_in (
  token_hash bytea primary key,
  account_id uuid not null references account on delete cascade,
  browser_hash bytea not null,
  step text not null check (step in ('code', 'enrol', 'enrolled')),
  wrong_codes integer not null default 0,
  expires_at timestamptz not null
);
create index pending_sign_in_account on pending_sign_in (account_id);

-- One more kind of ledger entry, beside whatever kinds there are: what an operator changed of an account.
do $$ declare
  allowed text;
begin
  select substring(pg_get_constraintdef(oid) from '^CHECK (.*)$') into strict allowed
    from pg_constraint
    where conrelid = 'ledger_entry'::regclass and conname = 'ledger_entry_kind_check';
  alter table ledger_entry drop constraint ledger_entry_kind_check;
  execute format(
    'alter table ledger_entry add constraint ledger_entry_kind_check check (kind = %L or %s)',
    'operator-change', allowed);
end $$;

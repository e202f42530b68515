-- Who can sign in. The e-mail is kept as typed, and found by its normalised form.
create table account (
  id uuid primary key default gen_random_uuid(),
  email text not null,
  email_key text not null unique,
  email_verified boolean not null default false,
  password_hash text,
  given_name text not null,
  surname text not null,
  status text not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Failed sign-ins, counted by what was tried and from where; one row a key, forgotten after the window.
create table sign_in_throttle (
  key text primary key,
  failures integer not null,
  blocked_until timestamptz not null,
  last_failure_at timestamptz not null
);

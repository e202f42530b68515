-- What was sent for a verification of `manual`. A worker takes it in, and answers; the request that sent it waits for that.
create table upload (
  id uuid primary key,
  verification_id uuid not null references verification on delete cascade,
  -- Of the image; null: the request to complete the verification.
  type text,
  -- Under the key of the verification's owner, until there is an outcome.
  image_sealed bytea,
  typed_sealed bytea,
  -- The worker's answer: contains ids, names of types and a reason in the portal's words.
  outcome jsonb,
  created_at timestamptz not null default now()
);
create index upload_verification on upload (verification_id);
create index upload_age on upload (created_at);

-- What a resident does for a verification of `manual`: which document it is, and what it says.
create table capture (
  verification_id uuid primary key references verification on delete cascade,
  -- The resident's own statement, under the key of the account. It becomes what was read from the document when a reviewer accepts it.
  statement_sealed bytea not null,
  -- When it last described the document; null while it says only which document it is.
  typed_at timestamptz,
  -- What a reviewer asked for again: types of images, or `details`. What is older than that does not count.
  asked text[] not null default '{}',
  asked_at timestamptz
);

-- A phone that may add photos to a verification of `manual`, for the browser that showed it a link.
create table phone_link (
  verification_id uuid primary key references verification on delete cascade,
  -- The session that showed the link: the phone's right ends with it.
  account_id uuid not null,
  session_uid text not null,
  -- SHA-256 of what is in the link, and of the cookie of the phone that opened it.
  token_hash bytea not null unique,
  phone_hash bytea unique,
  -- What the phone shows and the browser has to type. Worthless without the cookie.
  code text,
  code_tries int not null default 0,
  confirmed_at timestamptz,
  expires_at timestamptz not null
);

-- What a key is follows from the clock, the same on every process: not yet activated, the latest activated, or
-- superseded and still verifying until it retires.
drop index signing_key_active;
alter table signing_key add column activates_at timestamptz;
alter table signing_key add column retires_at timestamptz;
update signing_key set activates_at = created_at where status <> 'next';
alter table signing_key drop column status;
create unique index signing_key_next on signing_key (algorithm) where activates_at is null;

-- Proofs and assertions that were used: DPoP `jti` (RFC 9449 §11.1), client assertions' `jti` (RFC 7523 §3).
-- `id` is the SHA-256 of issuer and `jti`.
create table spent_jti (
  id bytea primary key,
  expires_at timestamptz not null
);
create index spent_jti_expiry on spent_jti (expires_at);

-- When a device asked last: who asks faster than agreed is told to slow down (RFC 8628 §3.5).
alter table oidc_artifact add column polled_at timestamptz;

-- The rule of live_access_token for tokens that no resident stands behind: client credentials.
create view live_service_token as
  select token.id, token.client_id, client.tenant, token.scope
  from oidc_artifact token
  join client on client.id = token.client_id and client.enabled
  where token.kind = 'ClientCredentials' and token.expires_at > now();

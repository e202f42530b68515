alter table oidc_artifact add column polled_at timestamptz;

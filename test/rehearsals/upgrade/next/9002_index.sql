-- outside of a transaction
create index concurrently oidc_artifact_upgrade_note on oidc_artifact (upgrade_note, created_at);

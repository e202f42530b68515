-- For new rows at once; the old ones are read in the next migration, which lets others write.
alter table oidc_artifact
  add constraint oidc_artifact_upgrade_note_check check (upgrade_note <> '') not valid;

-- For residents who verify themselves.
alter table verification
  -- The address of the vendor's page and the `state` of the way back, sealed, until it is used up or the vendor has decided.
  add column page_sealed bytea,
  -- When the vendor reported that the photos of the current attempt were submitted.
  add column submitted_at timestamptz,
  -- The application's request that the resident returns to.
  add column interaction_uid text;

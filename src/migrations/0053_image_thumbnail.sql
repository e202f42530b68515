-- A small JPEG of the image, for the portal's pages. Null where it is still to be made: code of the version before stores none.
alter table image
  add column thumbnail_key text,
  add column thumbnail_size bigint,
  add column thumbnail_sha256 bytea;

-- What readers are given of an image: the original where it carries nothing but the picture, otherwise a copy without the rest,
-- with its own digest. `sha256`, `size`, `content_type` and `object_key` are the vendor's original's, as evidence.
alter table image
  add column clean_key text,
  add column clean_content_type text,
  add column clean_size bigint,
  add column clean_sha256 bytea,
  -- Of the JPEG that `jpeg_key` names.
  add column jpeg_size bigint,
  add column jpeg_sha256 bytea,
  -- How often what was downloaded was refused: only the last time is final.
  add column refusals integer not null default 0,
  -- Until when a worker has taken it to make the clean copy of an image that was stored before there were any.
  add column clean_taken_until timestamptz;
-- The images that are still to be looked at: those stored before this.
create index image_not_clean on image (stored_at desc) where state = 'stored' and clean_key is null;
-- For the operator's list.
create index image_refused on image (verification_id) where state = 'refused';

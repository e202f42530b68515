-- outside of a transaction
create index concurrently image_digest on image (clean_sha256) where state = 'stored';

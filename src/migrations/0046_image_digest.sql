-- outside of a transaction
create index concurrently image_digest on image (sha256) where state = 'stored';

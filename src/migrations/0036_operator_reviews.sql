-- Why an operator accepted or rejected a document: free words, sealed under the key of the verification's owner. The ledger's
-- entry has the digest alone: an HMAC, base64url, under a random key that is sealed with the words.
create table operator_review (
  reason_digest text primary key,
  verification_id uuid not null references verification on delete cascade,
  reason_sealed bytea not null
);
create index operator_review_verification on operator_review (verification_id);

-- An application is notified once that the document behind the verification that counts has expired.
alter table event drop constraint event_kind_check;
alter table event add constraint event_kind_check check (kind in ('verification.approved', 'verification.images-ready',
  'verification.replaced', 'verification.withdrawn', 'verification.document-expired', 'verification.erased',
  'consent.changed', 'consent.revoked', 'resident.erased', 'test'));
alter table told_verification add column document_expired boolean not null default false;

-- Documents that expire, for the daily look; mismatches that wait for an operator.
create index verification_document_expiry on verification (document_expires_on)
  where status = 'approved' and document_expires_on is not null;
create index verification_mismatch on verification (session_created_at)
  where status = 'approved' and match = 'mismatch' and match_review is null;

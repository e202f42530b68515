alter table erased_verification
  add column vendor_answer text check (vendor_answer in ('deleted', 'not-offered'));
update erased_verification set vendor_answer = 'deleted' where vendor_deleted_at is not null;
drop index erased_verification_open;
create index erased_verification_open on erased_verification (erased_at)
  where objects_deleted_at is null or vendor_answer is null;

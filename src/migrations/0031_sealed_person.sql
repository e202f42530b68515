-- What the registry says of a person, sealed as one document under the resident's data key. `permit_mac` is the keyed hash
-- of the permit number, which one resident has. The columns in the clear are left of rows that were stored before.
alter table natural_person
  add column document_sealed bytea,
  add column permit_mac bytea,
  add constraint natural_person_permit_mac unique (permit_mac);
create index natural_person_plain on natural_person (account_id) where document_sealed is null;

alter table residency
  add column document_sealed bytea,
  alter column effective_date drop not null,
  alter column residency_type drop not null,
  alter column version drop not null,
  add constraint residency_document check (num_nonnulls(effective_date, document_sealed) = 1);
create index residency_plain on residency (account_id) where document_sealed is null;

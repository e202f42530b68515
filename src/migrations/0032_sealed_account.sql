-- E-mail, given name and surname, sealed as one document under the account's data key; `email_mac` is the keyed hash of the
-- normalised e-mail. The columns in the clear are left of rows that were stored before, until a worker has sealed them.
alter table account
  add column details_sealed bytea,
  add column email_mac bytea,
  add constraint account_email_mac unique (email_mac),
  alter column email drop not null,
  alter column email_key drop not null,
  alter column given_name drop not null,
  alter column surname drop not null,
  add constraint account_details check (email is null or details_sealed is null);
create index account_plain on account (id) where email is not null;

-- Counters hold the keyed hash of an e-mail in the place of the e-mail. Those that held the e-mail count anew.
delete from sign_in_throttle where key like '%@%';

-- The address that a link proves, sealed under the account's key. Links that were sent before have it in the clear, and
-- are gone within two days.
alter table mail_link
  add column email_sealed bytea,
  alter column email drop not null,
  add constraint mail_link_email check (num_nonnulls(email, email_sealed) = 1);

-- Named for what it holds: the state that each account's applications were last notified of.
alter table told_verification rename to last_announcement;
alter table last_announcement rename constraint told_verification_pkey to last_announcement_pkey;

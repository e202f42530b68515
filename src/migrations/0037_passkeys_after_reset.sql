-- Set when a new password was set by mail: the passkey opens the account only after the password, until it was used so once.
alter table passkey add column needs_password boolean not null default false;

-- The language of a resident's mails: a tag of RFC 5646. Null before the first sign-in. Which languages there are, the code says.
alter table account add column locale text
  constraint account_locale_check check (locale ~ '^[A-Za-z0-9-]{1,35}$');

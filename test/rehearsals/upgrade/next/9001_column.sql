-- Expands: code that does not know the column inserts rows without it. A constant default rewrites nothing.
alter table oidc_artifact add column upgrade_note text not null default 'none';

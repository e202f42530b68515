-- A tenant's own word for the kind of verification; the portal gives it no meaning.
alter table verification add column tier text not null default 'standard';

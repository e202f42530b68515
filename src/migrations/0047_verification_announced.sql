-- What the tenant's back offices were last notified of: status, attempt, and whether the images are complete.
alter table verification add column announced jsonb;

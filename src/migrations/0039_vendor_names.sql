-- The code lists the vendors, so that a new one needs no migration.
alter table vendor_integration drop constraint vendor_integration_vendor_check,
  add constraint vendor_integration_vendor_check check (vendor ~ '^[a-z][a-z0-9-]{0,31}$');

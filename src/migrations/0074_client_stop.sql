-- When the operator disabled it, so that its team does not enable it again. Enabling it by the operator clears this.
alter table client add column stopped_at timestamptz;

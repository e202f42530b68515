alter table event_stream add column busy_until timestamptz;
alter table event
  drop constraint event_client_id_fkey,
  drop column replayed_at,
  add column first_tried_at timestamptz,
  add column noted boolean not null default false;

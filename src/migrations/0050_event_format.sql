-- The format of a stream's webhooks, where it is not Standard Webhooks. Code of the version before sends all of them as those.
alter table event_stream add column format text not null default 'standard' check (format in ('standard', 'kora'));

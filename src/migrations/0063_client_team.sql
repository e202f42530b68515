-- The team that owns the application. In the sandbox's database too, where there is no table of teams.
alter table client add column team_id uuid;
-- When each of the two secrets was last used, to the minute.
alter table client add column secret_used_at timestamptz;
alter table client add column previous_secret_used_at timestamptz;

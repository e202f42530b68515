-- outside of a transaction
create index concurrently client_of_team on client (team_id) where team_id is not null

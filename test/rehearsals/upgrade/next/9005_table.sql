create table upgrade_example (id uuid primary key default gen_random_uuid());

-- How many answers of the vendor were recorded: one that was asked for before the last of them came is out of date.
alter table verification add column answers integer not null default 0;

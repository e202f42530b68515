alter table image add column expected_size bigint;

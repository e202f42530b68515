-- outside of a transaction
create index concurrently delivery_times on delivery (vendor, integration, received_at);

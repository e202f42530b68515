-- What waits is asked about every minute, among millions that do not.
create index delivery_waiting on delivery (state, received_at) where state in ('received', 'failed', 'quarantined');
create index image_waiting on image (verification_id) where state = 'pending';

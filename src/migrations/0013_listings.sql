-- How often the list of images was wanted anew, because another attempt holds or a person took pictures again, and for
-- which of these it was read: only the images of that reading are shown.
alter table verification
  add column images_wanted integer not null default 0,
  add column images_listed integer;
alter table image
  add column listing integer not null default 0,
  -- Its place among those of its type in that reading: 0 is the vendor's best. `position` only tells names apart.
  add column rank integer;
update image set rank = position;
alter table image alter column rank set not null;
update verification set images_listed = 0
where images_complete or exists (
  select from image where verification_id = verification.id and attempt_id = verification.attempt_id);
-- Two readings of one list may have given one number twice. What is stored keeps the name that it has in `object_key`.
update image set position = counted.position
from (select id, row_number() over (partition by verification_id, attempt_id, type order by position, id) - 1 as position
  from image) counted
where counted.id = image.id and counted.position <> image.position;
create unique index image_name on image (verification_id, attempt_id, type, position);

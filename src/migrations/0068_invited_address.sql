-- Sealed text, as every column that ENCRYPTION_KEY seals directly. Nothing has written one yet.
alter table developer_invitation alter column email_sealed type text using convert_from(email_sealed, 'UTF8');

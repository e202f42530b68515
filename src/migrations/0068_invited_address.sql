-- contracts: no release has the table, which 0062 creates, and nothing has written to it
-- Sealed text, as every column that ENCRYPTION_KEY seals directly.
alter table developer_invitation alter column email_sealed type text using convert_from(email_sealed, 'UTF8');

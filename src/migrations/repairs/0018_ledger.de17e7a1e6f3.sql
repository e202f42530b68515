alter table ledger_entry add column token_id bytea;

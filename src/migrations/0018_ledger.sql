-- One row for each disclosure, refusal, look of an operator, export and erasure. Never content, never a link. The account's
-- id is a random number: when the account is erased, nothing leads from it to a person.
create table ledger_entry (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  -- The transaction that wrote it: the sequencer takes those than which no older one can still come.
  xid xid8 not null default pg_current_xact_id(),
  kind text not null check (kind in ('disclosure', 'refusal', 'operator-look', 'tenant-look', 'review', 'export', 'erasure')),
  request_id uuid,
  -- The application or the tenant's program; null: the operator, at the command line.
  client_id text,
  account_id uuid,
  verification_id uuid,
  scope text,
  purpose text,
  -- [{id, type, sha256}]
  images jsonb not null default '[]',
  result text not null,
  -- The access token that opened it, by the SHA-256 of its `jti`: what a stolen one was used for can be asked.
  token_id bytea
);
create index ledger_entry_order on ledger_entry (xid, id);
create index ledger_entry_account on ledger_entry (account_id, id desc) where account_id is not null;

-- The Merkle tree of RFC 9162 §2.1 over the entries, in the order that the sequencer gave them.
create table ledger_leaf (
  index bigint primary key,
  entry_id bigint not null unique,
  hash bytea not null
);
-- Hashes of whole subtrees: of the 2^level leaves from index * 2^level on. Level 0 is the leaves'.
create table ledger_node (
  level smallint not null check (level > 0),
  index bigint not null,
  hash bytea not null,
  primary key (level, index)
);
create table ledger_head (
  size bigint primary key,
  root bytea not null,
  at timestamptz not null,
  -- Signed by the portal's key.
  jws text not null
);

create function ledger_refuse_change() returns trigger language plpgsql as $$ begin
  raise exception 'the ledger is only added to' using errcode = 'insufficient_privilege';
end $$;
create trigger ledger_entry_stays before update or delete or truncate on ledger_entry
  for each statement execute function ledger_refuse_change();
create trigger ledger_leaf_stays before update or delete or truncate on ledger_leaf
  for each statement execute function ledger_refuse_change();
create trigger ledger_node_stays before update or delete or truncate on ledger_node
  for each statement execute function ledger_refuse_change();
create trigger ledger_head_stays before update or delete or truncate on ledger_head
  for each statement execute function ledger_refuse_change();

-- What the entry of a disclosure says of its images, ready: the hot endpoint copies it.
alter table verification add column shown_images jsonb not null default '[]';
update verification set shown_images = coalesce((
  select jsonb_agg(jsonb_build_object('id', image.id, 'type', type, 'sha256', encode(sha256, 'hex')) order by type)
  from image where verification_id = verification.id
    and jpeg_key in (document_front_key, document_back_key, face_key)), '[]')
where document_front_key is not null or document_back_key is not null or face_key is not null;

-- The applications that the operator has checked, each under the name that it had then. Another name is not trusted.
create table trusted_client (
  client_id text primary key references client on delete cascade,
  name text not null,
  trusted_at timestamptz not null default now()
);

-- The images that the resident does not share with this application, although it may see the documents.
alter table consent add column withheld_images text[] not null default '{}'
  constraint consent_withheld_images check (withheld_images <@ '{document_front,document_back,selfie}'::text[]);

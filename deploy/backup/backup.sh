#!/usr/bin/env bash
# Writes a backup of the database into a folder: the roles, the dump, and the ledger's signed head of afterwards. Copy the
# bucket after it (docs/backup.md): the objects of every row in the dump are there by then.
#
#   BACKUP_DATABASE_URL=postgres://postgres:…@db/portal ISSUER=https://id.example.org deploy/backup/backup.sh FOLDER
#
# BACKUP_DATABASE_URL is of a superuser, who alone can read the roles' passwords (SCRAM verifiers). The client programs
# (PG_BIN, default: those of PATH) are of the server's version or newer.
set -euo pipefail
umask 077
folder=${1:?give the folder that the backup is written into}
: "${BACKUP_DATABASE_URL:?set it to the address of the database, with a superuser}"
: "${ISSUER:?set it to the address of the portal}"
bin=${PG_BIN:+$PG_BIN/}

mkdir "$folder"
"${bin}pg_dumpall" --dbname="$BACKUP_DATABASE_URL" --roles-only --file="$folder/roles.sql"
"${bin}pg_dump" --dbname="$BACKUP_DATABASE_URL" --format=custom --file="$folder/portal.dump"
curl --fail --silent --show-error --output "$folder/head.json" "$ISSUER/.well-known/ledger"
(cd "$folder" && sha256sum roles.sql portal.dump head.json >SHA256SUMS)
du -sh "$folder"

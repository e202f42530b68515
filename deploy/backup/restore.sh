#!/usr/bin/env bash
# Restores the database of a backup into an empty cluster, with its roles and their rights.
#
#   RESTORE_DATABASE_URL=postgres://postgres:…@new-db/postgres deploy/backup/restore.sh FOLDER
#
# RESTORE_DATABASE_URL is of a superuser, and names any other database of the cluster; the portal's own is created.
set -euo pipefail
folder=${1:?give the folder that backup.sh wrote}
: "${RESTORE_DATABASE_URL:?set it to the address of the empty cluster, with a superuser}"
bin=${PG_BIN:+$PG_BIN/}

(cd "$folder" && sha256sum --check --quiet SHA256SUMS)
# The superuser of the same name is there already; everything else must succeed.
superuser=$("${bin}psql" "$RESTORE_DATABASE_URL" --no-psqlrc --tuples-only --no-align --command='select quote_ident(current_user)')
grep --invert-match --line-regexp --fixed-strings "CREATE ROLE $superuser;" "$folder/roles.sql" |
  grep --invert-match --fixed-strings "ALTER ROLE $superuser WITH " |
  "${bin}psql" "$RESTORE_DATABASE_URL" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --single-transaction >/dev/null
"${bin}pg_restore" --dbname="$RESTORE_DATABASE_URL" --create --exit-on-error --jobs="${JOBS:-2}" "$folder/portal.dump"

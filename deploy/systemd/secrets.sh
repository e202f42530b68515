#!/bin/sh
# Makes the files that the units load: sh deploy/systemd/secrets.sh /etc/identity-portal/secrets
# The database is on this machine, unless PGHOST, PGPORT and PGSSLMODE say otherwise.
# Nothing that exists is replaced. What only you know (mail, bucket) is left to you.
set -eu
umask 077
mkdir -p "$1"
cd "$1"
make() {
  if [ -e "$1" ]; then return; fi
  cat >"$1"
  echo "made $1"
}
url() { echo "postgres://$1:$(openssl rand -hex 24)@${PGHOST:-127.0.0.1}:${PGPORT:-5432}/portal${PGSSLMODE:+?sslmode=$PGSSLMODE}"; }
key() { openssl rand -base64 32 | tr '+/' '-_'; }
url portal | make migration-database-url
url portal_app | make app-database-url
url portal_web | make web-database-url
url portal_worker | make worker-database-url
key | make cookie-keys
key | make encryption-key
for name in smtp-url aws-access-key-id aws-secret-access-key; do
  [ -e "$name" ] || echo "write $1/$name yourself"
done

#!/bin/sh
# Makes the secrets of docker-compose.yml: sh deploy/compose/secrets.sh > .env
# Refuses to print them on a terminal, and the shell's `>` must make a new file: they are the keys of what is stored.
set -eu
if [ -t 1 ]; then
  echo 'Send the output to a file: (umask 077; sh deploy/compose/secrets.sh > .env)' >&2
  exit 1
fi
password() { openssl rand -hex 24; }
key() { openssl rand -base64 32 | tr '+/' '-_'; }
cat <<END
DATABASE_PASSWORD=$(password)
APP_DATABASE_PASSWORD=$(password)
WEB_DATABASE_PASSWORD=$(password)
WORKER_DATABASE_PASSWORD=$(password)
S3_ACCESS_KEY_ID=$(password)
S3_SECRET_ACCESS_KEY=$(password)
COOKIE_KEYS=$(key)
ENCRYPTION_KEY=$(key)
GRAFANA_PASSWORD=$(password)
END

#!/bin/sh
# Makes an authority and the certificates of this deployment in the folder $1, once. The authority's key is deleted, so that it signs
# nothing else. PostgreSQL refuses a key that belongs to another user than its own, or that others can read.
set -eu
cd "$1"
[ -f ca.crt ] && exit 0
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj '/CN=Identity portal on this machine' \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.new
issue() {
  name=$1 hosts=$2
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$hosts" >"$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.new -CAkey ca.key -CAcreateserial -days 825 -extfile "$name.ext" -out "$name.crt"
  rm "$name.csr" "$name.ext"
}
issue postgres DNS:postgres
issue s3 DNS:s3
issue proxy DNS:portal.localhost,DNS:files.portal.localhost
rm -f ca.key ./*.srl
if [ "$(id -u)" = 0 ]; then chown "$(id -u postgres)" postgres.key; fi
chmod 0755 .
chmod 0644 ./*.crt ca.new
mv ca.new ca.crt

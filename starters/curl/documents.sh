#!/bin/sh
# Signs a person in at the portal with curl, and prints their documents. Needs curl, openssl, jq and perl.
set -eu
: "${ISSUER:?}" "${CLIENT_ID:?}" "${CLIENT_SECRET:?}" "${PORT:=4000}"
redirect_uri="http://localhost:$PORT/callback"

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
random() { openssl rand 32 | base64url; }
# Secrets reach curl on its standard input: every user of the machine can read the arguments of a program.
credentials() { printf 'user = "%s:%s"\n' "$CLIENT_ID" "$CLIENT_SECRET"; }
encoded() { jq -rn --arg value "$1" '$value | @uri'; }

discovered=$(curl -fsS "$ISSUER/.well-known/openid-configuration")
endpoint() { printf '%s' "$discovered" | jq -r ".$1_endpoint"; }

# 1. The browser goes to the portal.
state=$(random) nonce=$(random) verifier=$(random)
challenge=$(printf '%s' "$verifier" | openssl dgst -sha256 -binary | base64url)
scope='openid offline_access eprospera:person.id_verification.read'
printf 'Open %s?response_type=code&client_id=%s&redirect_uri=%s&scope=%s&state=%s&nonce=%s&code_challenge=%s&code_challenge_method=S256\n' \
  "$(endpoint authorization)" "$CLIENT_ID" "$(encoded "$redirect_uri")" "$(encoded "$scope")" "$state" "$nonce" "$challenge"

# 2. It comes back with a code. Perl listens for that one request.
query=$(perl -MIO::Socket::INET -e '
  my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => shift, Listen => 5, ReuseAddr => 1) or die "$!\n";
  while (my $browser = $server->accept) {
    my ($query) = <$browser> =~ m{^GET /callback\?(\S+)};
    while (defined(my $line = <$browser>)) { last if $line =~ /^\r?$/ }
    print $browser "HTTP/1.1 ", $query ? "200 OK" : "404 Not Found", "\r\nConnection: close\r\n\r\nYou can close this page.";
    close $browser;
    if ($query) { print $query; exit }
  }' "$PORT")
parameter() { printf '%s' "$query" | tr '&' '\n' | sed -n "s/^$1=//p"; }
[ "$(parameter state)" = "$state" ] || { echo 'The state is another sign-in.' >&2; exit 1; }
[ "$(parameter iss)" = "$(encoded "$ISSUER")" ] || { echo 'The answer is of another issuer.' >&2; exit 1; }
[ -z "$(parameter error)" ] || { echo "The sign-in failed: $(parameter error)" >&2; exit 1; }

# 3. The code becomes tokens.
tokens=$({
  credentials
  printf 'data = "grant_type=authorization_code&code=%s&code_verifier=%s"\n' "$(parameter code)" "$verifier"
} | curl -fsS -K - --data-urlencode "redirect_uri=$redirect_uri" "$(endpoint token)")

# 4. The access token opens the API. A refresh token works once: keep the one of the last answer.
tokens=$({
  credentials
  printf 'data = "grant_type=refresh_token&refresh_token=%s"\n' "$(printf '%s' "$tokens" | jq -r .refresh_token)"
} | curl -fsS -K - "$(endpoint token)")
printf 'header = "Authorization: Bearer %s"\n' "$(printf '%s' "$tokens" | jq -r .access_token)" |
  curl -fsS -K - "$ISSUER/api/v1/me/natural-person/id-verification" | jq .

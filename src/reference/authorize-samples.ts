import type { Language } from './samples.ts'

/*
 * Code for the addresses that a browser opens: the program makes the address, and sends the person there.
 */

/** Makes the address of an authorization request, with PKCE. */
export const authorizeSamples = (base: string): Record<Language, string> => ({
  curl: `CODE_VERIFIER=$(openssl rand -hex 32)
CODE_CHALLENGE=$(printf %s "$CODE_VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')
STATE=$(openssl rand -hex 16)
echo "${base}/api/oauth/authorize?response_type=code&client_id=$CLIENT_ID&redirect_uri=http%3A%2F%2Flocalhost%3A4000%2Fcallback&scope=openid+eprospera%3Aperson.id_verification.read&state=$STATE&code_challenge=$CODE_CHALLENGE&code_challenge_method=S256"`,
  typescript: `import { createHash, randomBytes } from 'node:crypto'

const { CLIENT_ID = '' } = process.env

// Keep both until the browser is back: one per request.
const codeVerifier = randomBytes(32).toString('base64url')
const state = randomBytes(16).toString('base64url')

const url = new URL('${base}/api/oauth/authorize')
url.search = new URLSearchParams({
  response_type: 'code',
  client_id: CLIENT_ID,
  redirect_uri: 'http://localhost:4000/callback',
  scope: 'openid eprospera:person.id_verification.read',
  state,
  code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
  code_challenge_method: 'S256',
}).toString()
console.log(url.href)`,
  python: `import base64
import hashlib
import os
import secrets
import urllib.parse

# Keep both until the browser is back: one per request.
code_verifier = secrets.token_urlsafe(32)
state = secrets.token_urlsafe(16)

digest = hashlib.sha256(code_verifier.encode()).digest()
print("${base}/api/oauth/authorize?" + urllib.parse.urlencode({
    "response_type": "code",
    "client_id": os.environ["CLIENT_ID"],
    "redirect_uri": "http://localhost:4000/callback",
    "scope": "openid eprospera:person.id_verification.read",
    "state": state,
    "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}))`,
  go: `package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
)

func main() {
	// Keep both until the browser is back: one per request.
	codeVerifier := rand.Text() + rand.Text()
	state := rand.Text()

	digest := sha256.Sum256([]byte(codeVerifier))
	query := url.Values{
		"response_type":         {"code"},
		"client_id":             {os.Getenv("CLIENT_ID")},
		"redirect_uri":          {"http://localhost:4000/callback"},
		"scope":                 {"openid eprospera:person.id_verification.read"},
		"state":                 {state},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(digest[:])},
		"code_challenge_method": {"S256"},
	}
	fmt.Println("${base}/api/oauth/authorize?" + query.Encode())
}`,
})

/** Makes the address that signs a person out. */
export const endSessionSamples = (base: string): Record<Language, string> => ({
  curl: `echo "${base}/api/oauth/end_session?client_id=$CLIENT_ID&id_token_hint=$ID_TOKEN"`,
  typescript: `const { CLIENT_ID = '', ID_TOKEN = '' } = process.env

const query = new URLSearchParams({ client_id: CLIENT_ID, id_token_hint: ID_TOKEN })
console.log(\`${base}/api/oauth/end_session?\${query}\`)`,
  python: `import os
import urllib.parse

print("${base}/api/oauth/end_session?" + urllib.parse.urlencode({
    "client_id": os.environ["CLIENT_ID"],
    "id_token_hint": os.environ["ID_TOKEN"],
}))`,
  go: `package main

import (
	"fmt"
	"net/url"
	"os"
)

func main() {
	query := url.Values{
		"client_id":     {os.Getenv("CLIENT_ID")},
		"id_token_hint": {os.Getenv("ID_TOKEN")},
	}
	fmt.Println("${base}/api/oauth/end_session?" + query.Encode())
}`,
})

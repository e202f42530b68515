from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypedDict
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from .api import Api
from .request import TIMEOUT_IN_SECONDS

DOCUMENTS = "openid offline_access eprospera:person.id_verification.read"
ALGORITHMS = ["RS256", "ES256"]
# A token that expires within this time is replaced before it is used.
RENEWED_BEFORE_IN_SECONDS = 10
# Forged tokens do not make us read them each time.
KEYS_READ_AGAIN_AFTER_IN_SECONDS = 30


class SignIn(NamedTuple):
    # Where the browser goes
    url: str
    # What `finish_sign_in` checks. Keep it in this browser's session, or in a cookie with `HttpOnly` and `SameSite=Lax`
    checks: str


class Tokens(TypedDict):
    """What is stored for a signed-in person. Both tokens are secrets."""

    access_token: str
    # With the scope `offline_access`. Another one after each refresh
    refresh_token: str | None
    # Seconds since 1970
    expires_at: float
    # What was granted, which can be less than what was requested
    scope: str
    # The person, as this application knows them
    subject: str


class SignInError(Exception):
    """The portal's answer to a sign-in or a refresh, such as `access_denied`, or `invalid_response` for one that must not be trusted."""

    def __init__(self, error: str, description: str | None = None) -> None:
        self.error = error
        self.description = description
        super().__init__(f"{error}: {description}" if description else error)


OnTokens = Callable[[Tokens], None]


def connect_to_portal(
    issuer: str,
    client_id: str,
    client_secret: str | None = None,
    *,
    redirect_uri: str,
    scope: str = DOCUMENTS,
) -> Portal:
    """Reads the portal's metadata, and returns the whole sign-in of one application. A public client has no secret."""
    http = requests.Session()
    metadata = _read_json(http, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    # OpenID Connect Discovery §4.3
    if metadata.get("issuer") != issuer:
        raise SignInError("invalid_response", f"the issuer calls itself {metadata.get('issuer')}")
    return Portal(http, metadata, client_id, client_secret, redirect_uri, scope)


class Portal:
    """The sign-in of one application. Made by `connect_to_portal`."""

    def __init__(
        self,
        http: requests.Session,
        metadata: dict[str, Any],
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        scope: str,
    ) -> None:
        self._http = http
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._scope = scope
        self._keys: KeySet | None = None
        self._keys_read_at = 0.0
        self.metadata = metadata
        self.issuer: str = metadata["issuer"]

    def start_sign_in(self, **parameters: str) -> SignIn:
        """`parameters` are further ones of the authorization request, such as `prompt` or `login_hint`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url, _ = self._oauth(scope=self._scope).create_authorization_url(
            self.metadata["authorization_endpoint"],
            state=state,
            nonce=nonce,
            code_verifier=verifier,
            **parameters,
        )
        return SignIn(url, ".".join([state, nonce, verifier]))

    def finish_sign_in(
        self,
        callback_url: str,
        checks: str | None,
        on_tokens: OnTokens | None = None,
    ) -> Session:
        """Exchanges the code for tokens, after the checks of `state`, `nonce`, PKCE, issuer and ID token.

        `callback_url` is the address at which the browser arrived, whole or without its origin. Raises `SignInError`, with
        `access_denied` when the person said no.
        """
        expected = (checks or "").split(".")
        # An empty one would be no check at all.
        if len(expected) != 3 or not all(expected):
            raise SignInError("invalid_request", "this browser did not start a sign-in, or its cookie is gone")
        state, nonce, verifier = expected
        code = self._read_code(callback_url, state)
        answer = _answer_of(
            lambda: self._oauth().fetch_token(
                self.metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
            )
        )
        subject = self._verify_id_token(answer, nonce)
        return self.open_session(_read_tokens(answer, subject, self._scope), on_tokens)

    def open_session(self, tokens: Tokens, on_tokens: OnTokens | None = None) -> Session:
        """The session of a person whose tokens were stored. `on_tokens` gets the new tokens of every refresh, and stores them."""
        # Without a scope: a refresh asks for what was granted.
        return Session(self.issuer, self.metadata, self._oauth(), tokens, on_tokens)

    def verify_security_event(self, token: str) -> dict[str, Any]:
        """Verifies a Security Event Token (RFC 8417), pushed or polled, and returns its claims.

        Raises `SignInError` when it is not the portal's or not for this application.
        """
        with _distrust():
            decoded = self._decode(token)
            if decoded.header.get("typ") != "secevent+jwt":
                raise ValueError("this is not a Security Event Token")
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self._client_id},
                jti={"essential": True},
                iat={"essential": True},
                events={"essential": True},
            ).validate(decoded.claims)
        return decoded.claims

    def _oauth(self, scope: str | None = None) -> OAuth2Session:
        return OAuth2Session(
            self._client_id,
            self._client_secret,
            scope=scope,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_IN_SECONDS,
        )

    def _read_code(self, callback_url: str, state: str) -> str:
        query = parse_qs(urlsplit(callback_url).query)
        given = {name: values[0] for name, values in query.items() if len(values) == 1}
        if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
            raise SignInError("invalid_response", "the state is another sign-in's")
        # RFC 9207 §2.4
        if given.get("iss") != self.issuer:
            raise SignInError("invalid_response", "the answer is another issuer's")
        if "error" in given:
            raise SignInError(given["error"], given.get("error_description"))
        if "code" not in given:
            raise SignInError("invalid_response", "the answer has no code")
        return given["code"]

    def _verify_id_token(self, answer: dict[str, Any], nonce: str) -> str:
        with _distrust():
            decoded = self._decode(answer["id_token"])
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {
                    "nonce": nonce,
                    "client_id": self._client_id,
                    "access_token": answer["access_token"],
                },
            )
            claims.validate()
            return str(claims["sub"])

    def _decode(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # Perhaps it is signed with a key that is newer than ours.
            if time.monotonic() - self._keys_read_at < KEYS_READ_AGAIN_AFTER_IN_SECONDS:
                raise
        self._keys = None
        return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)

    def _key_set(self) -> KeySet:
        keys = self._keys
        if keys is None:
            body: Any = _read_json(self._http, self.metadata["jwks_uri"])
            keys = self._keys = KeySet.import_key_set(body)
            self._keys_read_at = time.monotonic()
        return keys


class Session:
    """A signed-in person. Made by `Portal`. It may be used by several threads."""

    def __init__(
        self,
        issuer: str,
        metadata: dict[str, Any],
        oauth: OAuth2Session,
        tokens: Tokens,
        on_tokens: OnTokens | None,
    ) -> None:
        self._metadata = metadata
        self._oauth = oauth
        self._on_tokens = on_tokens
        self._lock = threading.Lock()
        # What to store, now
        self.tokens = tokens
        # The API, as this person allowed. Each call has a token that is still valid: an expiring one is replaced first
        self.api = Api(issuer, self._access_token)

    def end(self) -> None:
        """Revokes all tokens of this session."""
        token = self.tokens["refresh_token"] or self.tokens["access_token"]
        self._oauth.revoke_token(self._metadata["revocation_endpoint"], token=token).raise_for_status()

    def _access_token(self) -> str:
        # Threads share one refresh, because a refresh token works once.
        with self._lock:
            refresh_token = self.tokens["refresh_token"]
            if refresh_token and self.tokens["expires_at"] - RENEWED_BEFORE_IN_SECONDS <= time.time():
                self._refresh(refresh_token)
            return self.tokens["access_token"]

    def _refresh(self, refresh_token: str) -> None:
        endpoint = self._metadata["token_endpoint"]
        answer = _answer_of(lambda: self._oauth.refresh_token(endpoint, refresh_token=refresh_token))
        # Both are absent where they are what they were (RFC 6749 §6, §5.1).
        answer.setdefault("refresh_token", refresh_token)
        self.tokens = _read_tokens(answer, self.tokens["subject"], self.tokens["scope"])
        if self._on_tokens:
            self._on_tokens(self.tokens)


def _read_tokens(answer: dict[str, Any], subject: str, scope: str) -> Tokens:
    return Tokens(
        access_token=answer["access_token"],
        refresh_token=answer.get("refresh_token"),
        expires_at=time.time() + answer.get("expires_in", 0),
        scope=answer.get("scope", scope),
        subject=subject,
    )


def _answer_of(ask: Callable[[], Any]) -> dict[str, Any]:
    try:
        return dict(ask())
    except AuthlibBaseError as error:
        raise SignInError(error.error or "invalid_response", error.description) from error


@contextmanager
def _distrust() -> Iterator[None]:
    try:
        yield
    except (JoseError, ValueError, KeyError) as error:
        raise SignInError("invalid_response", str(error)) from error


def _read_json(http: requests.Session, url: str) -> dict[str, Any]:
    response = http.get(url, timeout=TIMEOUT_IN_SECONDS)
    response.raise_for_status()
    body = response.json()
    if not isinstance(body, dict):
        raise SignInError("invalid_response", f"{url} is no JSON object")
    return body

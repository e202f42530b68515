import os
import secrets
import time

import uvicorn
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

ISSUER = os.environ["ISSUER"]
PORT = int(os.environ.get("PORT", "4000"))

app = FastAPI()
# Signed, not encrypted: it has the checks of a sign-in and the id of a session, no token.
app.add_middleware(
    SessionMiddleware,
    secret_key=os.environ.get("SESSION_SECRET") or secrets.token_urlsafe(32),
)

# By session: the tokens. Use a database, and seal what it stores.
sessions: dict[str, dict] = {}

oauth = OAuth()
oauth.register(
    "portal",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid offline_access eprospera:person.id_verification.read",
        "code_challenge_method": "S256",
    },
)


@app.get("/")
async def documents(request: Request):
    token = sessions.get(request.session.get("id", ""))
    if token is None:
        redirect_uri = f"http://localhost:{PORT}/callback"
        return await oauth.portal.authorize_redirect(request, redirect_uri)
    if token["expires_at"] < time.time() + 10:
        # A refresh token works once; the answer has the next one.
        new = await oauth.portal.fetch_access_token(
            grant_type="refresh_token",
            refresh_token=token["refresh_token"],
            # What was granted, which can be less than what was requested.
            scope=token["scope"],
        )
        token = sessions[request.session["id"]] = {**token, **new}
    url = f"{ISSUER}/api/v1/me/natural-person/id-verification"
    answer = await oauth.portal.get(url, token=token)
    return JSONResponse(answer.json(), answer.status_code)


@app.get("/callback")
async def callback(request: Request):
    try:
        # Checks the state, the nonce, PKCE, and the ID token with its at_hash.
        token = await oauth.portal.authorize_access_token(request)
    except OAuthError as error:
        return PlainTextResponse(f"The sign-in failed: {error.error}", 400)
    # A new id for each sign-in.
    request.session["id"] = secrets.token_urlsafe(32)
    sessions[request.session["id"]] = dict(token)
    return RedirectResponse("/")


if __name__ == "__main__":
    uvicorn.run(app, port=PORT)

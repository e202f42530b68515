from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import requests

TIMEOUT_IN_SECONDS = 30


class ApiError(Exception):
    """An answer that is not a success. `error` is for programs; the portal's operator finds the request by `request_id`."""

    def __init__(self, response: requests.Response) -> None:
        body = _json_object(response)
        self.status = response.status_code
        self.error: str = str(body.get("error", ""))
        self.description: str | None = body.get("error_description")
        self.body = body
        self.request_id: str | None = response.headers.get("X-Request-Id")
        super().__init__(f"{self.status} {self.error}")


class ApiRequests:
    """Sends the requests of `Api`. `access_token` is asked before each, so that it may be refreshed there."""

    def __init__(
        self,
        issuer: str,
        access_token: Callable[[], str],
        http: requests.Session | None = None,
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._access_token = access_token
        self._http = http or requests.Session()

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        body: Any = None,
        content_type: str | None = None,
        accept: str = "*/*",
    ) -> Any:
        is_bytes = isinstance(body, bytes)
        sent = {
            "Accept": accept,
            "Authorization": f"Bearer {self._access_token()}",
            "Content-Type": content_type if is_bytes else None,
            **(headers or {}),
        }
        response = self._http.request(
            method,
            f"{self._issuer}{path}",
            params=query,
            headers={name: value for name, value in sent.items() if value is not None},
            data=body if is_bytes else None,
            json=None if is_bytes else body,
            timeout=TIMEOUT_IN_SECONDS,
            allow_redirects=False,
        )
        if not 200 <= response.status_code < 300:
            raise ApiError(response)
        if response.status_code == 204:
            return None
        kind = response.headers.get("Content-Type", "").split(";")[0]
        if kind == "application/json":
            return response.json()
        return response.text if kind == "application/jwt" else response.content


def quoted(value: str) -> str:
    """A value as one segment of a path."""
    return quote(value, safe="")


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}

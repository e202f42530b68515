from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from standardwebhooks import Webhook, WebhookVerificationError


class Event(TypedDict):
    """What the portal tells an application. Ignore an unknown `type`: there will be more."""

    # The same when it is sent again: handle each once
    id: str
    type: str
    # When it happened
    timestamp: str
    data: dict[str, Any]


def verify_webhook(body: bytes | str, headers: Mapping[str, str], secret: str) -> Event:
    """Verifies a webhook (Standard Webhooks) and returns its event. `body` is what arrived, before anything parsed it.

    Raises `WebhookVerificationError` when the signature is not by `secret`, or older than five minutes.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        event: dict[str, Any] = Webhook(secret).verify(body, given)
    except ValueError as error:
        # The library's answer to a signature or a text that it cannot read.
        raise WebhookVerificationError("the webhook cannot be read") from error
    return Event(
        id=given["webhook-id"],
        type=event["type"],
        timestamp=event["timestamp"],
        data=event["data"],
    )

"""The identity portal: sign-in, the API with its types, refreshing, and events."""

from standardwebhooks import WebhookVerificationError

from . import schema
from .api import Api
from .events import Event, verify_webhook
from .loopback import receive_callback
from .request import ApiError
from .sign_in import (
    Portal,
    Session,
    SignIn,
    SignInError,
    Tokens,
    connect_to_portal,
)

__all__ = [
    "Api",
    "ApiError",
    "Event",
    "Portal",
    "Session",
    "SignIn",
    "SignInError",
    "Tokens",
    "WebhookVerificationError",
    "connect_to_portal",
    "receive_callback",
    "schema",
    "verify_webhook",
]

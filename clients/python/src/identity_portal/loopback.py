from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit


def receive_callback(redirect_uri: str) -> str:
    """Waits on a loopback port until the browser arrives at the redirect address, and returns the whole address. For programs of one person."""
    path = urlsplit(redirect_uri).path
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_callback = urlsplit(self.path).path == path
            if is_callback:
                received.append(self.path)
            self.send_response(200 if is_callback else 404)
            self.end_headers()
            self.wfile.write(b"You can close this page." if is_callback else b"Not found.")

        def log_message(self, format: str, *args: object) -> None:
            """The address has the code, and belongs in no log."""

    with HTTPServer(("127.0.0.1", urlsplit(redirect_uri).port or 80), Handler) as server:
        while not received:
            server.handle_request()
    return f"{redirect_uri.removesuffix(path)}{received[0]}"

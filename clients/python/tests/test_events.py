"""The webhooks of `clients/webhook-vectors.json`, which the TypeScript client is tested with too."""

import json
import time
import unittest
from pathlib import Path
from unittest.mock import patch

from identity_portal import WebhookVerificationError, verify_webhook

GIVEN = json.loads((Path(__file__).parents[2] / "webhook-vectors.json").read_text(encoding="utf-8"))


class Webhooks(unittest.TestCase):
    def test_vectors(self) -> None:
        for vector in GIVEN["vectors"]:
            body, headers = vector["body"], vector["headers"]
            with self.subTest(vector["name"]), patch("standardwebhooks.webhooks.datetime") as clock:
                from datetime import datetime

                clock.now.side_effect = lambda tz=None: datetime.fromtimestamp(vector["now"], tz)
                clock.fromtimestamp.side_effect = datetime.fromtimestamp
                for given in (body, body.encode()):
                    if vector["valid"]:
                        event = verify_webhook(given, headers, GIVEN["secret"])
                        self.assertEqual(event, {"id": headers["webhook-id"], **json.loads(body)})
                    else:
                        with self.assertRaises(WebhookVerificationError):
                            verify_webhook(given, headers, GIVEN["secret"])

    def test_what_cannot_be_read(self) -> None:
        headers = {"webhook-id": "a", "webhook-timestamp": str(int(time.time()))}
        for signature in ("v1", "v1,%%%", "x y z", "v1,a,b"):
            with self.subTest(signature), self.assertRaises(WebhookVerificationError):
                verify_webhook(b"\xff", {**headers, "webhook-signature": signature}, GIVEN["secret"])


if __name__ == "__main__":
    unittest.main()

"""The whole flow at a portal. Prints where a browser signs in; `test/starters/python-client.test.ts` has one."""

import os
import threading
import time
import unittest

from identity_portal import (
    ApiError,
    Portal,
    SignInError,
    Tokens,
    connect_to_portal,
    receive_callback,
)

REDIRECT_URI = f"http://localhost:{os.environ['PORT']}/callback"


def sign_in(portal: Portal) -> tuple[str, str]:
    url, checks = portal.start_sign_in()
    print("Open", url, flush=True)
    return receive_callback(REDIRECT_URI), checks


class Flow(unittest.TestCase):
    def test_whole(self) -> None:
        portal = connect_to_portal(
            os.environ["ISSUER"],
            os.environ["CLIENT_ID"],
            os.environ["CLIENT_SECRET"],
            redirect_uri=REDIRECT_URI,
        )
        # A nonce or a verifier of another sign-in, each with a code of its own.
        for other in (1, 2):
            callback, checks = sign_in(portal)
            parts = checks.split(".")
            parts[other] = portal.start_sign_in().checks.split(".")[other]
            with self.assertRaises(SignInError) as wrong:
                portal.finish_sign_in(callback, ".".join(parts))
            self.assertEqual(wrong.exception.error, ["invalid_response", "invalid_grant"][other - 1])

        callback, checks = sign_in(portal)
        foreign = portal.start_sign_in().checks
        for unknown in (None, "", "..", foreign):
            with self.assertRaises(SignInError):
                portal.finish_sign_in(callback, unknown)
        state = checks.split(".")[0]
        for answer in (
            f"/callback?state={state}&iss={portal.issuer}",
            f"/callback?state={state}&code=a&iss=https://another.example",
            f"/callback?state={state}&code=a",
            f"/callback?state={state}&code=a&iss={portal.issuer}",
        ):
            with self.assertRaises(SignInError):
                portal.finish_sign_in(answer, checks)
        with self.assertRaisesRegex(SignInError, "access_denied: no"):
            portal.finish_sign_in(
                f"?state={state}&iss={portal.issuer}&error=access_denied&error_description=no", checks
            )

        session = portal.finish_sign_in(callback, checks)
        self.assertEqual(session.api.get_id_verification()["status"], "approved")
        self.assertEqual(len(session.api.get_id_verification_signed().split(".")), 3)

        stored: list[Tokens] = []
        before = session.tokens
        session = portal.open_session({**before, "expires_at": time.time()}, stored.append)
        threads = [threading.Thread(target=session.api.get_id_verification) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(stored, [session.tokens])
        self.assertNotEqual(session.tokens["refresh_token"], before["refresh_token"])
        self.assertEqual(session.tokens["subject"], before["subject"])

        with self.assertRaises(ApiError) as refused:
            session.api.get_natural_person()
        self.assertEqual(refused.exception.status, 401)
        self.assertEqual(refused.exception.error, "missing_scopes: eprospera:person.details.read")
        self.assertTrue(refused.exception.request_id)

        with self.assertRaises(SignInError):
            portal.verify_security_event(session.tokens["access_token"])
        event = portal.verify_security_event(os.environ["SECURITY_EVENT"])
        self.assertEqual(event["aud"], os.environ["CLIENT_ID"])
        with self.assertRaises(SignInError):
            portal.verify_security_event(os.environ["SECURITY_EVENT"][:-8] + "AAAAAAAA")

        session.end()
        with self.assertRaises(ApiError) as ended:
            session.api.get_id_verification()
        self.assertEqual(ended.exception.status, 401)


if __name__ == "__main__":
    unittest.main()

"""Webhooks are signed as Standard Webhooks has it."""

import base64

from calls.process.webhooks.signing import PREFIX, SECRET_BYTES, new_secret, signed_headers


def test_a_message_is_signed_as_the_specifications_own_library_signs_it():
    """standardwebhooks 1.1.0 gave the signature (github.com/standard-webhooks/standard-webhooks)."""
    secret, message_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert signed_headers(secret, message_id, 1614265330, b'{"test": 2432232314}') == {
        "webhook-id": message_id,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_new_each_time_and_long_enough():
    """The specification wants 24 to 64 bytes."""
    secret = new_secret()
    assert secret.startswith(PREFIX) and secret != new_secret()
    assert len(base64.b64decode(secret.removeprefix(PREFIX), validate=True)) == SECRET_BYTES


def test_a_secret_of_the_environment_is_its_own_key():
    said = {name: signed_headers(name, "a", 1, b"")["webhook-signature"] for name in ("secret", "whsec_no base64", "b")}
    assert len(set(said.values())) == 3

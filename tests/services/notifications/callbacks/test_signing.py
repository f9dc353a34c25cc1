"""Signatures, checked by the library that receivers use."""

import base64
import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.notifications.callbacks.signing import key_of, secret_text, signed_headers

BODY = json.dumps({"type": "batch_completed", "name": "絵コンテ"}, ensure_ascii=False).encode()
OLD, NEW = secret_text(b"o" * 32), secret_text(b"n" * 32)


def headers(*secrets: str, at: float | None = None) -> dict[str, str]:
    return signed_headers(secrets, "cb_7", int(time.time() if at is None else at), BODY)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_each_of_two_secrets_verifies(secret: str) -> None:
    assert Webhook(secret).verify(BODY, headers(NEW, OLD)) == {"type": "batch_completed", "name": "絵コンテ"}


def test_another_secret_body_id_or_time_does_not() -> None:
    good = headers(NEW)
    for secret, body, sent in (
        (OLD, BODY, good),
        (NEW, BODY + b" ", good),
        (NEW, BODY, {**good, "webhook-id": "cb_8"}),
        (NEW, BODY, {**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}),
        (NEW, BODY, headers(NEW, at=time.time() - 3600)),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, sent)


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the specification's test vectors."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    sent = signed_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert sent == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_24_to_64_bytes() -> None:
    assert key_of(secret_text(b"a" * 24)) == b"a" * 24
    for wrong in ("", "whsec_", "whsec_!!", base64.b64encode(b"a" * 32).decode(), secret_text(b"a" * 23)):
        with pytest.raises(ValueError, match="whsec_"):
            key_of(wrong)
    with pytest.raises(ValueError, match="64 bytes"):
        key_of(secret_text(b"a" * 65))

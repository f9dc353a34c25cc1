"""Nothing that is logged, at any level, holds a session, a secret or a key."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from models.callbacks import WebhookSecret
from models.jobs import IdempotencyKey
from services.notifications.callbacks.webhook_secrets import OpenSecret
from services.platform.logs import OWN_LOGGERS, configure_logging
from settings import Settings
from tests.account_factories import install_pool
from tests.resolvers.asking import ask, execute

SESSION = "5e551010c0ffee5e551010c0ffee1234"
KEY = "key-of-the-caller-7f3a"
NAMES = ("httpx", "httpcore", "tortoise", "websockets", "strawberry.execution", *OWN_LOGGERS)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged at DEBUG."""
    root = logging.getLogger()
    handlers, levels = list(root.handlers), {name: logging.getLogger(name).level for name in ("", *NAMES)}
    stream = io.StringIO()
    configure_logging(Settings(_env_file=None, log_level="DEBUG", log_format="json"), stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("either_database")
async def test_no_secret_is_logged_at_debug(logged: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    install_pool(monkeypatch)
    create = (
        "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) { accounts { id } successCount } }"
    )
    account = {"name": "Mei", "type": "DOMESTIC", "sessionId": SESSION}
    made = await ask(create, input={"accounts": [account], "idempotencyKey": KEY})
    assert made["createAccounts"]["successCount"] == 1
    ids = [made["createAccounts"]["accounts"][0]["id"]]
    await ask("mutation ($ids: [ID!]!) { checkAccounts(ids: $ids) { successCount } }", ids=ids)
    secret = (await ask("mutation { rotateWebhookSecret { secret } }", key=KEY))["rotateWebhookSecret"]["secret"]
    await execute(create, input={"accounts": [{**account, "type": "NOTHING"}]})
    structlog.get_logger("services.accounts").debug("account.tried", session_id=SESSION, text=f"sessionid={SESSION}")
    row = await WebhookSecret.get()
    assert OpenSecret(row).text == secret
    assert await IdempotencyKey.all().count() > 0
    text = logged.getvalue()
    assert "account.tried" in text
    for hidden in (SESSION, secret, secret.removeprefix("whsec_"), row.sealed, KEY):
        assert hidden not in text

"""Secrets that sign callbacks: made once, sealed, rotated, forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from models.callbacks import WebhookSecret
from services.accounts.sessions import reseal_all
from services.notifications.callbacks.signing import key_of
from services.notifications.callbacks.webhook_secrets import delete_retired_secrets, rotate_secret, valid_secrets
from tests.changed_settings import change_settings
from tests.factories import OTHER, OWNER

pytestmark = pytest.mark.usefixtures("either_database")


async def retire(seconds_ago: float) -> None:
    """The secret that is rotated out has been so for that long."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    assert await WebhookSecret.filter(retires_at__isnull=False).update(retires_at=moment) == 1


async def test_the_first_is_made_once_for_all_who_ask_at_once_and_is_the_owners_own() -> None:
    found = await asyncio.gather(*(valid_secrets(OWNER) for _ in range(6)))
    assert len(set(found)) == 1
    (secret,) = found[0]
    assert len(key_of(secret)) == 32
    assert await valid_secrets(OTHER) != found[0]
    assert secret not in str(await WebhookSecret.all().values())


async def test_a_new_one_signs_beside_the_former_for_a_day() -> None:
    (former,) = await valid_secrets(OWNER)
    await rotate_secret(OWNER)
    new, second = await valid_secrets(OWNER)
    assert second == former != new
    retiring = await WebhookSecret.get(retires_at__isnull=False)
    assert timedelta(hours=23) < retiring.retires_at - datetime.now(UTC) <= timedelta(hours=24)
    await retire(seconds_ago=5)
    assert await valid_secrets(OWNER) == (new,)
    assert await delete_retired_secrets() == 1
    assert await WebhookSecret.all().count() == 1


async def test_rotating_again_within_that_time_drops_the_oldest() -> None:
    (first,) = await valid_secrets(OWNER)
    await rotate_secret(OWNER)
    (second, _) = await valid_secrets(OWNER)
    await rotate_secret(OWNER)
    third, then = await valid_secrets(OWNER)
    assert (then, first in (third, then)) == (second, False)


async def test_rotating_at_once_leaves_two_valid_ones() -> None:
    await valid_secrets(OWNER)
    await asyncio.gather(*(rotate_secret(OWNER) for _ in range(4)))
    assert len(set(await valid_secrets(OWNER))) == 2
    assert await WebhookSecret.filter(owner=OWNER).count() == 2


async def test_rotating_where_there_is_none_makes_one() -> None:
    await rotate_secret(OWNER)
    assert len(await valid_secrets(OWNER)) == 1


async def test_secrets_are_sealed_anew_with_a_new_key(data_dir: object) -> None:
    old, new = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
    change_settings(encryption_keys=(old,))
    before = await valid_secrets(OWNER)
    change_settings(encryption_keys=(new, old))
    assert await reseal_all() == 1
    assert await reseal_all() == 0
    change_settings(encryption_keys=(new,))
    assert await valid_secrets(OWNER) == before

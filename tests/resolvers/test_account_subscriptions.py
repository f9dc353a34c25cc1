"""Following accounts: all of them as they are, then each change, until the token expires."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.accounts import Account
from models.enums import AccountStatus
from services.accounts.removing import delete_accounts
from services.accounts.rules import AccountChanges
from services.accounts.updating import update_accounts
from services.platform.events import accounts_topic, bus
from services.queries import account_changes
from tests.account_factories import make_account, make_cooldown
from tests.factories import OTHER, OWNER
from tests.resolvers.asking import subscribed
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")

CHANGES = """subscription { accountChanges {
  deletedAccountId
  account { name priority imageAvailability inFlight cooldowns { reason } }
} }"""


async def following(source: AsyncGenerator[Any, None]) -> dict[str, Any]:
    async with asyncio.timeout(60):
        result = await anext(source)
    assert result.errors is None, result.errors
    change: dict[str, Any] = result.data["accountChanges"]
    assert (change["account"] is None) is (change["deletedAccountId"] is not None)
    return change["account"] or change


async def change(account: Account, **values: Any) -> None:
    (outcome,) = await update_accounts(account.owner, [AccountChanges(account.id, **values)])
    assert outcome.error is None


def listener_count() -> int:
    return bus().listener_count  # type: ignore[attr-defined, no-any-return]


async def test_all_accounts_are_told_as_they_are_then_each_change_and_new_ones() -> None:
    one, two = await make_account(name="one"), await make_account(name="two")
    await make_account(OTHER, name="theirs")
    async with subscribed(CHANGES) as source:
        assert [(await following(source))["name"] for _ in range(2)] == ["one", "two"]
        await change(two, priority=7)
        assert await following(source) == {
            "name": "two",
            "priority": 7,
            "imageAvailability": "AVAILABLE",
            "inFlight": 0,
            "cooldowns": [],
        }
        await make_account(name="three")
        bus().publish(accounts_topic(OWNER))
        assert (await following(source))["name"] == "three"
        await delete_accounts(OWNER, [one.id])
        assert await following(source) == {"account": None, "deletedAccountId": one.global_id}
        await change(two, status=AccountStatus.INACTIVE)
        assert (await following(source))["name"] == "two"
    assert listener_count() == 0


async def test_every_one_of_many_deletions_is_told_once_and_deletions_of_others_are_not() -> None:
    accounts = [await make_account(name=str(number)) for number in range(3)]
    theirs = await make_account(OTHER)
    async with subscribed(CHANGES) as source:
        for _ in accounts:
            await following(source)
        await delete_accounts(OTHER, [theirs.id])
        await delete_accounts(OWNER, [account.id for account in accounts[:2]])
        told = [(await following(source))["deletedAccountId"] for _ in range(2)]
        assert told == [account.global_id for account in accounts[:2]]
        await change(accounts[2], priority=9)
        assert (await following(source))["priority"] == 9


async def test_a_slow_reader_gets_the_newest_state_and_no_queue() -> None:
    account = await make_account()
    async with subscribed(CHANGES) as source:
        await following(source)
        for priority in range(1, 21):
            await change(account, priority=priority)
        assert (await following(source))["priority"] == 20
        await change(account, priority=0)
        assert (await following(source))["priority"] == 0


async def test_the_end_of_a_cooldown_is_told_though_nothing_was_written() -> None:
    account = await make_account()
    await make_cooldown(account, seconds=0.3)
    async with subscribed(CHANGES) as source:
        first = await following(source)
        if first["imageAvailability"] == "RATE_LIMITED":
            assert (await following(source))["imageAvailability"] == "AVAILABLE"


@pytest.mark.parametrize(
    ("seen", "present", "now_ms", "is_due"),
    [
        (None, (1, None), 100, True),
        ((1, None), (1, None), 100, False),
        ((1, None), (2, None), 100, True),
        ((1, 101), (1, 101), 100, False),
        ((1, 100), (1, None), 100, True),
        ((1, 100), (1, 500), 100, True),
        ((1, None), (1, 500), 100, False),
    ],
)
async def test_an_account_is_due_when_it_changed_or_something_about_it_ended(
    seen: tuple[int, int | None] | None, present: tuple[int, int | None], now_ms: int, is_due: bool
) -> None:
    mark = account_changes._Mark
    assert account_changes._is_due(None if seen is None else mark(*seen), mark(*present), now_ms) is is_due


async def test_a_follower_sleeps_until_the_next_end_and_never_past_its_time() -> None:
    marks = {1: account_changes._Mark(1, 5_000), 2: account_changes._Mark(1, None), 3: account_changes._Mark(1, 2_999)}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert account_changes._wait_seconds(marks, 1_000, None, now) == 2.0
    assert account_changes._wait_seconds({}, 1_000, None, now) == account_changes.RE_READ_SECONDS
    assert account_changes._wait_seconds(marks, 1_000, now + timedelta(seconds=1), now) == 1.0
    assert account_changes._wait_seconds(marks, 9_000, None, now) == 0.0


async def test_it_completes_when_the_token_expires_and_not_for_want_of_accounts() -> None:
    async with subscribed(CHANGES, expires_at=datetime.now(UTC) + timedelta(seconds=0.2)) as source:
        async with asyncio.timeout(60):
            assert [result async for result in source] == []
    assert listener_count() == 0


async def test_many_accounts_are_told_with_few_statements() -> None:
    for _ in range(30):
        await make_account()
    async with subscribed(CHANGES) as source:
        with counted_statements() as statements:
            for _ in range(30):
                await following(source)
        assert len(statements) <= 6


async def test_a_change_costs_the_same_for_one_follower_and_for_many() -> None:
    account = await make_account()
    counts = []
    for size in (1, 2, 12):
        async with contextlib.AsyncExitStack() as stack:
            sources = [await stack.enter_async_context(subscribed(CHANGES)) for _ in range(size)]
            await asyncio.gather(*map(following, sources))
            with counted_statements() as statements:
                await change(account, priority=size)
                told = await asyncio.gather(*map(following, sources))
            assert {one["priority"] for one in told} == {size}
            counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2], counts
    assert listener_count() == 0

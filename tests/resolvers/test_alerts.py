"""Alerts in the API: lists, nodes, and following them until the token expires."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from services.accounts.removing import delete_accounts
from services.notifications.alerts.raising import close_alert, raise_alert
from services.platform.events import bus
from services.queries import alerts as reading
from tests.account_factories import make_account
from tests.factories import OTHER, OWNER, make_workflow
from tests.resolvers.asking import ask, refused, subscribed
from tests.services.notifications.alerts.test_stalls import make_batch
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")

LIST = """query ($open: Boolean, $first: Int, $after: String) {
  alerts(open: $open, first: $first, after: $after) {
    totalCount nodes { kind message resolvedAt } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage }
  }
}"""
FOLLOW = "subscription { alerts { id kind severity message createdAt resolvedAt } }"


async def raise_one(name: str, owner: str = OWNER, **values: Any) -> None:
    kind, severity = AlertKind.CREDIT_LOW, AlertSeverity.WARNING
    assert await raise_alert(owner, kind, severity, f"account:{name}", name, **values)


async def close_one(name: str, owner: str = OWNER) -> None:
    assert await close_alert(owner, AlertKind.CREDIT_LOW, f"account:{name}")


async def listed(**variables: Any) -> list[str]:
    return [node["message"] for node in (await ask(LIST, **variables))["alerts"]["nodes"]]


async def following(source: AsyncGenerator[Any, None]) -> tuple[str, bool]:
    """(message, whether it is closed) of the next one."""
    async with asyncio.timeout(60):
        result = await anext(source)
    assert result.errors is None, result.errors
    alert = result.data["alerts"]
    return alert["message"], alert["resolvedAt"] is not None


def listener_count() -> int:
    return bus().listener_count  # type: ignore[attr-defined, no-any-return]


async def test_own_alerts_and_the_deployments_are_listed_newest_first() -> None:
    await raise_one("first")
    await raise_one("theirs", OTHER)
    await raise_one("disk", "")
    await raise_one("third")
    await close_one("first")
    assert await listed() == ["third", "disk", "first"]
    assert await listed(open=True) == ["third", "disk"]
    assert await listed(open=False) == ["first"]
    answer = (await ask(LIST, open=False))["alerts"]
    assert answer["totalCount"] == 1
    assert answer["nodes"][0]["resolvedAt"] is not None
    assert [node["message"] for node in (await ask(LIST, OTHER))["alerts"]["nodes"]] == ["disk", "theirs"]


async def test_pages_go_on_where_the_last_one_ended() -> None:
    for name in "abcde":
        await raise_one(name)
    answer = (await ask(LIST, first=2))["alerts"]
    assert [node["message"] for node in answer["nodes"]] == ["e", "d"]
    assert (answer["totalCount"], answer["pageInfo"]["hasNextPage"]) == (5, True)
    await raise_one("f")
    rest = (await ask(LIST, first=3, after=answer["edges"][1]["cursor"]))["alerts"]
    assert [node["message"] for node in rest["nodes"]] == ["c", "b", "a"]
    assert rest["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
    assert (await refused(LIST, first=101)).path == ["first"]


async def test_an_alert_names_what_it_is_about_and_is_a_node_for_those_who_may_see_it() -> None:
    account, workflow = await make_account(name="studio"), await make_workflow()
    await raise_one("account", account_id=account.id)
    await raise_one("workflow", workflow_id=workflow.id)
    batch = await make_batch()
    await raise_one("batch", batch_id=batch.id)
    await raise_one("disk", "")
    await delete_accounts(OWNER, [account.id])
    document = """query ($id: ID!) { node(id: $id) { ... on Alert {
      message account { name } batch { id } workflow { id } } } }"""
    found = {}
    for alert in await Alert.all():
        for owner in (OWNER, OTHER):
            node = (await ask(document, owner, id=alert.global_id))["node"]
            found[alert.message, owner] = node and (node["account"], node["batch"], node["workflow"])
    assert found == {
        ("account", OWNER): ({"name": "studio"}, None, None),
        ("account", OTHER): None,
        ("workflow", OWNER): (None, None, {"id": workflow.global_id}),
        ("batch", OWNER): (None, {"id": batch.global_id}, None),
        ("batch", OTHER): None,
        ("workflow", OTHER): None,
        ("disk", OWNER): (None, None, None),
        ("disk", OTHER): (None, None, None),
    }


async def test_the_accounts_of_a_page_are_read_together() -> None:
    for number in range(10):
        await raise_one(str(number), account_id=(await make_account()).id)
    with counted_statements() as statements:
        await ask("{ alerts { nodes { account { name } } } }")
    assert len(statements) == 3


async def test_the_open_ones_are_told_then_each_new_one_and_each_closing() -> None:
    await raise_one("old")
    await close_one("old")
    await raise_one("first")
    await raise_one("disk", "")
    await raise_one("theirs", OTHER)
    async with subscribed(FOLLOW) as source:
        assert [await following(source) for _ in range(2)] == [("first", False), ("disk", False)]
        await raise_one("second")
        assert await following(source) == ("second", False)
        await close_one("first")
        assert await following(source) == ("first", True)
        await close_one("disk", "")
        assert await following(source) == ("disk", True)
        await close_one("theirs", OTHER)
        await raise_one("first")
        assert await following(source) == ("first", False)
    assert listener_count() == 0


async def test_a_slow_reader_gets_the_newest_state_of_each_once() -> None:
    await raise_one("lasting")
    async with subscribed(FOLLOW) as source:
        await following(source)
        await raise_one("short")
        await close_one("short")
        await close_one("lasting")
        await raise_one("last")
        assert [await following(source) for _ in range(3)] == [("lasting", True), ("short", True), ("last", False)]


async def test_many_are_given_out_in_parts_and_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH", 2)
    names = [f"alert {number}" for number in range(5)]
    for name in names:
        await raise_one(name)
    async with subscribed(FOLLOW) as source:
        assert [await following(source) for _ in range(5)] == [(name, False) for name in names]
        for name in names:
            await close_one(name)
        assert [await following(source) for _ in range(5)] == [(name, True) for name in names]


async def test_a_closing_whose_commit_comes_late_is_told_all_the_same() -> None:
    await raise_one("first")
    async with subscribed(FOLLOW) as source:
        await following(source)
        await raise_one("second")
        assert await following(source) == ("second", False)
        # As by a transaction that began before the last look and ends after it.
        late = datetime.now(UTC) - timedelta(seconds=20)
        await Alert.filter(message="first").update(resolved_at=late, version=2)
        await raise_one("third")
        assert {await following(source) for _ in range(2)} == {("first", True), ("third", False)}


async def test_it_completes_when_the_token_expires_and_not_before() -> None:
    await raise_one("first")
    await close_one("first")
    async with subscribed(FOLLOW, expires_at=datetime.now(UTC) + timedelta(seconds=0.2)) as source:
        async with asyncio.timeout(60):
            assert [result async for result in source] == []
    assert listener_count() == 0


async def test_an_alert_costs_the_same_for_one_follower_and_for_many() -> None:
    await raise_one("first")
    counts = []
    for size in (1, 2, 12):
        async with contextlib.AsyncExitStack() as stack:
            sources = [await stack.enter_async_context(subscribed(FOLLOW)) for _ in range(size)]
            for source in sources:
                for _ in range(await Alert.all().count()):
                    await following(source)
            with counted_statements() as statements:
                await raise_one(f"of {size}")
                told = await asyncio.gather(*map(following, sources))
            assert set(told) == {(f"of {size}", False)}
            counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2], counts
    assert listener_count() == 0


async def test_a_follower_that_comes_later_is_told_what_is_open_and_no_closing_twice() -> None:
    await raise_one("first")
    async with subscribed(FOLLOW) as early:
        await following(early)
        await raise_one("second")
        assert await following(early) == ("second", False)
        await close_one("first")
        async with subscribed(FOLLOW) as late:
            assert await following(late) == ("second", False)
            assert await following(early) == ("first", True)
            await close_one("second")
            assert await following(late) == await following(early) == ("second", True)
            await raise_one("third")
            assert await following(late) == await following(early) == ("third", False)

"""Lists of accounts, what each may do now, and all of them summed up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.accounts import Account, AccountUsage
from models.database import execute, now_ms
from models.enums import AccountStatus, AccountType, AttemptState, MediaKind, Site
from models.sql import timestamp_sql
from services.accounts.pool.quota import next_reset
from services.queries.accounts import today
from settings import get_settings
from tests.account_factories import make_account, make_attempt, make_cooldown
from tests.factories import OTHER, OWNER
from tests.resolvers.asking import ask, refused
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")

LIST = """
query ($filter: AccountFilter, $orderBy: AccountOrder, $first: Int, $after: String, $last: Int, $before: String,
       $page: Int) {
  accounts(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before,
           page: $page) {
    nodes { name } edges { cursor node { name } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def page(**variables: Any) -> dict[str, Any]:
    return (await ask(LIST, **variables))["accounts"]  # type: ignore[no-any-return]


def names(connection: dict[str, Any]) -> str:
    assert [edge["node"] for edge in connection["edges"]] == connection["nodes"]
    return "".join(node["name"] for node in connection["nodes"])


async def make_seven() -> None:
    """By creation abcdefg; by priority b f (1), c d e (2), a g (100)."""
    for name, priority in zip("abcdefg", (100, 1, 2, 2, 2, 1, 100), strict=True):
        await make_account(name=name, priority=priority)
    await make_account(OTHER, name="theirs")
    await make_account(name="deleted", deleted_at=datetime.now(UTC))


async def test_accounts_come_by_priority_then_creation_and_are_paged_both_ways() -> None:
    await make_seven()
    one = await page(first=3)
    assert (names(one), one["totalCount"], one["pageInfo"]["hasNextPage"]) == ("bfc", 7, True)
    two = await page(first=3, after=one["pageInfo"]["endCursor"])
    assert names(two) == "dea"
    three = await page(first=3, after=two["pageInfo"]["endCursor"])
    assert (names(three), three["pageInfo"]["hasNextPage"]) == ("g", False)
    back = await page(last=2, before=three["pageInfo"]["startCursor"])
    assert (names(back), back["pageInfo"]["hasPreviousPage"]) == ("ea", True)
    assert names(await page(last=3)) == "eag"
    assert (names(await page(first=3, page=2)), names(await page(first=3, page=9))) == ("dea", "")


@pytest.mark.parametrize(
    ("field", "direction", "expected"),
    [
        ("PRIORITY", "ASC", "bfcdeag"),
        ("PRIORITY", "DESC", "gaedcfb"),
        ("CREATED_AT", "ASC", "abcdefg"),
        ("CREATED_AT", "DESC", "gfedcba"),
    ],
)
async def test_every_order_is_kept_over_pages(field: str, direction: str, expected: str) -> None:
    await make_seven()
    order = {"field": field, "direction": direction}
    assert await walk(order) == (expected, expected)


async def walk(order: dict[str, str]) -> tuple[str, str]:
    """The names page by page: forward, and backward from the end."""
    forward, after = "", None
    while True:
        got = await page(orderBy=order, first=2, after=after)
        forward, after = forward + names(got), got["pageInfo"]["endCursor"]
        if not got["pageInfo"]["hasNextPage"]:
            break
    backward, before = "", None
    while True:
        got = await page(orderBy=order, last=2, before=before)
        backward, before = names(got) + backward, got["pageInfo"]["startCursor"]
        if not got["pageInfo"]["hasPreviousPage"]:
            return forward, backward


async def test_accounts_that_were_never_used_come_last_in_either_direction() -> None:
    """Times that this process wrote, those that the database wrote, and equal ones."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for name, seconds in (("a", None), ("b", 1.5), ("c", 0), ("d", None), ("e", 0), ("f", 1.123456)):
        used_at = None if seconds is None else start + timedelta(seconds=seconds)
        await make_account(name=name, last_used_at=used_at)
    newest = await make_account(name="g")
    await execute(f"UPDATE account SET last_used_at = {timestamp_sql()} WHERE id = ? RETURNING id", newest.id)
    assert await walk({"field": "LAST_USED_AT", "direction": "ASC"}) == ("cefbgad", "cefbgad")
    assert await walk({"field": "LAST_USED_AT", "direction": "DESC"}) == ("gbfecda", "gbfecda")


async def test_a_cursor_of_another_order_is_refused() -> None:
    await make_seven()
    cursor = (await page(orderBy={"field": "LAST_USED_AT"}))["pageInfo"]["startCursor"]
    refusal = await refused(LIST, after=cursor)
    assert (refusal.code, refusal.path) == ("BAD_USER_INPUT", ["after"])
    assert "LAST_USED_AT" not in str(refusal) or "PRIORITY ASC" in str(refusal)
    assert (await refused(LIST, after="nonsense")).path == ["after"]
    assert (await refused(LIST, first=1, last=1)).path == ["last"]


async def test_accounts_are_filtered_by_everything() -> None:
    await make_account(name="a", site=Site.US, type=AccountType.INTERNATIONAL)
    await make_account(name="B 100%", status=AccountStatus.BANNED)
    await make_account(name="c", provider="keys", type=None, site=None, status=AccountStatus.INACTIVE)
    assert names(await page(filter={"provider": ["keys"]})) == "c"
    assert names(await page(filter={"status": ["ACTIVE", "BANNED"]})) == "aB 100%"
    assert names(await page(filter={"site": ["US", "JP"]})) == "a"
    assert names(await page(filter={"nameContains": "b 1"})) == "B 100%"
    assert names(await page(filter={"nameContains": "%"})) == "B 100%"
    assert names(await page(filter={"nameContains": "_"})) == ""
    assert names(await page(filter={"status": []})) == ""
    assert (await page(filter={"status": ["ACTIVE"], "site": ["CN"]}))["totalCount"] == 0


STANDING = """{ accounts(orderBy: { field: CREATED_AT }, first: 100) { nodes { name imageAvailability videoAvailability
  imageCount videoCount inFlight cooldowns { kind model until reason } quotaResetAt } } }"""


async def make_one_of_each() -> None:
    await make_account(name="free")
    await make_account(name="exhausted", image_exhausted_until_ms=await now_ms() + 60_000)
    await make_account(name="recovered", image_exhausted_until_ms=await now_ms() - 1)
    for name, kind, model, seconds in (
        ("cooling", "", "", 60),
        ("cooling-images", "IMAGE", "", 60),
        ("cooling-model", "IMAGE", "jimeng-4.5", 60),
        ("cooled", "", "", -1),
    ):
        await make_cooldown(await make_account(name=name), kind, model, seconds)
    limited = await make_account(name="limited", daily_image_limit=3, daily_video_limit=9)
    await AccountUsage.create(account_id=limited.id, kind=MediaKind.IMAGE, day=today(), count=3)
    await AccountUsage.create(account_id=limited.id, kind=MediaKind.VIDEO, day="2020-01-01", count=9)
    waiting = await make_account(name="waiting", daily_image_limit=1)
    await make_attempt(waiting)
    await make_attempt(waiting, state=AttemptState.ENDED, released_at_ms=1)
    await make_account(name="banned", status=AccountStatus.BANNED)


async def test_what_each_may_do_follows_from_cooldowns_limits_and_counts() -> None:
    await make_one_of_each()
    shown = {node["name"]: node for node in (await ask(STANDING))["accounts"]["nodes"]}
    assert {name: (node["imageAvailability"], node["videoAvailability"]) for name, node in shown.items()} == {
        "free": ("AVAILABLE", "AVAILABLE"),
        "exhausted": ("EXHAUSTED", "AVAILABLE"),
        "recovered": ("AVAILABLE", "AVAILABLE"),
        "cooling": ("RATE_LIMITED", "RATE_LIMITED"),
        "cooling-images": ("RATE_LIMITED", "AVAILABLE"),
        "cooling-model": ("AVAILABLE", "AVAILABLE"),
        "cooled": ("AVAILABLE", "AVAILABLE"),
        "limited": ("EXHAUSTED", "AVAILABLE"),
        "waiting": ("EXHAUSTED", "AVAILABLE"),
        "banned": ("AVAILABLE", "AVAILABLE"),
    }
    assert (shown["limited"]["imageCount"], shown["limited"]["videoCount"], shown["waiting"]["inFlight"]) == (3, 0, 1)
    (cooldown,) = shown["cooling-model"]["cooldowns"]
    assert (cooldown["kind"], cooldown["model"], cooldown["reason"]) == ("IMAGE", "jimeng-4.5", "Too many requests.")
    assert [(rest["kind"], rest["model"]) for rest in shown["cooling"]["cooldowns"]] == [(None, None)]
    assert shown["cooled"]["cooldowns"] == []
    reset = datetime.fromisoformat(shown["free"]["quotaResetAt"])
    assert abs(reset - next_reset(datetime.now(UTC), get_settings().timezone)) <= timedelta(days=1)


async def test_lists_are_filtered_by_what_accounts_may_do() -> None:
    await make_one_of_each()
    found = await page(filter={"imageAvailability": "EXHAUSTED"}, orderBy={"field": "CREATED_AT"})
    assert [node["name"] for node in found["nodes"]] == ["exhausted", "limited", "waiting"]
    assert found["totalCount"] == 3
    found = await page(filter={"imageAvailability": "RATE_LIMITED", "videoAvailability": "AVAILABLE"})
    assert names(found) == "cooling-images"


STATISTICS = """{ accountStatistics { total active inactive banned imageAvailable videoAvailable rateLimited coolingDown
  inFlight imageCapacity videoCapacity creditBalance bySite { site total active creditBalance } } }"""


async def test_statistics_follow_the_pools_own_rules() -> None:
    await make_one_of_each()
    learned = await make_account(
        name="learned",
        site=Site.JP,
        type=AccountType.INTERNATIONAL,
        max_concurrent=5,
        learned_image_limit=2,
        learned_at_ms=await now_ms(),
        credit_balance=40,
    )
    await make_attempt(learned, state=AttemptState.ACCEPTED)
    await make_attempt(learned, kind=MediaKind.VIDEO, state=AttemptState.ACCEPTED)
    await make_account(OTHER, credit_balance=1000)
    await make_account(status=AccountStatus.INACTIVE, credit_balance=2)
    sums = (await ask(STATISTICS))["accountStatistics"]
    assert (sums["total"], sums["active"], sums["inactive"], sums["banned"]) == (12, 10, 1, 1)
    # free, recovered, cooling-model, cooled, learned; for clips all but `cooling`
    assert (sums["imageAvailable"], sums["videoAvailable"]) == (5, 9)
    assert (sums["rateLimited"], sums["coolingDown"], sums["inFlight"]) == (2, 3, 3)
    # 3 slots each of four; `learned` may make 2 pictures at once and makes one
    assert sums["imageCapacity"] == 4 * 3 + 1
    # 3 each of seven; `waiting` holds one of its 3; `learned` 2 of its 5
    assert sums["videoCapacity"] == 7 * 3 + 2 + 3
    assert sums["creditBalance"] == 42
    assert sums["bySite"] == [
        {"site": "CN", "total": 11, "active": 9, "creditBalance": 2},
        {"site": "JP", "total": 1, "active": 1, "creditBalance": 40},
    ]


async def test_without_accounts_everything_is_nought() -> None:
    sums = (await ask(STATISTICS))["accountStatistics"]
    assert sums.pop("bySite") == []
    assert set(sums.values()) == {0}


@pytest.mark.parametrize("document", [STANDING, STATISTICS, LIST])
async def test_more_accounts_cost_no_more_statements(document: str) -> None:
    async def cost() -> int:
        with counted_statements() as statements:
            await ask(document)
        return len(statements)

    await make_one_of_each()
    few = await cost()
    for _ in range(3):
        await make_one_of_each()
    assert await cost() == few <= 4


async def test_the_whole_is_only_counted_where_it_is_asked_for() -> None:
    await make_account()
    with counted_statements() as statements:
        await ask("{ accounts { nodes { name } } }")
    assert len(statements) == 2
    assert not any("COUNT(" in statement.upper() for statement in statements)


async def test_an_account_is_a_node_of_its_owner_alone() -> None:
    account = await make_account()
    document = "query ($id: ID!) { account(id: $id) { name } node(id: $id) { __typename id } }"
    assert await ask(document, id=account.global_id) == {
        "account": {"name": account.name},
        "node": {"__typename": "Account", "id": account.global_id},
    }
    assert await ask(document, OTHER, id=account.global_id) == {"account": None, "node": None}
    assert await Account.filter(owner=OWNER).count() == 1


async def test_the_tries_on_an_account_come_newest_first_for_its_owner() -> None:
    account, other = await make_account(), await make_account()
    tries = [await make_attempt(account) for _ in range(3)]
    await make_attempt(other)
    document = """query ($after: String) { accounts(orderBy: { field: CREATED_AT }) { nodes {
      attempts(first: 2, after: $after) { nodes { id } totalCount pageInfo { hasNextPage endCursor } } } } }"""
    shown = [node["attempts"] for node in (await ask(document))["accounts"]["nodes"]]
    assert [node["id"] for node in shown[0]["nodes"]] == [tries[2].global_id, tries[1].global_id]
    assert [(of["totalCount"], of["pageInfo"]["hasNextPage"]) for of in shown] == [(3, True), (1, False)]
    older = (await ask(document, after=shown[0]["pageInfo"]["endCursor"]))["accounts"]["nodes"][0]["attempts"]
    assert [node["id"] for node in older["nodes"]] == [tries[0].global_id]

"""Whose callbacks are sent next."""

import asyncio
from collections import Counter

import pytest

from models.callbacks import CallbackDelivery
from models.database import execute, now_ms
from services.notifications.delivery import turns
from services.notifications.delivery.claims import Claim, claim_due
from services.notifications.delivery.proving import MAX_PER_UNPROVEN, Rests, Target
from services.notifications.delivery.turns import MAX_PER_OWNER, MAX_PER_RECEIVER, Waiting, choose, next_ids
from tests.callback_factories import make_delivery, prove
from tests.factories import OTHER, OWNER
from tests.statements import counted_statements


def waiting(*targets: Target) -> list[Waiting]:
    """One each, the first of them the oldest; their ids count from 0."""
    return [Waiting(number, owner, receiver, 1000 + number) for number, (owner, receiver) in enumerate(targets)]


def test_owners_take_turns_however_much_waits_for_one_of_them() -> None:
    rows = waiting(*[("a", f"host-{number}") for number in range(40)], ("b", "b"), ("c", "c"), ("c", "d"))
    assert choose(rows, 5, {}) == [0, 40, 41, 1, 42]


def test_who_has_less_on_its_way_is_first_and_the_oldest_where_that_is_the_same() -> None:
    rows = waiting(("a", "a"), ("b", "b"), ("c", "c"))
    assert choose(rows, 1, {}) == [0]
    assert choose(rows, 2, {("a", "other"): 2, ("c", "other"): 1}) == [1, 2]


def test_an_owners_receivers_take_turns() -> None:
    rows = waiting(("a", "one"), ("a", "one"), ("a", "one"), ("a", "two"))
    assert choose(rows, 2, {}) == [0, 3]
    assert choose(rows, 2, {("a", "one"): 2}) == [3, 0]


def test_an_owner_with_many_hosts_has_a_part_of_the_capacity_and_no_more() -> None:
    rows = waiting(*[("a", f"host-{number}") for number in range(100)], ("b", "b"))
    chosen = choose(rows, 64, {})
    assert len(chosen) == MAX_PER_OWNER + 1
    assert 100 in chosen
    assert choose(rows, 64, {("a", "host-1"): 8, ("a", "host-2"): MAX_PER_OWNER - 8}) == [100]


def test_a_receiver_is_filled_by_all_owners_together() -> None:
    rows = waiting(*[(owner, "shared") for owner in "abcdef" for _ in range(3)], ("a", "own"))
    chosen = choose(rows, 64, {("g", "shared"): 3})
    assert len(chosen) == MAX_PER_RECEIVER - 3 + 1
    assert 18 in chosen
    assert Counter(rows[number].owner for number in chosen)["b"] == 1


def test_an_unproven_receiver_of_an_owner_gets_two_and_the_owners_others_are_not_behind_it() -> None:
    rows = waiting(*[("a", "new")] * 5, *[("a", "known")] * 3, *[("b", "new")] * 3)
    chosen = choose(rows, 64, {}, unproven={("a", "new")})
    assert Counter((rows[number].owner, rows[number].receiver) for number in chosen) == {
        ("a", "new"): MAX_PER_UNPROVEN,
        ("a", "known"): 3,
        ("b", "new"): 3,
    }
    assert choose(rows[:5], 64, {("a", "new"): MAX_PER_UNPROVEN}, unproven={("a", "new")}) == []


def test_an_unproven_receiver_rests_longer_after_each_failure_and_not_after_a_success() -> None:
    now = [100.0]
    rests = Rests(clock=lambda: now[0])
    target = ("a", "new")
    lengths = []
    for _ in range(8):
        rests.failed(target)
        began = now[0]
        while rests.resting():
            now[0] += 1.0
        lengths.append(now[0] - began)
    assert lengths == [1, 2, 4, 8, 16, 32, 60, 60]
    rests.failed(target)
    rests.succeeded(target)
    assert list(rests.resting()) == []


async def test_a_receiver_is_proven_by_a_delivery_of_the_same_owner(either_database: str) -> None:
    await prove("https://known.example/", OTHER)
    for owner in (OWNER, OTHER):
        for _ in range(5):
            await make_delivery("https://known.example/", owner)
    claims = await claim_due(64, {})
    assert Counter(claim.delivery.owner for claim in claims) == {OWNER: MAX_PER_UNPROVEN, OTHER: 5}
    assert await claim_due(64, {(OWNER, "known.example:443"): MAX_PER_UNPROVEN}) == []
    assert await claim_due(64, {}, resting=[(OWNER, "known.example:443")]) == []
    assert len(await claim_due(64, {})) == 2


async def make_many(count: int, owner: str, *, is_one_receiver: bool) -> None:
    at = await now_ms() - 1000
    rows = [
        CallbackDelivery(
            owner=owner,
            event="record_succeeded",
            url="https://studio.example/",
            receiver="slow.example:443" if is_one_receiver else f"host-{number}.example:443",
            subject="record",
            subject_id=number,
            due_at_ms=at,
        )
        for number in range(count)
    ]
    await CallbackDelivery.bulk_create(rows)


async def test_one_owner_with_many_hosts_holds_no_other_up(either_database: str) -> None:
    await make_many(1000, OWNER, is_one_receiver=False)
    theirs = await make_delivery(owner=OTHER)
    deployments = await make_delivery(owner="", subject="alert")
    claims = await claim_due(64, {})
    assert Counter(claim.delivery.owner for claim in claims) == {OWNER: MAX_PER_OWNER, OTHER: 1, "": 1}
    assert {theirs.id, deployments.id} < {claim.delivery.id for claim in claims}
    assert await claim_due(46, Counter((claim.delivery.owner, claim.delivery.receiver) for claim in claims)) == []


async def test_what_waits_for_a_full_receiver_hides_nothing_behind_it(either_database: str) -> None:
    await make_many(turns.MAX_CANDIDATES + 50, OWNER, is_one_receiver=True)
    await prove("https://slow.example/")
    behind = await make_delivery("https://quick.example/")
    other = await make_delivery("https://slow.example/", OTHER)
    in_flight: Counter[Target] = Counter()
    claimed: list[Claim] = []
    while claims := await claim_due(64 - len(claimed), in_flight):
        claimed += claims
        in_flight = Counter((claim.delivery.owner, claim.delivery.receiver) for claim in claimed)
    assert {behind.id, other.id} < {claim.delivery.id for claim in claimed}
    assert Counter(claim.delivery.receiver for claim in claimed) == {
        "slow.example:443": MAX_PER_RECEIVER,
        "quick.example:443": 1,
    }


async def test_selecting_reads_few_rows_and_writes_none_if_nothing_can_be_taken(either_database: str) -> None:
    await make_many(30, OWNER, is_one_receiver=True)
    with counted_statements() as statements:
        assert await claim_due(64, {(OWNER, "slow.example:443"): MAX_PER_RECEIVER}) == []
        assert await claim_due(64, {(OWNER, "other.example:443"): MAX_PER_OWNER}) == []
    assert not [statement for statement in statements if "UPDATE" in statement]
    assert await CallbackDelivery.filter(lease_epoch=0, tries=0).count() == 30


async def test_of_more_due_than_are_selected_the_oldest_of_each_owner_are_read(
    either_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MAX_CANDIDATES", 4)
    oldest = {owner: (await make_delivery(owner=owner, due_at_ms=1)).id for owner in (OWNER, OTHER)}
    for owner in (OWNER, OTHER):
        for _ in range(5):
            await make_delivery(owner=owner)
    found = await next_ids(64, {})
    assert len(found) == 4
    assert set(oldest.values()) < set(found)


async def test_selecting_reads_only_the_index_of_pending_deliveries(database: None) -> None:
    await make_many(10, OWNER, is_one_receiver=False)
    with counted_statements() as statements:
        await next_ids(5, {(OWNER, "host-1.example:443"): MAX_PER_RECEIVER})
    _, owners, _, oldest = statements
    for statement, values in ((owners, ["host-1.example:443"]), (oldest, [OWNER, "host-1.example:443"])):
        plan = [row["detail"] for row in await execute(f"EXPLAIN QUERY PLAN {statement}", *values)]
        looks = [step for step in plan if "callback_delivery" in step or " d " in step]
        assert looks, plan
        assert all("USING COVERING INDEX idx_delivery_due" in step for step in looks), plan
    assert not any("TEMP B-TREE" in step for step in plan), "the oldest come in the index's order"


async def test_of_many_that_claim_the_same_at_once_nobody_gets_anothers(either_database: str) -> None:
    await make_many(60, OWNER, is_one_receiver=False)
    await make_many(60, OTHER, is_one_receiver=True)
    found = await asyncio.gather(*(claim_due(12, {}) for _ in range(6)))
    ids = [claim.delivery.id for claims in found for claim in claims]
    assert len(ids) == len(set(ids)) > 0
    assert {claim.epoch for claims in found for claim in claims} == {1}

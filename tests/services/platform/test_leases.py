"""Leases: of several that claim at once one has each row, and whoever lost one can write nothing."""

import asyncio

import pytest

from models.accounts import Account
from models.database import execute, now_ms
from models.generation import Attempt
from models.workers import DeploymentFact
from services.platform.leases import Lease, LeasedTable, NamedLeases
from tests.account_factories import make_account, make_attempt

pytestmark = pytest.mark.usefixtures("either_database")

ATTEMPTS = LeasedTable("attempt")
CHECKS = LeasedTable("account", until="check_due_at_ms", epoch=None)
KINDS = NamedLeases("scheduler_lease", "kind")
TURNS = NamedLeases("deployment_fact", "name", holder=None, until="value", is_text=True)
ALL = "SELECT id FROM attempt ORDER BY id LIMIT ?"


async def claim(most: int = 10, seconds: float = 30.0, guard: str = "due_at_ms = 0") -> list[Lease]:
    return [lease for lease, _ in await ATTEMPTS.claim(ALL, (most,), seconds, guard=guard)]


async def attempts(count: int) -> list[Attempt]:
    account = await make_account()
    return [await make_attempt(account, lease_epoch=4) for _ in range(count)]


async def test_of_many_that_claim_at_once_each_row_goes_to_one() -> None:
    rows = await attempts(5)
    claimed = [lease for part in await asyncio.gather(*(claim() for _ in range(8))) for lease in part]
    assert sorted(lease.id for lease in claimed) == sorted(row.id for row in rows)
    assert {lease.epoch for lease in claimed} == {5}


async def test_a_claim_writes_and_returns_the_requested_columns() -> None:
    (row,) = await attempts(1)
    before_ms = await now_ms()
    found = await ATTEMPTS.claim(
        ALL, (1,), 30, guard="provider = ?", guard_values=(row.provider,), sets="polls = ?", set_values=(9,),
        returning="polls, model",
    )  # fmt: skip
    assert [(lease, values["polls"], values["model"]) for lease, values in found] == [(Lease(row.id, 5), 9, row.model)]
    after = await Attempt.get(id=row.id)
    assert before_ms + 30_000 <= after.due_at_ms <= await now_ms() + 30_000


async def test_leases_are_extended_together_where_they_are_held_still() -> None:
    rows = await attempts(3)
    first, second, third = await claim(seconds=0)
    await execute("UPDATE attempt SET lease_epoch = lease_epoch + 1 WHERE id = ? RETURNING id", second.id)
    assert await ATTEMPTS.extend([first, second, third], 60, guard=f"id <> {third.id}") == {first.id}
    moment_ms = await now_ms()
    late = [row.id for row in await Attempt.filter(id__in=[row.id for row in rows], due_at_ms__gt=moment_ms + 1_000)]
    assert late == [first.id]
    assert await ATTEMPTS.extend([], 60) == set()


async def test_a_released_row_is_due_and_only_its_holder_releases_it() -> None:
    await attempts(1)
    (lease,) = await claim()
    assert not await ATTEMPTS.release(Lease(lease.id, lease.epoch - 1))
    assert not await ATTEMPTS.release(lease, guard="polls = 5")
    assert (await Attempt.get(id=lease.id)).due_at_ms > await now_ms() + 1_000
    assert await ATTEMPTS.release(lease, sets="polls = 7")
    after = await Attempt.get(id=lease.id)
    assert after.polls == 7
    assert after.due_at_ms <= await now_ms()
    assert await ATTEMPTS.release(lease, in_ms=None)
    assert (await Attempt.get(id=lease.id)).due_at_ms == 0


async def test_where_the_leases_end_is_the_token_a_release_counts_once() -> None:
    account = await make_account()
    ((lease, _),) = await CHECKS.claim("SELECT id FROM account WHERE id = ?", (account.id,), 60)
    assert lease.epoch == (await Account.get(id=account.id)).check_due_at_ms
    assert await CHECKS.release(lease, in_ms=5_000)
    assert not await CHECKS.release(lease)
    with pytest.raises(AssertionError):
        await CHECKS.extend([lease], 60)


async def test_of_many_holders_that_claim_a_name_at_once_one_has_it() -> None:
    won = await asyncio.gather(*(KINDS.claim("IMAGE", f"holder {number}", 60) for number in range(8)))
    assert sum(won) == 1
    holder = f"holder {won.index(True)}"
    assert await KINDS.claim("IMAGE", holder, 60), "its holder keeps it by claiming again"
    assert await KINDS.extend("IMAGE", holder, 0)
    assert not await KINDS.extend("IMAGE", "nobody", 60)
    assert await KINDS.claim("IMAGE", "next", 60), "it had run out"
    assert not await KINDS.extend("IMAGE", holder, 60)


async def test_a_released_name_is_free_and_other_holders_names_are_not() -> None:
    assert await KINDS.claim("IMAGE", "one", 60)
    assert await KINDS.claim("VIDEO", "two", 60)
    await KINDS.release("one")
    assert await KINDS.claim("IMAGE", "three", 60)
    assert not await KINDS.claim("VIDEO", "three", 60)
    await KINDS.release_all()
    assert await KINDS.claim("VIDEO", "three", 60)


async def test_a_name_without_holders_has_to_run_out() -> None:
    assert sum(await asyncio.gather(*(TURNS.claim("turn:a", None, 60) for _ in range(6)))) == 1
    assert not await TURNS.claim("turn:a", None, 60)
    await DeploymentFact.filter(name="turn:a").update(value="1")
    assert await TURNS.claim("turn:a", None, 60)
    assert int((await DeploymentFact.get(name="turn:a")).value) > await now_ms() + 50_000

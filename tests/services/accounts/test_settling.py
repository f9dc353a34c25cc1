"""Measuring charges against an upstream in memory, on both databases: the ledger and all that is summed of it."""

from datetime import UTC, datetime

import pytest

from models.accounts import Account, AccountUsage
from models.database import execute, now_ms
from models.enums import AttemptOutcome, AttemptState, CreditsSource, MediaKind
from models.generation import Attempt, CreditPrice
from models.jobs import Job
from providers.pooled import FaultKind
from services.accounts.pool.pricing import learned_prices
from services.accounts.settling import (
    MAX_REFUSALS,
    claim_settlements,
    settle,
)
from services.generation.attempts import claim_steps
from services.generation.submitting import submit_step
from services.notifications.statistics.rollup import roll_up
from services.queries.credits import SpentCredits, spent_credits
from services.queries.record_statistics import StatisticsConditions, read_ended
from services.stores import attempts as attempt_store
from services.stores.charges import unsettled
from services.worker.scheduling import schedule
from settings import get_settings
from tests.changed_settings import change_settings
from tests.factories import OWNER
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_generation

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture(autouse=True)
def _settings() -> None:
    change_settings(credit_history_seconds=60.0)


async def accepted(upstream: FakeUpstream, price: int | None = None) -> Attempt:
    """A task that upstream has just taken. price: before it was sent."""
    upstream.price = price
    job = await make_generation()
    await schedule(MediaKind.IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 10, 60):
        await submit_step(step)
    return (await attempts_of(job))[-1]


async def look(*, later: bool = True) -> int:
    """Looks for all charges that are due; later: after all waits."""
    if later:
        await execute("UPDATE attempt SET settle_due_at_ms = 0 WHERE settle_due_at_ms IS NOT NULL RETURNING id")
        await execute("UPDATE account SET settle_due_at_ms = 0 RETURNING id")
    leases = await claim_settlements(get_settings(), 10)
    return sum([await settle(lease, get_settings()) for lease in leases])


async def spent() -> tuple[int | None, int]:
    """What statistics say: known credits, and the number of unknown ones."""
    sums = await read_ended(OWNER, StatisticsConditions(), None)
    return sums.known_credits, sums.credits_unknown


async def test_an_unknown_charge_is_null_until_the_history_tells_it(upstream: FakeUpstream) -> None:
    account = await make_account(credit_balance=100)
    attempt = await accepted(upstream)
    assert (attempt.credits_expected, attempt.credits_spent, attempt.credits_source) == (None, None, None)
    assert await spent() == (None, 1)
    assert (await Account.get(id=account.id)).credit_balance == 100, "no stand-in is taken off"
    record_id = (await Job.get(id=attempt.job_id)).record_id
    assert await spent_credits(OWNER, "record_id", [record_id]) == [SpentCredits(None, 1, 1)]
    assert await look() == 0
    assert await spent() == (None, 1)
    upstream.spent[attempt.submit_id] = 25
    assert await look() == 1
    attempt = await Attempt.get(id=attempt.id)
    assert (attempt.credits_spent, attempt.credits_source) == (25, CreditsSource.MEASURED)
    assert (await Account.get(id=account.id)).credit_balance == 75
    usage = await AccountUsage.get(account_id=account.id)
    assert (usage.count, usage.credits, usage.credits_unknown) == (1, 25, 0)
    assert await spent() == (25, 0)
    await roll_up(60)
    assert await spent() == (25, 0)
    assert await spent_credits(OWNER, "record_id", [record_id]) == [SpentCredits(25, 0, 1)]
    asks = len(upstream.history_asks)
    assert await look() == 0
    assert len(upstream.history_asks) == asks, "nothing is open, so nothing is asked"


async def test_a_price_that_is_wrong_is_corrected_everywhere_and_teaches_the_right_one(upstream: FakeUpstream) -> None:
    account = await make_account(credit_balance=100)
    attempt = await accepted(upstream, price=4)
    assert (attempt.credits_spent, attempt.credits_source) == (4, CreditsSource.CATALOGUE)
    upstream.spent[attempt.submit_id] = 7
    assert await look() == 1
    assert (await Attempt.get(id=attempt.id)).credits_spent == 7
    assert (await Account.get(id=account.id)).credit_balance == 93
    assert await spent() == (7, 0)
    assert list((await learned_prices()).values()) == [7]
    second = await accepted(upstream, price=4)
    assert (second.credits_expected, second.credits_source) == (7, CreditsSource.LEARNED)


async def test_a_price_is_the_median_of_the_newest_charges(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=50)
    for charge in (9, 9, 9, 5, 5, 5, 90):
        attempt = await accepted(upstream)
        upstream.spent[attempt.submit_id] = charge
        assert await look() == 1
    assert list((await learned_prices()).values()) == [5]
    assert len((await CreditPrice.all())[0].charges) == 5


async def test_what_was_given_back_is_taken_off(upstream: FakeUpstream) -> None:
    account = await make_account(credit_balance=100)
    attempt = await accepted(upstream)
    upstream.spent[attempt.submit_id] = 25
    assert await look() == 1
    await attempt_store.end(await Attempt.get(id=attempt.id), AttemptOutcome.FAILED)
    assert await look() == 0, "no refund yet"
    assert upstream.history_asks[-1] == (account.id, True)
    upstream.refunded[attempt.submit_id] = 25
    assert await look() == 1
    attempt = await Attempt.get(id=attempt.id)
    assert (attempt.credits_spent, attempt.settle_due_at_ms) == (0, None)
    assert (await Account.get(id=account.id)).credit_balance == 100
    assert await spent() == (0, 0)
    assert list((await learned_prices()).values()) == [25], "a refund teaches no price"


async def test_a_success_is_not_looked_for_again(upstream: FakeUpstream) -> None:
    await make_account()
    attempt = await accepted(upstream)
    upstream.spent[attempt.submit_id] = 25
    await look()
    await attempt_store.end(await Attempt.get(id=attempt.id), AttemptOutcome.SUCCEEDED)
    assert (await Attempt.get(id=attempt.id)).settle_due_at_ms is None


async def test_a_balance_that_upstream_told_since_has_the_charge_already(upstream: FakeUpstream) -> None:
    account = await make_account(credit_balance=100)
    attempt = await accepted(upstream)
    await Account.filter(id=account.id).update(credit_balance=75, checked_at=datetime(2099, 1, 1, tzinfo=UTC))
    upstream.spent[attempt.submit_id] = 25
    assert await look() == 1
    assert (await Account.get(id=account.id)).credit_balance == 75


async def test_an_account_is_asked_once_a_minute_for_all_its_tasks(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=50)
    for _ in range(3):
        await accepted(upstream)
    assert await look(later=False) == 0
    assert upstream.history_asks == [], "a charge is not in the history at once"
    await look()
    await execute("UPDATE attempt SET settle_due_at_ms = 0 WHERE settle_due_at_ms IS NOT NULL RETURNING id")
    for _ in range(5):
        await look(later=False)
    assert len(upstream.history_asks) == 1


async def test_a_refusal_cools_the_asking_and_not_the_account(upstream: FakeUpstream) -> None:
    account = await make_account(credit_balance=100, max_concurrent=50)
    first, _ = await accepted(upstream), await accepted(upstream)
    upstream.history_fault = fault(FaultKind.RISK_CONTROL)
    upstream.balance = 50
    for _ in range(4):
        await look()
    assert len(upstream.history_asks) == 1, "it waits longer than the interval"
    row = await Account.get(id=account.id)
    assert (row.status, row.settle_refusals, row.exhausted_until_ms(MediaKind.IMAGE)) == (account.status, 1, 0)
    assert row.settle_refused_until_ms > await now_ms() + 60_000
    assert (await Attempt.get(id=first.id)).credits_spent is None, "two ran, so the balance tells nothing of one"
    for _ in range(MAX_REFUSALS):
        await Account.filter(id=account.id).update(settle_refused_until_ms=0)
        await look()
    assert await Attempt.filter(settle_due_at_ms__isnull=False).count() == 0, "then nobody waits for it"
    assert await spent() == (None, 2)


async def test_the_balance_around_tells_the_price_where_the_history_refuses(upstream: FakeUpstream) -> None:
    account = await make_account(credit_balance=100)
    upstream.balance = 100
    upstream.history_fault = fault(FaultKind.RISK_CONTROL)
    attempt = await accepted(upstream)
    assert attempt.balance_before == 100
    assert await look() == 0
    upstream.balance = 70
    assert await look() == 1
    attempt = await Attempt.get(id=attempt.id)
    assert (attempt.credits_spent, attempt.credits_source) == (30, CreditsSource.MEASURED)
    assert (await Account.get(id=account.id)).credit_balance == 70
    assert list((await learned_prices()).values()) == [30]


async def test_a_balance_that_cannot_be_asked_for_holds_nothing_up(
    upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> int:
        raise fault(FaultKind.RISK_CONTROL)

    await make_account()
    monkeypatch.setattr(upstream, "credit_balance", refuse)
    attempt = await accepted(upstream)
    assert attempt.history_id is not None
    assert attempt.balance_before is None


async def test_a_task_that_is_not_alone_has_no_balance_of_its_own(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=2)
    await accepted(upstream)
    assert (await accepted(upstream)).balance_before is None


async def test_two_looks_at_once_count_a_charge_once(upstream: FakeUpstream) -> None:
    await make_account(credit_balance=100)
    attempt = await accepted(upstream)
    upstream.spent[attempt.submit_id] = 25
    await execute("UPDATE attempt SET settle_due_at_ms = 0 RETURNING id")
    (lease,) = await claim_settlements(get_settings(), 10)
    assert await claim_settlements(get_settings(), 10) == []
    assert await settle(lease, get_settings())
    assert not await settle(lease, get_settings())
    assert await spent() == (25, 0)


async def test_a_task_that_ends_while_it_is_settled_is_looked_for_again(upstream: FakeUpstream) -> None:
    account = await make_account()
    attempt = await accepted(upstream)
    (read,) = await unsettled(account.id, 10)
    await attempt_store.end(await Attempt.get(id=attempt.id), AttemptOutcome.FAILED)
    from services.stores.charges import settle as write

    assert not await write(read, 25, goes_on=False)
    assert (await Attempt.get(id=attempt.id)).settle_due_at_ms is not None


async def test_a_refused_submit_costs_nothing_and_is_not_looked_for(upstream: FakeUpstream) -> None:
    await make_account()
    upstream.says = [fault(FaultKind.CONTENT_REJECTED)]
    attempt = await accepted(upstream)
    assert (attempt.credits_spent, attempt.settle_due_at_ms) == (None, None)
    assert await spent() == (0, 0)


async def test_without_the_setting_nothing_is_asked(upstream: FakeUpstream) -> None:
    change_settings(credit_history_seconds=0.0)
    await make_account()
    attempt = await accepted(upstream)
    assert (attempt.settle_due_at_ms, attempt.balance_before) == (None, None)
    assert await look() == 0
    assert upstream.history_asks == []


async def test_turning_it_off_ends_the_look_for_what_was_sent_before(upstream: FakeUpstream) -> None:
    await make_account()
    attempt = await accepted(upstream)
    assert attempt.settle_due_at_ms is not None
    change_settings(credit_history_seconds=0.0)
    assert await claim_settlements(get_settings(), 10) == []
    assert (await Attempt.get(id=attempt.id)).settle_due_at_ms is None

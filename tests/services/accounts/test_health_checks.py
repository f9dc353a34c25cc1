"""Accounts that are kept warm."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ConfigurationError, RateLimitedError
from models.accounts import Account, AccountCooldown
from models.alert_enums import AlertKind
from models.database import execute, now_ms, now_ms_sql
from models.enums import AccountStatus, AttemptState
from models.generation import Attempt
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.checking import check_accounts
from services.accounts.health_checks import (
    LEASE_SECONDS,
    check_health,
    claim_checks,
    is_pause,
    next_check_seconds,
    parse_pause,
    release_check,
)
from services.accounts.looking import claim_looks, look
from services.accounts.rules import AccountChanges
from services.accounts.sessions import credential_of
from services.accounts.updating import update_accounts
from settings import Settings, get_settings
from tests.account_factories import ScriptedPool, install_pool, make_account, make_attempt, make_cooldown
from tests.factories import OWNER
from tests.pool_factories import fault
from tests.workers import worker_at_work

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def pool(either_database: str, monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    return install_pool(monkeypatch)


def settings(**changes: Any) -> Settings:
    return get_settings().model_copy(update=changes)


async def warm(at: datetime = NOON, **changes: Any) -> list[int]:
    """Looks at all that is due; the accounts."""
    claims = await claim_checks(at, settings(**changes), 100)
    for claim in claims:
        await check_health(claim, settings(**changes))
    return sorted(claim.id for claim in claims)


async def due_in_seconds(account: Account) -> float:
    due_at_ms = (await Account.get(id=account.id)).check_due_at_ms
    return float(due_at_ms - await now_ms()) / 1000


async def make_due() -> None:
    await execute(f"UPDATE account SET check_due_at_ms = {now_ms_sql()} - 1 RETURNING id")


def says(pool: ScriptedPool, account: Account, answer: int | UpstreamFaultError) -> None:
    pool.balances[credential_of(account).session_id] = answer


# ---------------------------------------------------------------- what is found


async def test_a_new_account_is_checked_at_once_and_its_balance_is_stored(pool: ScriptedPool) -> None:
    account = await make_account()
    says(pool, account, 42)
    assert await warm() == [account.id]
    found = await Account.get(id=account.id)
    assert (found.credit_balance, found.status, found.version) == (42, AccountStatus.ACTIVE, account.version + 1)
    assert found.checked_at is not None
    assert 480 - 5 <= await due_in_seconds(account) <= 720
    assert await warm() == []


async def test_a_check_is_one_request(pool: ScriptedPool, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_account()
    asked: list[str] = []

    async def credit_balance(credential: object, *, fresh: bool = False) -> int:
        asked.append(f"fresh {fresh}")
        return 1

    monkeypatch.setattr(pool, "credit_balance", credit_balance)
    await warm()
    assert asked == ["fresh True"]
    assert pool.asked == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [(FaultKind.SESSION_EXPIRED, AccountStatus.INACTIVE), (FaultKind.PUNISHED, AccountStatus.BANNED)],
)
async def test_a_session_that_has_ended_is_known_before_any_job_goes_there(
    pool: ScriptedPool, kind: FaultKind, status: AccountStatus
) -> None:
    """The account is held at once, and taken out when a second look, or a second check, says the same."""
    account = await make_account()
    placed = await make_attempt(account)
    says(pool, account, fault(kind, "It is over."))
    await warm()
    assert (await Account.get(id=account.id)).status is AccountStatus.ACTIVE
    held = await AccountCooldown.get()
    assert (held.kind, held.model, held.cause) == ("", "", kind.value)
    if kind is FaultKind.SESSION_EXPIRED:
        await execute(f"UPDATE account SET look_due_at_ms = {now_ms_sql()} - 1 RETURNING id")
        (lease,) = await claim_looks(10)
        await look(lease)
    else:
        await AccountCooldown.all().update(until_ms=1)
        await make_due()
        await warm()
    found = await Account.get(id=account.id)
    assert (found.status, found.status_reason) == (status, "It is over.")
    assert (await Attempt.get(id=placed.id)).state is AttemptState.ENDED
    alerts = await execute("SELECT kind FROM alert WHERE account_id = ? AND resolved_at IS NULL", account.id)
    expected = AlertKind.ACCOUNT_BANNED if status is AccountStatus.BANNED else AlertKind.ACCOUNT_SESSION_EXPIRED
    assert [row["kind"] for row in alerts] == [expected.value]
    await make_due()
    assert await warm() == []


async def test_an_answer_about_a_former_session_says_nothing(
    pool: ScriptedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await make_account()

    async def credit_balance(credential: object, *, fresh: bool = False) -> int:
        await update_accounts(OWNER, [AccountChanges(account_id=account.id, session="another-session-0001")])
        raise fault(FaultKind.SESSION_EXPIRED)

    monkeypatch.setattr(pool, "credit_balance", credit_balance)
    await warm()
    found = await Account.get(id=account.id)
    assert (found.status, found.check_due_at_ms) == (AccountStatus.ACTIVE, None)


@pytest.mark.parametrize(
    ("kind", "told", "least"),
    [
        (FaultKind.RATE_LIMIT, 90.0, 90),
        (FaultKind.CONCURRENCY_LIMIT, None, 2),
        (FaultKind.RISK_CONTROL, None, 600),
        (FaultKind.MODEL_RISK_CONTROL, None, 600),
    ],
)
async def test_an_account_that_upstream_wants_left_alone_cools_and_is_asked_less_often(
    pool: ScriptedPool, kind: FaultKind, told: float | None, least: float
) -> None:
    account = await make_account()
    says(pool, account, fault(kind, retry_after_seconds=told))
    waits = []
    for step in (1, 2):
        await warm()
        cooldown = await AccountCooldown.get(account_id=account.id)
        assert (cooldown.kind, cooldown.model, cooldown.step) == ("", "", step)
        assert cooldown.until_ms - await now_ms() > (least - 1) * 1000
        waits.append(await due_in_seconds(account))
        await make_due()
        assert await warm() == []
        await AccountCooldown.filter(id=cooldown.id).update(until_ms=0)
    assert waits[0] >= least + 2 * 480 - 5
    assert waits[1] >= least + 4 * 480 - 5
    assert (await Account.get(id=account.id)).status is AccountStatus.ACTIVE


async def test_a_fault_of_the_way_there_says_nothing_about_the_account(pool: ScriptedPool) -> None:
    account = await make_account(credit_balance=7)
    says(pool, account, fault(FaultKind.UPSTREAM_FAULT))
    await warm()
    found = await Account.get(id=account.id)
    assert (found.status, found.credit_balance, found.consecutive_failures) == (AccountStatus.ACTIVE, 7, 0)
    assert await AccountCooldown.all().count() == 0
    assert 480 - 5 <= await due_in_seconds(account) <= 720


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMIT, FaultKind.RISK_CONTROL])
async def test_asked_about_by_a_person_it_cools_too(pool: ScriptedPool, kind: FaultKind) -> None:
    account = await make_account()
    says(pool, account, fault(kind, "Not so fast."))
    outcomes = await check_accounts(OWNER, [account.id])
    assert outcomes[0].error is not None
    assert isinstance(outcomes[0].error, RateLimitedError) is (kind is FaultKind.RATE_LIMIT)
    cooldown = await AccountCooldown.get(account_id=account.id)
    assert (cooldown.kind, cooldown.model, cooldown.reason) == ("", "", "Not so fast.")
    assert cooldown.until_ms > await now_ms()


# ---------------------------------------------------------------- which accounts, and when


async def test_accounts_out_of_the_pool_or_cooling_are_left_alone(pool: ScriptedPool) -> None:
    for values in (
        {"status": AccountStatus.INACTIVE},
        {"status": AccountStatus.BANNED},
        {"deleted_at": datetime.now(UTC)},
        {"provider": "gone"},
    ):
        await make_account(**values)
    await make_cooldown(await make_account())
    await make_cooldown(await make_account(), "IMAGE")
    for_model = await make_account()
    await make_cooldown(for_model, "IMAGE", "jimeng-4.5")
    over = await make_account()
    await make_cooldown(over, seconds=-1)
    assert await warm() == sorted([for_model.id, over.id])


async def test_an_account_at_work_is_asked_for_its_balance_now_and_then(pool: ScriptedPool) -> None:
    account = await make_account(credit_balance=7, checked_at=datetime.now(UTC) - timedelta(seconds=3000))
    await make_attempt(account, accepted_at_ms=await now_ms() - 300_000)
    says(pool, account, 42)
    assert await warm() == [account.id]
    assert (await Account.get(id=account.id)).credit_balance == 7
    assert 480 - 5 <= await due_in_seconds(account) <= 720
    await Account.filter(id=account.id).update(checked_at=datetime.now(UTC) - timedelta(seconds=3700))
    await make_due()
    await warm()
    assert (await Account.get(id=account.id)).credit_balance == 42


async def test_a_task_taken_long_ago_says_nothing(pool: ScriptedPool) -> None:
    account = await make_account(credit_balance=7, checked_at=datetime.now(UTC))
    await make_attempt(account, accepted_at_ms=await now_ms() - 700_000)
    await warm()
    assert (await Account.get(id=account.id)).credit_balance == 66


async def test_two_processes_check_each_account_once(pool: ScriptedPool) -> None:
    ids = [(await make_account()).id for _ in range(20)]
    parts = await asyncio.gather(*(claim_checks(NOON, settings(), 5) for _ in range(6)))
    claimed = [claim.id for part in parts for claim in part]
    assert len(claimed) == len(set(claimed))
    rest = await claim_checks(NOON, settings(), 100)
    assert sorted([*claimed, *(claim.id for claim in rest)]) == sorted(ids)


async def test_an_interrupted_check_is_due_again(pool: ScriptedPool) -> None:
    account = await make_account()
    (claim,) = await claim_checks(NOON, settings(), 1)
    assert await due_in_seconds(account) > LEASE_SECONDS - 10
    assert await claim_checks(NOON, settings(), 1) == []
    await release_check(claim)
    (again,) = await claim_checks(NOON, settings(), 1)
    await release_check(replace(again, epoch=again.epoch - 1))
    assert await claim_checks(NOON, settings(), 1) == []


async def test_a_new_session_is_checked_at_once(pool: ScriptedPool) -> None:
    account = await make_account()
    await warm()
    await update_accounts(OWNER, [AccountChanges(account_id=account.id, session="another-session-0001")])
    assert await warm() == [account.id]


async def test_nothing_is_claimed_in_the_pause_or_where_it_is_off(pool: ScriptedPool) -> None:
    account = await make_account()
    night = {"account_check_pause": "19:00-21:00", "timezone": "Asia/Shanghai"}  # noon in UTC is 20:00 there
    assert await warm(**night) == []
    assert await warm(account_check_seconds=0) == []
    assert (await Account.get(id=account.id)).check_due_at_ms is None
    assert await warm(NOON + timedelta(hours=1), **night) == [account.id]


async def test_a_worker_checks_accounts(pool: ScriptedPool) -> None:
    account = await make_account()
    says(pool, account, fault(FaultKind.SESSION_EXPIRED))
    async with worker_at_work(settings()), asyncio.timeout(60):
        while (await Account.get(id=account.id)).status is AccountStatus.ACTIVE:
            await asyncio.sleep(0.02)


# ---------------------------------------------------------------- times


@given(st.floats(0, 1), st.integers(0, 40), st.floats(0, 2000))
def test_checks_are_spread_over_two_fifths_of_the_interval(random: float, step: int, cooldown: float) -> None:
    assert 480 - 1e-6 <= next_check_seconds(600, random=random) <= 720 + 1e-6
    seconds = next_check_seconds(600, random=random, cooldown_seconds=cooldown, step=step)
    assert cooldown + 480 * min(32, 2**step) - 1e-6 <= seconds <= cooldown + 720 * 32 + 1e-6


@pytest.mark.parametrize(
    ("pause", "zone", "clock", "expected"),
    [
        ("01:00-07:00", "UTC", "00:59", False),
        ("01:00-07:00", "UTC", "01:00", True),
        ("01:00-07:00", "UTC", "06:59", True),
        ("01:00-07:00", "UTC", "07:00", False),
        ("23:30-06:00", "UTC", "23:29", False),
        ("23:30-06:00", "UTC", "23:30", True),
        ("23:30-06:00", "UTC", "00:00", True),
        ("23:30-06:00", "UTC", "05:59", True),
        ("23:30-06:00", "UTC", "06:00", False),
        ("01:00-07:00", "Asia/Shanghai", "17:00", True),
        ("01:00-07:00", "Asia/Shanghai", "01:00", False),
        (None, "UTC", "03:00", False),
    ],
)
def test_the_pause_is_by_the_clocks_of_the_zone_and_may_pass_midnight(
    pause: str | None, zone: str, clock: str, expected: bool
) -> None:
    moment = datetime.combine(NOON.date(), time.fromisoformat(clock), UTC)
    assert is_pause(moment, parse_pause(pause), zone) is expected


@pytest.mark.parametrize(
    "text", ["", "01:00", "01:00-", "1-7", "25:00-07:00", "01:00-01:00", "a-b", "01:00-02:00-03:00"]
)
def test_what_is_no_pause_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError, match="EKONTE_ACCOUNT_CHECK_PAUSE"):
        parse_pause(text)

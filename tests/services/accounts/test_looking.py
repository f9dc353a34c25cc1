"""Second looks at accounts, on both databases: before one is taken out, after a refusal for want of credits, and from
time to time at those that the server itself took out.
"""

from datetime import UTC, datetime, timedelta

import pytest

from models.accounts import Account, AccountCooldown
from models.alert_enums import AlertKind
from models.alerts import Alert
from models.database import now_ms
from models.enums import AccountStatus, AttemptState, DeactivatedBy, JobStatus
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.checking import check_accounts
from services.accounts.looking import claim_looks, look, release_look
from services.accounts.pool.account_updates import apply_effect
from services.accounts.pool.cooling import relook_seconds
from services.accounts.pool.credit_refusals import LACKING, Meaning, meaning_of
from services.accounts.pool.decisions import AccountEffect
from services.accounts.pool.quota import quota_day
from services.accounts.receiving import claim_receiving, receive
from services.accounts.rules import AccountChanges
from services.accounts.sessions import credential_of
from services.accounts.updating import update_accounts
from settings import get_settings
from tests.account_factories import (
    ScriptedPool,
    install_pool,
    make_account,
    make_attempt,
    make_cooldown,
    make_generation_job,
)
from tests.changed_settings import change_settings
from tests.factories import OWNER
from tests.pool_factories import fault


@pytest.fixture
def pool(either_database: str, monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    return install_pool(monkeypatch)


def says(pool: ScriptedPool, account: Account, answer: int | UpstreamFaultError) -> None:
    pool.balances[credential_of(account).session_id] = answer
    pool.alive[credential_of(account).session_id] = True if isinstance(answer, int) else answer


async def refuse(account: Account, kind: FaultKind, effect: AccountEffect, credits: int | None = 4) -> Attempt:
    """Upstream refuses an attempt on the account."""
    attempt = await make_attempt(account, credits_expected=credits)
    await apply_effect(effect, attempt, fault(kind, "Jimeng says no."), random=0.0, now=datetime.now(UTC))
    return attempt


async def expire(account: Account) -> None:
    await refuse(account, FaultKind.SESSION_EXPIRED, AccountEffect.HOLD)


async def look_at_all() -> list[int]:
    """Makes all wanted looks due, and makes them."""
    await Account.filter(look_due_at_ms__isnull=False).update(look_due_at_ms=1)
    leases = await claim_looks(100)
    for lease in leases:
        await look(lease)
    return sorted(lease.id for lease in leases)


async def fresh(account: Account) -> Account:
    return await Account.get(id=account.id)


async def open_alerts(account: Account) -> list[AlertKind]:
    return [row.kind for row in await Alert.filter(account_id=account.id, resolved_at__isnull=True).order_by("id")]


async def look_due_in(account: Account) -> float | None:
    due_ms = (await fresh(account)).look_due_at_ms
    return None if due_ms is None else (due_ms - await now_ms()) / 1000


# ---------------------------------------------------------------- a session that was not accepted


async def test_one_refused_session_holds_the_account_and_a_good_look_brings_it_back(pool: ScriptedPool) -> None:
    account = await make_account()
    waiting = await make_generation_job(status=JobStatus.PENDING, due_at_ms=2**50)
    await expire(account)
    held = await AccountCooldown.get()
    assert (held.kind, held.model, held.cause) == ("", "", FaultKind.SESSION_EXPIRED.value)
    assert ((await fresh(account)).status, await open_alerts(account)) == (AccountStatus.ACTIVE, [])
    says(pool, account, 120)
    assert await look_at_all() == [account.id]
    found = await fresh(account)
    assert (found.status, found.credit_balance, found.consecutive_failures) == (AccountStatus.ACTIVE, 120, 1)
    assert await AccountCooldown.all().count() == 0
    assert (await Job.get(id=waiting.id)).due_at_ms < 2**50
    assert await look_due_in(account) is None


async def test_a_second_refusal_takes_the_account_out_with_an_alert_also_if_it_is_the_only_one(
    pool: ScriptedPool,
) -> None:
    change_settings(relook_seconds=60)
    account = await make_account(checked_at=datetime(2026, 1, 1, tzinfo=UTC))
    placed = await make_attempt(account)
    await expire(account)
    says(pool, account, fault(FaultKind.SESSION_EXPIRED, "It is over."))
    await look_at_all()
    found = await fresh(account)
    assert (found.status, found.status_reason, found.deactivated_by) == (
        AccountStatus.INACTIVE,
        "It is over.",
        DeactivatedBy.SERVER,
    )
    assert (await Attempt.get(id=placed.id)).state is AttemptState.ENDED
    assert await open_alerts(account) == [AlertKind.ACCOUNT_SESSION_EXPIRED]
    assert await AccountCooldown.all().count() == 0
    due = await look_due_in(account)
    assert due is not None
    assert 50 < due <= 60


async def test_several_refusals_at_once_want_one_look(pool: ScriptedPool) -> None:
    account = await make_account()
    for _ in range(3):
        await expire(account)
    says(pool, account, 7)
    assert await look_at_all() == [account.id]
    assert await look_at_all() == []
    assert (await fresh(account)).consecutive_failures == 1


async def test_what_the_server_took_out_is_looked_at_ever_more_rarely_and_comes_back_by_itself(
    pool: ScriptedPool,
) -> None:
    change_settings(relook_seconds=60)
    account = await make_account()
    await expire(account)
    says(pool, account, fault(FaultKind.SESSION_EXPIRED))
    await look_at_all()
    for seconds in (300, 900, 3600, 21600, 21600):
        await look_at_all()
        due = await look_due_in(account)
        assert due is not None
        assert seconds - 10 < due <= seconds
        assert (await fresh(account)).status is AccountStatus.INACTIVE
    assert len(await Alert.all()) == 1
    says(pool, account, 66)
    await look_at_all()
    found = await fresh(account)
    assert (found.status, found.status_reason, found.deactivated_by) == (AccountStatus.ACTIVE, None, None)
    assert (found.looks, found.look_due_at_ms, found.credit_balance) == (0, None, 66)
    assert await open_alerts(account) == []


def test_the_intervals_of_looks_grow_to_six_hours_and_can_be_turned_off() -> None:
    assert [relook_seconds(looks, 60.0) for looks in range(6)] == [60, 300, 900, 3600, 21600, 21600]
    assert relook_seconds(0, 0.0) is None


@pytest.mark.parametrize("by", [DeactivatedBy.OWNER, None])
async def test_what_a_person_deactivated_stays_so(pool: ScriptedPool, by: DeactivatedBy | None) -> None:
    account = await make_account(status=AccountStatus.INACTIVE, deactivated_by=by, look_due_at_ms=1)
    says(pool, account, 66)
    await look_at_all()
    await check_accounts(OWNER, [account.id])
    found = await fresh(account)
    assert (found.status, found.deactivated_by) == (AccountStatus.INACTIVE, by)


async def test_a_person_makes_the_servers_decision_their_own(pool: ScriptedPool) -> None:
    account = await make_account(status=AccountStatus.INACTIVE, deactivated_by=DeactivatedBy.SERVER, look_due_at_ms=1)
    (outcome,) = await update_accounts(OWNER, [AccountChanges(account.id, status=AccountStatus.INACTIVE)])
    assert outcome.error is None
    found = await fresh(account)
    assert (found.deactivated_by, found.look_due_at_ms) == (DeactivatedBy.OWNER, None)


async def test_a_check_by_a_person_brings_back_what_the_server_took_out(pool: ScriptedPool) -> None:
    account = await make_account(status=AccountStatus.INACTIVE, deactivated_by=DeactivatedBy.SERVER)
    says(pool, account, 120)
    (outcome,) = await check_accounts(OWNER, [account.id])
    assert outcome.account is not None
    assert (outcome.account.status, outcome.account.credit_balance) == (AccountStatus.ACTIVE, 120)


async def test_a_new_session_is_looked_at_at_once(pool: ScriptedPool) -> None:
    account = await make_account(status=AccountStatus.INACTIVE, deactivated_by=DeactivatedBy.SERVER)
    await update_accounts(OWNER, [AccountChanges(account.id, session="a-new-session-of-it")])
    pool.balances["a-new-session-of-it"] = 5
    assert await look_at_all() == [account.id]
    assert (await fresh(account)).status is AccountStatus.ACTIVE


async def test_a_look_that_does_not_reach_upstream_decides_nothing_and_is_made_again(pool: ScriptedPool) -> None:
    account = await make_account()
    await expire(account)
    says(pool, account, fault(FaultKind.UPSTREAM_FAULT))
    await look_at_all()
    assert (await fresh(account)).status is AccountStatus.ACTIVE
    assert await AccountCooldown.all().count() == 1, "it is still held"
    due = await look_due_in(account)
    assert due is not None
    assert 0 < due <= 10


async def test_a_look_is_made_once_and_is_due_again_where_it_was_interrupted(pool: ScriptedPool) -> None:
    account = await make_account(look_due_at_ms=1)
    (lease,) = await claim_looks(10)
    assert await claim_looks(10) == []
    await release_look(lease)
    await release_look(lease)
    assert [again.id for again in await claim_looks(10)] == [account.id]


# ---------------------------------------------------------------- punished


async def test_a_punished_account_is_banned_when_its_probe_is_refused_in_the_same_way(pool: ScriptedPool) -> None:
    account = await make_account()
    for _ in range(3):  # of one moment
        await refuse(account, FaultKind.PUNISHED, AccountEffect.HOLD_OR_BAN)
    assert (await fresh(account)).status is AccountStatus.ACTIVE
    await AccountCooldown.all().update(until_ms=1)
    await refuse(account, FaultKind.PUNISHED, AccountEffect.HOLD_OR_BAN)
    assert (await fresh(account)).status is AccountStatus.BANNED
    assert await open_alerts(account) == [AlertKind.ACCOUNT_BANNED]
    assert await look_due_in(account) is None, "a person decides"


# ---------------------------------------------------------------- credits


@pytest.mark.parametrize(
    ("balance", "needed", "can_receive", "meaning"),
    [
        (100, 16, True, Meaning.NOT_IN_PLAN),
        (16, 16, False, Meaning.NOT_IN_PLAN),
        (15, 16, True, Meaning.RECEIVE),
        (15, 16, False, Meaning.LACKING),
        (1, None, True, Meaning.NOT_IN_PLAN),
        (0, None, True, Meaning.RECEIVE),
        (0, None, False, Meaning.LACKING),
    ],
)
def test_the_balance_tells_what_a_refusal_means(
    balance: int, needed: int | None, can_receive: bool, meaning: Meaning
) -> None:
    assert meaning_of(balance, needed, can_receive=can_receive) is meaning


async def refuse_credits(account: Account, credits: int | None = 16) -> None:
    await refuse(account, FaultKind.OUT_OF_CREDIT, AccountEffect.ASK_BALANCE, credits)


async def test_until_the_balance_is_known_only_the_model_waits_and_nothing_is_invented(pool: ScriptedPool) -> None:
    account = await make_account(credit_balance=300)
    await refuse_credits(account)
    await refuse_credits(account)
    cooldown = await AccountCooldown.get()
    assert (cooldown.kind, cooldown.model, cooldown.cause) == ("IMAGE", "jimeng-4.5", FaultKind.OUT_OF_CREDIT.value)
    found = await fresh(account)
    assert (found.credit_balance, found.image_exhausted_until_ms, found.credits_due_at_ms) == (300, 0, None)


@pytest.mark.parametrize("credits", [16, None])
async def test_where_the_credits_suffice_only_the_model_cools(pool: ScriptedPool, credits: int | None) -> None:
    account = await make_account()
    await make_cooldown(account, "VIDEO", "another-model")
    await refuse_credits(account, credits)
    says(pool, account, 300)
    assert await look_at_all() == [account.id]
    found = await fresh(account)
    assert (found.credit_balance, found.image_exhausted_until_ms, found.credits_due_at_ms) == (300, 0, None)
    cooldown = await AccountCooldown.get(kind="IMAGE")
    assert cooldown.model == "jimeng-4.5"
    assert "although the account has 300" in cooldown.reason
    assert cooldown.until_ms > await now_ms() + 1_700_000
    until_ms = cooldown.until_ms
    await check_accounts(OWNER, [account.id])
    assert (await AccountCooldown.get(kind="IMAGE")).until_ms == until_ms, "a later balance does not prolong it"


async def test_where_the_account_takes_others_of_the_model_it_rests_only_briefly(pool: ScriptedPool) -> None:
    account = await make_account()
    await refuse_credits(account)
    refused = await Attempt.all().order_by("-id").first()
    assert refused is not None
    # One of the same job, which was accepted and refused later, is no witness.
    await Attempt.filter(id=refused.id).update(accepted_at_ms=await now_ms(), state=AttemptState.ACCEPTED)
    says(pool, account, 300)
    await look_at_all()
    assert (await AccountCooldown.get()).until_ms > await now_ms() + 1_700_000
    await AccountCooldown.all().delete()
    await refuse_credits(account)
    other = await Attempt.all().order_by("-id").first()
    assert other is not None
    await Attempt.filter(id=other.id).update(
        accepted_at_ms=await now_ms(), state=AttemptState.ACCEPTED, job_id=refused.job_id + 1
    )
    await look_at_all()
    cooldown = await AccountCooldown.get()
    assert cooldown.until_ms < await now_ms() + 60_000
    assert "takes other tasks of it" in cooldown.reason


async def test_where_they_do_not_the_credits_of_the_day_are_received_once(pool: ScriptedPool) -> None:
    account = await make_account()
    await refuse_credits(account)
    says(pool, account, 3)
    await look_at_all()
    found = await fresh(account)
    assert (found.credit_balance, found.credits_due_at_ms is not None) == (3, True)
    assert (await AccountCooldown.get()).cause == LACKING
    now = datetime.now(UTC)
    assert await claim_receiving(9, now, get_settings().timezone) == [account.id]
    says(pool, account, 63)
    await receive(account.id, now)
    assert ((await fresh(account)).credit_balance, await AccountCooldown.all().count()) == (63, 0)


async def test_an_account_without_credits_that_has_received_is_exhausted_by_its_true_balance(
    pool: ScriptedPool,
) -> None:
    today = quota_day(datetime.now(UTC), get_settings().timezone)
    empty, poor = [await make_account(received_day=today) for _ in range(2)]
    for account, balance in ((empty, 0), (poor, 3)):
        await refuse_credits(account)
        says(pool, account, balance)
    await look_at_all()
    assert (await fresh(empty)).credit_balance == 0
    assert (await fresh(empty)).image_exhausted_until_ms > await now_ms()
    assert (await fresh(empty)).video_exhausted_until_ms == 0
    found = await fresh(poor)
    assert (found.credit_balance, found.image_exhausted_until_ms) == (3, 0), "its 3 credits may do for something else"
    assert await AccountCooldown.all().count() == 0


async def test_a_balance_that_is_not_told_after_receiving_is_asked_for_again_and_not_made_up(
    pool: ScriptedPool,
) -> None:
    account = await make_account(credit_balance=3)
    pool.gifts[credential_of(account).session_id] = 60
    says(pool, account, fault(FaultKind.UPSTREAM_FAULT))
    await receive(account.id, datetime.now(UTC) + timedelta(0))
    found = await fresh(account)
    assert (found.credit_balance, found.image_exhausted_until_ms) == (3, 0)
    assert found.look_due_at_ms is not None

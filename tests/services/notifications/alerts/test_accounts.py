"""Alerts about accounts, each raised and closed by what really causes it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.accounts import Account
from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.enums import AccountStatus
from providers.pooled import FaultKind
from services.accounts.answers import store_balance
from services.accounts.checking import check_accounts, receive_credits
from services.accounts.pool.account_updates import apply_effect, deactivate, record_accepted, record_balance
from services.accounts.pool.decisions import AccountEffect
from services.accounts.removing import delete_accounts
from services.accounts.rules import AccountChanges
from services.accounts.updating import update_accounts
from services.notifications.alerts.accounts import check_credits
from tests.account_factories import ScriptedPool, install_pool, make_account, make_attempt
from tests.changed_settings import change_settings
from tests.factories import OWNER
from tests.pool_factories import fault
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    return install_pool(monkeypatch)


async def open_alerts() -> list[tuple[AlertKind, AlertSeverity, int]]:
    rows = await Alert.filter(resolved_at__isnull=True).order_by("id")
    assert all(row.cause == f"account:{row.account_id}" for row in rows)
    return [(row.kind, row.severity, row.account_id) for row in rows]


async def refuse(account: Account, effect: AccountEffect, kind: FaultKind) -> None:
    attempt = await make_attempt(account, credits_expected=4)
    await apply_effect(effect, attempt, fault(kind, "Jimeng says no"), random=0.0, now=datetime.now(UTC))


async def take_out(account: Account, status: AccountStatus) -> None:
    """Upstream has said twice that the account is banned, or that its session has ended."""
    await deactivate(account.id, status, "Jimeng says no", None)


async def change(account: Account, **values: Any) -> None:
    (outcome,) = await update_accounts(OWNER, [AccountChanges(account.id, **values)])
    assert outcome.error is None


async def test_the_alert_of_a_banned_account_is_open_until_it_is_activated_again() -> None:
    account, other = await make_account(name="studio"), await make_account()
    for _ in range(2):
        await take_out(account, AccountStatus.BANNED)
    assert await open_alerts() == [(AlertKind.ACCOUNT_BANNED, AlertSeverity.CRITICAL, account.id)]
    [alert] = await Alert.all()
    assert "'studio' is banned" in alert.message
    assert "Jimeng says no." in alert.message
    await change(other, priority=3)
    await change(account, priority=3)
    assert len(await open_alerts()) == 1
    await change(account, status=AccountStatus.ACTIVE)
    assert await open_alerts() == []
    await take_out(account, AccountStatus.BANNED)
    assert await Alert.all().count() == 2


async def test_the_alert_of_an_ended_session_is_open_until_there_is_a_new_one() -> None:
    account = await make_account()
    await take_out(account, AccountStatus.INACTIVE)
    assert await open_alerts() == [(AlertKind.ACCOUNT_SESSION_EXPIRED, AlertSeverity.WARNING, account.id)]
    await change(account, session="another-session-of-it")
    assert await open_alerts() == []


async def test_a_check_raises_alerts_too_and_a_ban_replaces_an_ended_session(pool: ScriptedPool) -> None:
    account = await make_account(session="the-session-of-this")
    pool.alive["the-session-of-this"] = False
    await check_accounts(OWNER, [account.id])
    assert [alert[0] for alert in await open_alerts()] == [AlertKind.ACCOUNT_SESSION_EXPIRED]
    pool.alive["the-session-of-this"] = fault(FaultKind.PUNISHED)
    await check_accounts(OWNER, [account.id])
    assert [alert[0] for alert in await open_alerts()] == [AlertKind.ACCOUNT_BANNED]


async def test_an_account_that_its_owner_took_out_is_nobodys_worry_when_its_session_ends(pool: ScriptedPool) -> None:
    account = await make_account(session="the-session-of-this", status=AccountStatus.INACTIVE)
    pool.alive["the-session-of-this"] = False
    await check_accounts(OWNER, [account.id])
    assert await open_alerts() == []


async def test_deleted_accounts_have_no_alerts() -> None:
    banned, poor, busy = [await make_account(credit_balance=60) for _ in range(3)]
    await take_out(banned, AccountStatus.BANNED)
    await record_balance(poor.id, 1)
    assert len(await open_alerts()) == 2
    await delete_accounts(OWNER, [banned.id, poor.id, busy.id])
    assert await open_alerts() == []
    await take_out(busy, AccountStatus.BANNED)  # of a task that was under way
    await record_balance(poor.id, 2)
    await check_credits()
    assert await open_alerts() == []


async def test_low_credits_raise_an_alert_when_a_task_takes_them_which_closes_once_there_are_enough() -> None:
    change_settings(credit_low=50)
    account = await make_account(credit_balance=57, name="studio")
    attempts = [await make_attempt(account, credits_expected=4) for _ in range(3)]
    await record_accepted(attempts[0], "2026-01-01")
    assert await open_alerts() == []
    await record_accepted(attempts[1], "2026-01-01")
    assert await open_alerts() == [(AlertKind.CREDIT_LOW, AlertSeverity.WARNING, account.id)]
    [alert] = await Alert.all()
    assert "'studio' has 49 credits left, fewer than 50" in alert.message
    await record_accepted(attempts[2], "2026-01-01")
    await record_balance(account.id, 49)
    assert await Alert.all().count() == 1
    await record_balance(account.id, 50)
    assert await open_alerts() == []
    await record_balance(account.id, 0)
    assert await Alert.all().count() == 2


async def test_a_refusal_for_want_of_credits_and_a_requested_balance_raise_alerts_too(pool: ScriptedPool) -> None:
    refused, asked = await make_account(), await make_account(session="the-session-of-this")
    await refuse(refused, AccountEffect.ASK_BALANCE, FaultKind.OUT_OF_CREDIT)
    assert await open_alerts() == [], "the balance is not known yet"
    await store_balance(refused, 3)
    pool.balances["the-session-of-this"] = 12
    await receive_credits(OWNER, [asked.id])
    assert {alert[2] for alert in await open_alerts()} == {refused.id, asked.id}
    pool.balances["the-session-of-this"] = 120
    await check_accounts(OWNER, [asked.id])
    assert {alert[2] for alert in await open_alerts()} == {refused.id}


async def test_an_account_that_gets_no_work_is_short_of_nothing() -> None:
    banned, idle, renewed = [await make_account(credit_balance=60) for _ in range(3)]
    for account in (banned, idle, renewed):
        await record_balance(account.id, 7)
    await take_out(banned, AccountStatus.BANNED)
    await change(idle, status=AccountStatus.INACTIVE)
    await change(renewed, session="another-session-of-it")
    assert [alert[0] for alert in await open_alerts()] == [AlertKind.ACCOUNT_BANNED]
    await record_balance(idle.id, 6)
    await record_balance(banned.id, 6)
    await check_credits()
    assert [alert[0] for alert in await open_alerts()] == [AlertKind.ACCOUNT_BANNED]


async def test_the_check_of_all_accounts_follows_the_setting() -> None:
    poor, rich = await make_account(credit_balance=10), await make_account(credit_balance=1000)
    await make_account(credit_balance=None)
    change_settings(credit_low=0)
    await check_credits()
    assert await open_alerts() == []
    change_settings(credit_low=20)
    await check_credits()
    assert {alert[2] for alert in await open_alerts()} == {poor.id}
    change_settings(credit_low=2000)
    await check_credits()
    assert {alert[2] for alert in await open_alerts()} == {poor.id, rich.id}
    change_settings(credit_low=0)
    await check_credits()
    assert await open_alerts() == []


async def test_alerts_about_budgets_are_not_the_accounts_business() -> None:
    await Alert.create(
        owner=OWNER, kind=AlertKind.CREDIT_LOW, severity=AlertSeverity.WARNING, cause="batch:7", message="Paused."
    )
    await check_credits()
    assert await Alert.filter(resolved_at__isnull=True).count() == 1


async def test_accounts_with_an_open_alert_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for balance in (10, 11, 12):
        await make_account(credit_balance=balance)
    change_settings(credit_low=20)
    await check_credits()
    assert len(await open_alerts()) == 3
    looked_at: list[int] = []

    async def note(account: Any) -> None:
        looked_at.append(account["id"])

    monkeypatch.setattr("services.notifications.alerts.accounts.record_credits", note)
    await check_credits()
    assert looked_at == []
    new = await make_account(credit_balance=9)
    await check_credits()
    assert looked_at == [new.id]


async def test_while_nothing_changes_no_statement_is_added() -> None:
    account = await make_account(credit_balance=60)
    for balance in (60, 7):
        await record_balance(account.id, balance)
        with counted_statements() as statements:
            await record_balance(account.id, balance)
        assert len(statements) == 1

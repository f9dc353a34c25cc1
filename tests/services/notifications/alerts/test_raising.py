"""Raising and closing alerts, on both databases."""

import asyncio

import pytest

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.callbacks import CallbackDelivery
from models.database import transaction
from services.notifications.alerts.raising import close_alert, close_alerts, close_passed, raise_alert
from services.platform.events import alerts_topic, bus
from tests.changed_settings import change_settings
from tests.factories import OTHER, OWNER

BANNED = AlertKind.ACCOUNT_BANNED


async def open_causes(kind: AlertKind) -> set[tuple[str, str]]:
    return {(alert.owner, alert.cause) for alert in await Alert.filter(kind=kind, resolved_at__isnull=True)}


async def raise_banned(owner: str = OWNER, cause: str = "account:1", message: str = "It is banned.") -> bool:
    return await raise_alert(owner, BANNED, AlertSeverity.CRITICAL, cause, message, account_id=1)


async def test_a_cause_is_raised_once_however_often_it_is_found(either_database: str) -> None:
    assert await raise_banned()
    assert not await raise_banned(message="It is still banned.")
    [alert] = await Alert.all()
    assert (alert.message, alert.severity, alert.account_id, alert.version) == ("It is banned.", "CRITICAL", 1, 1)


async def test_of_many_that_find_a_cause_at_once_one_raises_it(either_database: str) -> None:
    assert sum(await asyncio.gather(*(raise_banned() for _ in range(12)))) == 1
    assert await Alert.all().count() == 1


async def test_owners_kinds_and_causes_are_apart(either_database: str) -> None:
    assert await raise_banned()
    assert await raise_banned(OTHER)
    assert await raise_banned(cause="account:2")
    assert await raise_alert(OWNER, AlertKind.CREDIT_LOW, AlertSeverity.WARNING, "account:1", "It has few credits.")
    assert await open_causes(BANNED) == {(OWNER, "account:1"), (OTHER, "account:1"), (OWNER, "account:2")}


async def test_what_comes_back_after_it_has_passed_is_a_new_alert(either_database: str) -> None:
    await raise_banned()
    assert await close_alert(OWNER, BANNED, "account:1")
    assert not await close_alert(OWNER, BANNED, "account:1")
    assert await raise_banned(message="It is banned again.")
    first, second = await Alert.all().order_by("id")
    assert (first.version, second.version) == (2, 1)
    assert first.resolved_at >= first.created_at
    assert second.resolved_at is None


async def test_several_are_closed_at_once_and_no_others(either_database: str) -> None:
    for cause in ("account:1", "account:2", "account:3"):
        await raise_banned(cause=cause)
    await raise_banned(OTHER)
    causes = [f"account:{number}" for number in range(2, 3000)]
    assert await close_alerts(OWNER, [BANNED, AlertKind.CREDIT_LOW], causes) == 2
    assert await open_causes(BANNED) == {(OWNER, "account:1"), (OTHER, "account:1")}
    assert await close_alerts(OWNER, [BANNED], []) == 0


async def test_what_a_condition_says_is_over_is_closed_whoever_it_belongs_to(either_database: str) -> None:
    await raise_banned()
    await raise_banned(OTHER, cause="account:2")
    await raise_alert(OWNER, AlertKind.CREDIT_LOW, AlertSeverity.WARNING, "account:2", "It has few credits.")
    with bus().listen([alerts_topic(OWNER), alerts_topic(OTHER)]) as listener:
        assert await close_passed(BANNED, "alert.cause = ?", "account:1") == 1
        assert await listener.next(0) == {alerts_topic(OTHER)}
        assert await close_passed(BANNED, "alert.cause = ?", "account:1") == 0
    assert await open_causes(BANNED) == {(OWNER, "account:1")}
    assert await open_causes(AlertKind.CREDIT_LOW) == {(OWNER, "account:2")}


async def test_a_cause_that_is_too_long_is_cut_and_found_again(either_database: str) -> None:
    assert await raise_banned(cause="x" * 200)
    assert not await raise_banned(cause="x" * 300)
    assert await close_alert(OWNER, BANNED, "x" * 200)


async def test_followers_hear_of_it_when_it_is_committed_and_not_before(either_database: str) -> None:
    with bus().listen([alerts_topic(OWNER), alerts_topic("")]) as listener:

        async def body() -> None:
            await raise_banned()
            assert await listener.next(0) == set()

        await transaction(body)
        assert await listener.next(0) == {alerts_topic(OWNER)}
        await raise_banned()
        assert await listener.next(0) == set()
        await close_alert(OWNER, BANNED, "account:1")
        await raise_alert("", AlertKind.STORAGE_LOW, AlertSeverity.CRITICAL, "storage:host", "It is full.")
        assert await listener.next(0) == {alerts_topic(OWNER), alerts_topic("")}


async def test_an_alert_whose_transaction_is_rolled_back_was_never_raised(either_database: str) -> None:
    async def body() -> None:
        await raise_banned()
        raise ValueError

    with bus().listen([alerts_topic(OWNER)]) as listener:
        with pytest.raises(ValueError):
            await transaction(body)
        assert await listener.next(0) == set()
    assert await Alert.all().count() == 0
    assert await raise_banned()


async def test_the_deployments_webhook_gets_each_raising_and_each_closing_once(
    either_database: str,
) -> None:
    await raise_banned(OTHER)
    change_settings(alert_webhook_url="https://studio.example/alerts")
    for _ in range(2):
        await raise_banned()
    for _ in range(2):
        await close_alert(OWNER, BANNED, "account:1")
    raised, resolved = await CallbackDelivery.all().order_by("id")
    alert = await Alert.get(owner=OWNER)
    for delivery, event in ((raised, "alert_raised"), (resolved, "alert_resolved")):
        assert (delivery.owner, delivery.subject, delivery.subject_id, delivery.event) == ("", "alert", alert.id, event)
        assert delivery.url == "https://studio.example/alerts"
        assert delivery.body["message"] == "It is banned."

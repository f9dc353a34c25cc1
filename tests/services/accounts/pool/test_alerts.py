"""A pool that cannot take what waits is told of, and no more once it can or nothing waits."""

import pytest

from models.accounts import Account
from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.database import now_ms
from models.enums import AccountStatus, JobStatus, MediaKind, WorkflowStatus
from models.jobs import Job
from services.accounts.pool.alerts import close_idle_pools, pool_cause
from services.notifications.alerts.raising import raise_alert
from services.worker.scheduling import schedule
from tests.account_factories import make_cooldown
from tests.factories import OTHER, OWNER, make_workflow
from tests.pool_factories import make_account, make_due, make_generation

pytestmark = pytest.mark.usefixtures("either_database", "upstream")
IMAGE = MediaKind.IMAGE


async def open_alerts() -> list[tuple[str, str, str]]:
    rows = await Alert.filter(kind=AlertKind.POOL_EXHAUSTED, resolved_at__isnull=True).order_by("owner", "cause")
    return [(row.owner, row.cause, row.message) for row in rows]


async def schedule_due(kind: MediaKind = IMAGE) -> None:
    await make_due()
    await schedule(kind)


async def test_a_pool_without_accounts_raises_one_alert_which_closes_when_there_is_one() -> None:
    await make_generation()
    for _ in range(3):
        await schedule_due()
    [(owner, cause, message)] = await open_alerts()
    assert (owner, cause) == (OWNER, "pool:fake:IMAGE")
    assert message.startswith("Pictures are waiting, but no account of fake can generate them.")
    assert "createAccounts" in message
    assert (await Alert.get()).severity is AlertSeverity.CRITICAL
    await make_account()
    await schedule_due()
    assert await open_alerts() == []


async def test_each_owner_and_kind_has_an_alert_of_its_own() -> None:
    await make_generation()
    await make_generation(OTHER)
    await make_generation(kind=MediaKind.VIDEO)
    for kind in MediaKind:
        await schedule_due(kind)
    assert [alert[:2] for alert in await open_alerts()] == [
        (OWNER, "pool:fake:IMAGE"),
        (OWNER, "pool:fake:VIDEO"),
        (OTHER, "pool:fake:IMAGE"),
    ]


async def test_a_full_pool_is_not_an_exhausted_one() -> None:
    await make_account(max_concurrent=1)
    for _ in range(3):
        await make_generation()
    await schedule_due()
    await schedule_due()
    assert await open_alerts() == []


async def test_a_short_cooldown_raises_no_alert_and_a_long_one_does_with_its_end() -> None:
    account = await make_account()
    await make_generation()
    cooldown = await make_cooldown(account, seconds=30)
    await schedule_due()
    assert await open_alerts() == []
    cooldown.until_ms = await now_ms() + 600_000
    await cooldown.save()
    await schedule_due()
    [(_, _, message)] = await open_alerts()
    assert "Cooling down: Too many requests. (until 20" in message or "Too many requests (until 20" in message


async def test_it_is_over_when_nothing_waits_any_more() -> None:
    await make_account(status=AccountStatus.BANNED)
    pictures, clip = await make_generation(), await make_generation(kind=MediaKind.VIDEO)
    await schedule_due()
    await schedule_due(MediaKind.VIDEO)
    await close_idle_pools()
    assert len(await open_alerts()) == 2
    await Job.filter(id=pictures.id).update(status=JobStatus.CANCELED)
    await close_idle_pools()
    assert [alert[1] for alert in await open_alerts()] == ["pool:fake:VIDEO"]
    workflow = await make_workflow(status=WorkflowStatus.PAUSED)
    await Job.filter(id=clip.id).update(workflow_id=workflow.id)  # a paused workflow's waits for its owner
    await close_idle_pools()
    assert await open_alerts() == []


async def test_what_waits_for_another_provider_does_not_keep_it_open() -> None:
    job = await make_generation()
    await schedule_due()
    await Job.filter(id=job.id).update(params={**job.params, "provider": "other"})
    await close_idle_pools()
    assert await open_alerts() == []
    assert await Account.all().count() == 0


async def test_a_providers_name_may_hold_colons() -> None:
    for provider in ("own:pool", "fake"):
        await raise_alert(
            OWNER, AlertKind.POOL_EXHAUSTED, AlertSeverity.CRITICAL, pool_cause(provider, MediaKind.IMAGE), "Wait."
        )
    job = await make_generation()
    await Job.filter(id=job.id).update(params={**job.params, "provider": "own:pool"})
    await close_idle_pools()
    assert [alert[1] for alert in await open_alerts()] == ["pool:own:pool:IMAGE"]

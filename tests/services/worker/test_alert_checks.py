"""The checks behind alerts, each on its own."""

from pathlib import Path

import pytest
import structlog

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from services.notifications.alerts.raising import raise_alert
from services.worker import alert_checks as checks
from services.worker.alert_checks import check_alerts
from settings import get_settings
from tests.factories import OWNER

LOOKS = ("close_idle_pools", "check_credits", "check_failure_rates", "check_stalled_batches")


@pytest.mark.parametrize("broken", LOOKS)
async def test_a_failed_check_is_logged_and_the_others_run(
    database: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("a row that it cannot read")

    monkeypatch.setattr(checks, broken, fail)
    with structlog.testing.capture_logs() as logs:
        await check_alerts(get_settings().model_copy(update={"storage_low_bytes": 1 << 60}))
    assert [alert.kind for alert in await Alert.all()] == [AlertKind.STORAGE_LOW]
    assert [(line["event"], line["log_level"]) for line in logs] == [("alerts.check_failed", "error")]


async def test_an_unknown_cause_of_a_pool_alert_does_not_stop_other_checks(database: None, data_dir: Path) -> None:
    await raise_alert(OWNER, AlertKind.POOL_EXHAUSTED, AlertSeverity.CRITICAL, "pool", "From another version.")
    with structlog.testing.capture_logs():
        await check_alerts(get_settings().model_copy(update={"storage_low_bytes": 1 << 60}))
    assert await Alert.filter(kind=AlertKind.STORAGE_LOW).count() == 1

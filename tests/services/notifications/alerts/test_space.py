"""A disk that is nearly full is told to everybody, for each host."""

import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.database import now_ms
from models.workers import ProcessLease
from services.notifications.alerts.raising import raise_alert
from services.notifications.alerts.space import check_space, folders, min_free_bytes
from services.platform.process_leases import process_name
from settings import Settings

GIB = 1 << 30


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the disk says is free."""
    disk = SimpleNamespace(bytes=5 * GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=disk.bytes))
    return disk


def settings(tmp_path: Path, low: int = 2 * GIB) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, storage_low_bytes=low)


async def open_causes() -> list[str]:
    rows = await Alert.filter(kind=AlertKind.STORAGE_LOW, owner="", resolved_at__isnull=True).order_by("cause")
    return [row.cause for row in rows]


async def test_the_alert_is_raised_below_the_limit_and_closed_well_above_it(
    either_database: str, tmp_path: Path, free: SimpleNamespace
) -> None:
    mine = f"storage:{socket.gethostname()[:32]}"
    for gib, expected in ((5, []), (1.9, [mine]), (2.1, [mine]), (2.3, []), (2.1, []), (1, [mine])):
        free.bytes = int(gib * GIB)
        await check_space(settings(tmp_path))
        assert await open_causes() == expected
    alert = await Alert.all().order_by("-id").first()
    assert alert is not None
    assert alert.severity is AlertSeverity.CRITICAL
    assert "1,024 MiB of disk left" in alert.message
    assert str(tmp_path) not in alert.message
    assert await Alert.all().count() == 2


async def test_zero_turns_it_off(either_database: str, tmp_path: Path, free: SimpleNamespace) -> None:
    free.bytes = 0
    await check_space(settings(tmp_path))
    assert len(await open_causes()) == 1
    await check_space(settings(tmp_path, low=0))
    assert await open_causes() == []


async def test_hosts_that_are_gone_are_forgotten_and_others_stay(
    either_database: str, tmp_path: Path, free: SimpleNamespace
) -> None:
    moment = await now_ms()
    await ProcessLease.create(number=1, holder="there:77:abcd", until_ms=moment + 60_000)
    await ProcessLease.create(number=2, holder="gone:78:abcd", until_ms=moment - 3_600_000)
    await ProcessLease.create(number=3, holder="there-too:78:abcd", until_ms=moment - 60_000)
    for host in ("there", "gone", "the", "there-too", "unknown"):
        await raise_alert("", AlertKind.STORAGE_LOW, AlertSeverity.CRITICAL, f"storage:{host}", "It is full.")
    await check_space(settings(tmp_path))
    assert await open_causes() == ["storage:there", "storage:there-too"]


def test_the_fullest_disk_of_those_that_hold_something_counts(tmp_path: Path) -> None:
    here = Settings(_env_file=None, data_dir=tmp_path, storage_url=SecretStr(f"file://{tmp_path}/not-there"))
    assert folders(here) == [tmp_path, tmp_path / "not-there"]
    assert folders(Settings(_env_file=None, data_dir=tmp_path, storage_url=SecretStr("s3://bucket/x"))) == [tmp_path]
    assert min_free_bytes(folders(here)) == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.2)


def test_processes_are_named_by_their_host_first() -> None:
    assert process_name().startswith(f"{socket.gethostname()[:32]}:")

"""Processes of one database with storages of their own are found out at the start."""

import asyncio
from pathlib import Path

import pytest

from errors import ConfigurationError
from providers.storage import LocalStorage
from services.platform import storage_mark
from services.platform.storage_mark import check_storage_mark

pytestmark = pytest.mark.usefixtures("either_database")


async def test_processes_with_one_storage_agree_also_when_they_start_at_once(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "shared")
    await asyncio.gather(*(check_storage_mark(storage) for _ in range(5)))
    await check_storage_mark(storage)


async def test_a_process_with_another_storage_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_mark, "WAIT_SECONDS", 0.0)
    await check_storage_mark(LocalStorage(tmp_path / "one"))
    other = LocalStorage(tmp_path / "other")
    with pytest.raises(ConfigurationError, match="EKONTE_STORAGE_URL"):
        await check_storage_mark(other)
    assert await other.keys() == []

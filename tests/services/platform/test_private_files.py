"""Files and folders that only their own user can read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.platform.private_files import keep_private
from settings import Settings


@pytest.fixture(autouse=True)
def umask_as_before() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make(path: Path, file_mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    path.chmod(file_mode)
    return path


def test_what_is_there_is_tightened_and_what_comes_is_private(tmp_path: Path) -> None:
    data = tmp_path / "data"
    names = ("ekonte.sqlite3", "ekonte.sqlite3-wal", "ekonte.sqlite3-shm", "server.lock", "files/ab/cd/one.png")
    made = [make(data / name) for name in (*names, "scratch/7-1/frame.png", "cache/one", "encryption.key")]
    keep_private(Settings(_env_file=None, data_dir=data))
    assert {mode(path) for path in made} == {0o600}
    folders = [data, *(path for path in data.rglob("*") if path.is_dir())]
    assert {mode(folder) for folder in folders} == {0o700}
    (data / "files" / "new").mkdir()
    (data / "files" / "new" / "file").write_text("x")
    assert (mode(data / "files" / "new"), mode(data / "files" / "new" / "file")) == (0o700, 0o600)


def test_things_of_others_and_links_stay_as_they_are(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", make(tmp_path / "elsewhere" / "book.txt")
    notes = make(data / "notes.txt")
    (data / "files").mkdir()
    (data / "files" / "link").symlink_to(elsewhere)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    keep_private(Settings(_env_file=None, data_dir=data))
    assert (mode(elsewhere), mode(notes)) == (0o644, 0o644)
    keep_private(Settings(_env_file=None, data_dir=shared))
    assert mode(shared) == 0o1777


def test_a_database_and_a_storage_elsewhere_are_tightened_too(tmp_path: Path) -> None:
    database, stored = make(tmp_path / "db" / "films.db"), make(tmp_path / "store" / "ab" / "one.png")
    keep_private(
        Settings(
            _env_file=None,
            data_dir=tmp_path / "data",
            database_url=SecretStr(f"sqlite://{database}"),
            storage_url=SecretStr(f"file://{tmp_path / 'store'}"),
        )
    )
    assert (mode(database), mode(stored), mode(stored.parent)) == (0o600, 0o600, 0o700)

"""Stored files: one per content and owner, whatever runs at once."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from errors import JobErrorCode, JobFailure
from models.database import transaction
from models.enums import FileState
from models.files import StoredFile
from providers.storage import Storage
from services.platform import files
from services.platform.files import NewFile, local_copies, pin_files, storage_key, store_file
from tests.factories import OTHER, OWNER


@pytest.fixture(autouse=True)
def storage(either_database: str, data_dir: Path) -> Storage:
    return files.use_storage(None, data_dir)


def new_file(tmp_path: Path, content: bytes = b"picture") -> NewFile:
    path = tmp_path / hashlib.sha256(content).hexdigest()[:8]
    path.write_bytes(content)
    return NewFile(path, "image/png", "a.png", 4, 3)


async def test_the_same_content_is_one_file_for_each_owner(tmp_path: Path, storage: Storage) -> None:
    new = new_file(tmp_path)
    rows = await asyncio.gather(*(store_file(OWNER, new) for _ in range(8)), store_file(OTHER, new))
    assert len({row.id for row in rows}) == 2
    assert sorted(await storage.keys()) == sorted({storage_key(row.owner, row.sha256, "image/png") for row in rows})
    assert {row.state for row in await StoredFile.all()} == {FileState.READY}
    digest = hashlib.sha256(b"picture").hexdigest()
    assert (await local_copies(OWNER, {digest}))[digest].read_bytes() == b"picture"


async def test_a_full_storage_fails_the_job_and_leaves_nothing(
    tmp_path: Path, storage: Storage, data_dir: Path
) -> None:
    incoming = data_dir / "files" / ".incoming"
    incoming.rmdir()
    incoming.write_text("no folder any more")  # every write fails from now on, for root too
    with pytest.raises(JobFailure) as failure:
        await store_file(OWNER, new_file(tmp_path))
    assert failure.value.code is JobErrorCode.STORAGE_ERROR
    assert failure.value.is_retryable
    assert await StoredFile.all().count() == 0
    assert str(tmp_path) not in failure.value.message


async def test_a_file_that_is_gone_is_said_to_be_gone(tmp_path: Path, storage: Storage) -> None:
    row = await store_file(OWNER, new_file(tmp_path))
    await storage.remove(storage_key(OWNER, row.sha256, row.content_type))
    with pytest.raises(JobFailure) as failure:
        await local_copies(OWNER, {row.sha256})
    assert failure.value.code is JobErrorCode.STORAGE_ERROR
    with pytest.raises(JobFailure):
        await local_copies(OTHER, {row.sha256})


async def test_a_file_that_is_gone_cannot_be_taken_up(tmp_path: Path, storage: Storage) -> None:
    row = await store_file(OWNER, new_file(tmp_path))
    await transaction(lambda: pin_files({row.id}))
    await StoredFile.filter(id=row.id).update(state=FileState.REMOVING)
    with pytest.raises(JobFailure) as failure:
        await transaction(lambda: pin_files({row.id}))
    assert failure.value.is_retryable

"""Stored files: one per content and owner, whatever runs at once, and none left behind."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errors import JobErrorCode, JobFailure
from models.artifacts import JobFile
from models.database import transaction
from models.enums import ArtifactKind, FileRole, FileState, JobStatus
from models.files import StoredFile
from models.jobs import Job
from providers.storage import Storage
from services.platform import files
from services.platform.files import (
    NewFile,
    local_copies,
    pin_files,
    remove_leftovers_of_job,
    remove_unfinished,
    remove_unreferenced,
    storage_key,
    store_file,
)
from tests.factories import OTHER, OWNER, make_artifact, make_job


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


async def test_without_room_the_job_is_told_and_nothing_stays(tmp_path: Path, storage: Storage, data_dir: Path) -> None:
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


async def test_what_a_cut_off_try_stored_is_removed_unless_something_refers_to_it(
    tmp_path: Path, storage: Storage
) -> None:
    job = await make_job(status=JobStatus.RUNNING)
    kept = await store_file(OWNER, new_file(tmp_path, b"kept"), job_id=job.id)
    given = await store_file(OWNER, new_file(tmp_path, b"given"), job_id=job.id, is_upload=True)
    left = await store_file(OWNER, new_file(tmp_path, b"left"), job_id=job.id)
    await make_artifact(ArtifactKind.PICTURE, 1, [(FileRole.MAIN, kept)])
    assert await remove_leftovers_of_job(job.id) == 0  # another worker may be about to publish them
    await Job.filter(id=job.id).update(status=JobStatus.CANCELED)
    assert await remove_leftovers_of_job(job.id) == 1
    assert {row.id for row in await StoredFile.all()} == {kept.id, given.id}
    assert len(await storage.keys()) == 2
    assert not await storage.exists(storage_key(OWNER, left.sha256, left.content_type))


async def test_half_written_files_are_removed_after_a_crash(tmp_path: Path, storage: Storage) -> None:
    row = await store_file(OWNER, new_file(tmp_path))
    await StoredFile.filter(id=row.id).update(state=FileState.WRITING)
    assert await remove_unfinished() == 1
    assert await storage.keys() == []
    assert await StoredFile.all().count() == 0


async def test_only_old_files_that_nothing_refers_to_are_cleared_away(tmp_path: Path, storage: Storage) -> None:
    job = await make_job()
    rows = {
        name: await store_file(OWNER, new_file(tmp_path, name.encode()))
        for name in ("made", "answered", "loose", "new")
    }
    await make_artifact(ArtifactKind.PICTURE, 1, [(FileRole.MAIN, rows["made"])])
    await JobFile.create(job_id=job.id, position=0, role=FileRole.MAIN, file_id=rows["answered"].id)
    old = datetime.now(UTC) - timedelta(days=9)
    await StoredFile.exclude(id=rows["new"].id).update(created_at=old)
    week_ago = datetime.now(UTC) - timedelta(days=7)
    assert await remove_unreferenced(week_ago, week_ago) == 0  # marked, so that whoever uses it now can take it up
    await transaction(lambda: pin_files({rows["made"].id}))
    assert await remove_unreferenced(week_ago, datetime.now(UTC) + timedelta(seconds=1)) == 1
    assert {row.id for row in await StoredFile.all()} == {rows[name].id for name in ("made", "answered", "new")}


async def test_storing_what_is_just_being_removed_ends_with_the_content_there(tmp_path: Path, storage: Storage) -> None:
    new = new_file(tmp_path)
    for _ in range(10):
        row = await store_file(OWNER, new)
        await StoredFile.filter(id=row.id).update(created_at=datetime.now(UTC) - timedelta(days=9))
        again, _ = await asyncio.gather(
            store_file(OWNER, new),
            remove_unreferenced(datetime.now(UTC) - timedelta(days=7), datetime.now(UTC) + timedelta(seconds=1)),
        )
        present = await StoredFile.get_or_none(owner=OWNER, sha256=again.sha256)
        if present is not None:  # the removal came first or not at all; never is a row there without its content
            assert await storage.exists(storage_key(OWNER, present.sha256, present.content_type))


async def test_a_file_that_is_gone_cannot_be_taken_up(tmp_path: Path, storage: Storage) -> None:
    row = await store_file(OWNER, new_file(tmp_path))
    await transaction(lambda: pin_files({row.id}))
    await StoredFile.filter(id=row.id).update(state=FileState.REMOVING)
    with pytest.raises(JobFailure) as failure:
        await transaction(lambda: pin_files({row.id}))
    assert failure.value.is_retryable

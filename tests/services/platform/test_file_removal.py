"""Files that nothing refers to are removed, whatever runs at once, and no others."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.artifacts import JobFile
from models.database import transaction
from models.enums import ArtifactKind, FileRole, FileState, JobStatus
from models.files import StoredFile
from models.jobs import Job
from providers.storage import Storage
from services.platform.file_removal import remove_leftovers_of_job, remove_unfinished, remove_unreferenced
from services.platform.files import pin_files, storage_key, store_file
from tests.factories import OWNER, make_artifact, make_job
from tests.services.platform.test_files import new_file
from tests.services.platform.test_files import storage as storage


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

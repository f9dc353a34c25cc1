"""Old results lose their files, unless something that is not old refers to them; what is known about them stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errors import ConflictError
from models.artifacts import JobFile
from models.enums import ArtifactKind, FileRole, JobRole, JobStatus, Priority, Reuse
from models.files import StoredFile
from models.generation import GenerationRecord, RecordVersion
from models.ids import first_id_at
from models.jobs import Job, JobInput
from services.generation.admission import generate
from services.generation.records.showing import restore_version
from services.platform import files
from services.platform.events import bus, job_topic
from services.platform.file_removal import remove_unreferenced
from services.platform.files import storage_key
from services.worker.retention import results
from services.worker.retention.results import remove_old_results
from tests.factories import OTHER, OWNER, make_artifact, make_asset, make_file, make_job, make_script
from tests.record_factories import asked, finish, record_of, start
from tests.resolvers.asking import ask

pytestmark = pytest.mark.usefixtures("either_database")

DAYS = 30.0
WORDS = "Its files were removed: this server keeps results for 30 days. regenerate makes them again."
LONG_AGO = datetime.now(UTC) - timedelta(days=40)
_ids = iter(range(first_id_at(LONG_AGO), first_id_at(LONG_AGO) + 10_000))


async def old_file(**values: Any) -> StoredFile:
    return await make_file(id=next(_ids), **values)


async def age(*jobs: Job) -> None:
    await Job.filter(id__in=[job.id for job in jobs]).update(finished_at=LONG_AGO)


async def old_result(storyboard_id: str | None = None, count: int = 2, **values: Any) -> tuple[Job, list[StoredFile]]:
    job = await start(storyboard_id, **values)
    made = await finish(job, files=[await old_file() for _ in range(count)])
    await age(job)
    return job, made


async def released() -> set[int]:
    return {file.id for file in await StoredFile.filter(released_at__isnull=False)}


async def shown_by(job: Job) -> list[int]:
    return [link.file_id for link in await JobFile.filter(job_id=job.id).order_by("position")]


def ids(*made: StoredFile) -> set[int]:
    return {file.id for file in made}


async def test_old_results_go_and_younger_ones_stay() -> None:
    job, made = await old_result()
    younger = await start()
    kept = await finish(younger, files=[await old_file()])
    await Job.filter(id=younger.id).update(finished_at=datetime.now(UTC) - timedelta(days=29))
    assert await remove_old_results(None) == 0
    assert await released() == set()
    with bus().listen([job_topic(job.id), job_topic(younger.id)]) as listener:
        assert await remove_old_results(DAYS) == 2
        assert await listener.next(0) == {job_topic(job.id)}
    assert await released() == ids(*made)
    assert {link.file_id for link in await JobFile.all()} == ids(*kept)
    present = await Job.get(id=job.id)
    assert (present.status, present.message) == (JobStatus.SUCCEEDED, WORDS)
    assert await remove_old_results(DAYS) == 0


async def test_the_record_stays_with_its_request_and_its_job_says_what_became_of_the_files() -> None:
    job, _ = await old_result("shot-9")
    await remove_old_results(DAYS)
    document = """query ($id: ID!) { record(id: $id) {
      status prompt error { message } files { sha256 } chosenFile { sha256 } job { message } } }"""
    record = (await ask(document, id=(await record_of(job)).global_id))["record"]
    assert record == {
        "status": "SUCCEEDED",
        "prompt": "a street at night",
        "error": None,
        "files": [],
        "chosenFile": None,
        "job": {
            "message": "Its files were removed: this server keeps results for 30 days. regenerate makes them again."
        },
    }


async def test_a_result_of_which_an_artifact_a_script_or_an_asset_shows_something_stays_whole() -> None:
    old = [await old_result(count=4) for _ in range(4)]
    shown, asset_file, source = [made[1] for _, made in old[:3]]
    await make_artifact(ArtifactKind.PICTURE, 1, [(FileRole.MAIN, shown)])
    script = await make_script()
    await make_asset(script, reference_file_id=asset_file.id)
    await make_script(source_file_id=source.id)
    assert await remove_old_results(DAYS) == 4
    assert await released() == ids(*old[3][1])
    for job, made in old[:3]:
        assert [link.file_id for link in await JobFile.filter(job_id=job.id).order_by("position")] == [
            f.id for f in made
        ]
        assert (await Job.get(id=job.id)).message is None


async def test_a_result_of_which_one_file_is_in_younger_use_stays_whole_and_is_handed_out_whole() -> None:
    job, made = await old_result("first", count=4, prompt="one")
    young = await start()
    await JobInput.create(job_id=young.id, position=0, file_id=made[2].id)
    await finish(young, files=[await old_file()])
    assert await remove_old_results(DAYS) == 0
    assert await released() == set()
    again = await generate(OWNER, asked("again", prompt="one", reuse=Reuse.EXACT), None, Priority.NORMAL)
    assert await shown_by(again) == [file.id for file in made]
    await age(young, again)
    assert await remove_old_results(DAYS) == 5
    assert {(await Job.get(id=each.id)).message for each in (job, young, again)} == {WORDS}


async def test_of_two_results_that_share_a_file_each_goes_whole_or_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILE_BATCH_SIZE", 1)
    monkeypatch.setattr(results, "JOB_BATCH_SIZE", 1)
    shared, held = await old_file(), await old_file()
    going, staying = await start(), await start()
    alone = await old_file()
    await finish(going, files=[alone, shared])
    await finish(staying, files=[shared, held])
    young = await start()
    await JobInput.create(job_id=young.id, position=0, file_id=held.id)
    await JobInput.create(job_id=staying.id, position=0, file_id=shared.id)
    await age(going, staying)
    assert await remove_old_results(DAYS) == 1
    assert await released() == ids(alone)
    left = await JobFile.all().order_by("position")
    assert [(link.job_id, link.file_id) for link in left] == [(staying.id, shared.id), (staying.id, held.id)]
    assert {row.job_id for row in await JobInput.all()} == {young.id, staying.id}
    assert (await Job.get(id=going.id)).message == WORDS
    assert (await Job.get(id=staying.id)).message is None


async def test_what_a_build_made_or_another_owner_has_stays() -> None:
    _, (made,) = await old_result(count=1)
    build = await make_job(role=JobRole.BUILD, status=JobStatus.SUCCEEDED, finished_at=LONG_AGO)
    await JobFile.create(job_id=build.id, position=0, role=FileRole.MAIN, file_id=made.id)
    theirs = await old_file(owner=OTHER)
    assert await remove_old_results(DAYS) == 0
    assert await released() == set()
    assert await StoredFile.exists(id=theirs.id)


async def test_the_input_of_a_live_or_a_young_job_stays_and_that_of_an_old_one_does_not() -> None:
    made = [await old_result(count=1) for _ in range(3)]
    live, young, old = [await start() for _ in range(3)]
    for job, (_, (file,)) in zip((live, young, old), made, strict=True):
        await JobInput.create(job_id=job.id, position=0, file_id=file.id)
    await finish(young, count=1)
    await finish(old, count=1)
    await age(old)
    assert await remove_old_results(DAYS) == 1
    assert await released() == ids(*made[2][1])
    assert {row.job_id for row in await JobInput.all()} == {live.id, young.id}


async def test_a_result_that_was_handed_out_again_lately_stays_for_both() -> None:
    job, made = await old_result("shot-1")
    again = await generate(OWNER, asked("shot-2", reuse=Reuse.EXACT), None, Priority.NORMAL)
    assert again.status is JobStatus.SUCCEEDED
    assert await remove_old_results(DAYS) == 0
    await age(again)
    assert await remove_old_results(DAYS) == len(made)
    assert await JobFile.all().count() == 0
    later = await generate(OWNER, asked("shot-3", reuse=Reuse.EXACT), None, Priority.NORMAL)
    assert later.status is JobStatus.PENDING  # nothing is there any more that could be handed out
    assert job.id != later.id


async def test_a_result_stays_while_the_build_that_asked_for_it_lives() -> None:
    job, _ = await old_result(count=1)
    build = await make_job(role=JobRole.BUILD, status=JobStatus.RUNNING)
    await Job.filter(id=job.id).update(parent_id=build.id)
    assert await remove_old_results(DAYS) == 0
    await Job.filter(id=build.id).update(status=JobStatus.SUCCEEDED)
    assert await remove_old_results(DAYS) == 1


async def test_an_earlier_result_without_files_cannot_be_shown_again() -> None:
    first, _ = await old_result("shot-1", prompt="one")
    second = await start("shot-1", prompt="two")
    await finish(second)
    await remove_old_results(DAYS)
    version = await RecordVersion.get(job_id=first.id)
    before = await GenerationRecord.all().values()
    with pytest.raises(ConflictError, match="files of this version were removed"):
        await restore_version(OWNER, version.id)
    assert await GenerationRecord.all().values() == before


async def test_an_upload_of_the_same_content_stays_as_long_as_uploads_do() -> None:
    upload = await old_file(is_upload=True)
    job = await start()
    await finish(job, files=[upload])
    await age(job)
    assert await remove_old_results(DAYS) == 1
    assert await released() == set()
    assert await StoredFile.exists(id=upload.id)


async def test_the_content_goes_after_the_time_of_grace_unless_somebody_takes_it_up(
    tmp_path: Path, data_dir: Path
) -> None:
    storage = files.use_storage(None, data_dir)
    (_, (gone,)), (_, (kept,)) = await old_result(count=1), await old_result(count=1)
    for file in (gone, kept):
        (tmp_path / "picture").write_bytes(b"picture")
        await storage.put(storage_key(OWNER, file.sha256, file.content_type), tmp_path / "picture")
    await remove_old_results(DAYS)
    await JobInput.create(job_id=(await start()).id, position=0, file_id=kept.id)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    week_ago = datetime.now(UTC) - timedelta(days=7)
    assert await remove_unreferenced(week_ago, datetime.now(UTC) - timedelta(minutes=30)) == 0
    assert await remove_unreferenced(week_ago, soon) == 1
    assert await StoredFile.exists(id=kept.id)
    assert await storage.exists(storage_key(OWNER, kept.sha256, kept.content_type))
    assert not await storage.exists(storage_key(OWNER, gone.sha256, gone.content_type))

"""Choosing files and restoring versions."""

import asyncio

import pytest

from errors import ConflictError, NotFoundError
from models.enums import FileState, MediaKind, Priority
from models.files import StoredFile
from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.generation.records.regenerating import Regeneration, regenerate
from services.generation.records.showing import choose_record_file, restore_version
from tests.factories import OTHER, OWNER
from tests.record_factories import everything, fail, finish, record_of, start

pytestmark = pytest.mark.usefixtures("either_database")


async def two_results(storyboard_id: str = "shot-1") -> tuple[Job, Job, list[StoredFile]]:
    first = await start(storyboard_id, prompt="one", seed=1)
    files = await finish(first)
    second = await start(storyboard_id, prompt="two")
    await finish(second)
    return first, second, files


async def version_of(job: Job) -> RecordVersion:
    return await RecordVersion.get(job_id=job.id)


async def test_a_shown_file_is_chosen_and_only_such_a_one() -> None:
    first, _, former = await two_results()
    record = await record_of(first)
    shown = await finish_again(record)
    assert (await choose_record_file(OWNER, record.id, shown[1].sha256)).chosen_file_id == shown[1].id
    before = await everything()
    assert (await choose_record_file(OWNER, record.id, shown[1].sha256)).chosen_file_id == shown[1].id
    for sha256 in (former[0].sha256, "f" * 64, ""):
        with pytest.raises(NotFoundError) as refusal:
            await choose_record_file(OWNER, record.id, sha256)
        assert refusal.value.path == ["sha256"]
    with pytest.raises(NotFoundError) as missing:
        await choose_record_file(OTHER, record.id, shown[1].sha256)
    assert missing.value.path == ["recordId"]
    assert await everything() == before
    await StoredFile.filter(id=shown[0].id).update(state=FileState.REMOVING)
    with pytest.raises(NotFoundError):
        await choose_record_file(OWNER, record.id, shown[0].sha256)


async def finish_again(record: GenerationRecord) -> list[StoredFile]:
    return await finish(await start(record.storyboard_id, prompt="again"))


async def test_a_version_is_restored_with_its_request_and_the_present_becomes_one() -> None:
    first, second, files = await two_results()
    await RecordVersion.filter(job_id=first.id).update(chosen_file_id=files[1].id)
    record = await restore_version(OWNER, (await version_of(first)).id)
    assert (record.shown_job_id, record.current_job_id, record.prompt) == (first.id, first.id, "one")
    assert (record.params, record.chosen_file_id) == (first.params, files[1].id)
    assert record.request_sha256 == GenerationRequest.from_json(first.params).sha256()
    assert (await version_of(second)).prompt == "two"


async def test_restoring_twice_changes_nothing_and_back_again_restores_the_other() -> None:
    first, second, files = await two_results()
    version = await version_of(first)
    record = await restore_version(OWNER, version.id)
    before = await everything()
    assert (await restore_version(OWNER, version.id)).shown_job_id == first.id
    assert await everything() == before
    await choose_record_file(OWNER, record.id, files[1].sha256)
    assert (await restore_version(OWNER, (await version_of(second)).id)).shown_job_id == second.id
    assert (await restore_version(OWNER, version.id)).chosen_file_id == files[1].id
    assert await RecordVersion.all().count() == 2


async def test_what_is_shown_after_a_failure_can_be_restored_as_it_is() -> None:
    first, second, _ = await two_results()
    await restore_version(OWNER, (await version_of(first)).id)
    await fail(await start("shot-1", prompt="three"))
    record = await restore_version(OWNER, (await version_of(first)).id)
    assert (record.current_job_id, record.shown_job_id, record.prompt) == (first.id, first.id, "one")
    assert (await version_of(second)).number == 2


async def test_restoring_is_refused_while_the_record_is_being_generated_and_to_others() -> None:
    first, _, _ = await two_results()
    version = await version_of(first)
    await start("shot-1", prompt="three")
    before = await everything()
    with pytest.raises(ConflictError):
        await restore_version(OWNER, version.id)
    for owner, number in ((OTHER, version.id), (OWNER, 1)):
        with pytest.raises(NotFoundError) as refusal:
            await restore_version(owner, number)
        assert refusal.value.path == ["versionId"]
    assert await everything() == before
    await GenerationRecord.all().update(deleted_at=version.created_at)
    with pytest.raises(NotFoundError):
        await restore_version(OWNER, version.id)


async def test_restoring_and_generating_at_once_is_one_after_the_other() -> None:
    for number in range(4):
        storyboard_id = f"shot-{number}"
        first, second, _ = await two_results(storyboard_id)
        version = await version_of(first)
        outcomes = await asyncio.gather(
            restore_version(OWNER, version.id),
            start(storyboard_id, prompt="three"),
            return_exceptions=True,
        )
        record, job = await record_of(first), outcomes[1]
        assert isinstance(job, Job)
        assert record.current_job_id == job.id
        assert record.prompt == "three"
        if isinstance(outcomes[0], ConflictError):
            assert record.shown_job_id == second.id
        else:
            assert isinstance(outcomes[0], GenerationRecord)
            assert record.shown_job_id == first.id
            assert await RecordVersion.filter(job_id=second.id).exists()


async def test_restoring_at_once_with_the_end_of_a_regeneration_loses_no_result() -> None:
    first, second, _ = await two_results()
    wanted = Regeneration(MediaKind.IMAGE, "default", "shot-1", changes={"prompt": "three"})
    third = await regenerate(OWNER, wanted, None, Priority.NORMAL)
    outcomes = await asyncio.gather(
        finish(third), restore_version(OWNER, (await version_of(first)).id), return_exceptions=True
    )
    assert isinstance(outcomes[0], list)
    assert isinstance(outcomes[1], ConflictError | GenerationRecord)
    record = await record_of(first)
    kept = {row.job_id for row in await RecordVersion.filter(record_id=record.id)}
    assert {first.id, second.id, third.id} <= kept | {record.shown_job_id}

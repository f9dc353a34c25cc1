"""Items of a batch that are answered by cached results while their records show other results."""

from typing import Any

import pytest

from models.database import execute
from models.enums import JobStatus, MediaKind, Reuse
from models.generation import GenerationRecord, RecordVersion
from models.jobs import Job
from services.generation.batches.admission import create_batch
from services.generation.batches.batch_input import BatchInput, BatchItem
from services.generation.records.showing import choose_record_file
from tests.factories import OWNER
from tests.record_factories import asked, made, record_of, start
from tests.statements import counted_with_transactions

pytestmark = pytest.mark.usefixtures("either_database")

NIGHT = "a street at night, rain on the stones, a woman in a red coat, cinematic"


async def create(*storyboards: tuple[str, str], **values: Any) -> list[Job]:
    """The jobs of a batch of these (storyboard, prompt)."""
    items = [BatchItem(asked(storyboard_id, prompt=prompt, **values)) for storyboard_id, prompt in storyboards]
    batch = (await create_batch(OWNER, BatchInput(MediaKind.IMAGE, "default", "default", items), None)).batch
    assert batch is not None
    return await Job.filter(batch_id=batch.id).order_by("id")


async def chosen(record: GenerationRecord) -> int:
    """Chooses the record's second file and returns its id."""
    rows = await execute(
        "SELECT f.id, f.sha256 FROM job_file l JOIN stored_file f ON f.id = l.file_id WHERE l.job_id = ?"
        " AND l.position = 1",
        record.shown_job_id,
    )
    await choose_record_file(OWNER, record.id, rows[0]["sha256"])
    return int(rows[0]["id"])


async def indexed(record: GenerationRecord) -> set[int]:
    rows = await execute("SELECT key FROM similarity_key WHERE record_id = ?", record.id)
    return {row["key"] for row in rows}


def columns(record: GenerationRecord) -> dict[str, Any]:
    """The fields of a record that do not depend on its storyboard and job."""
    own = ("id", "created_at", "updated_at", "storyboard_id", "params", "current_job_id", "shown_job_id")
    values = {name: getattr(record, name) for name in GenerationRecord._meta.db_fields if name not in own}
    params = {name: value for name, value in record.params.items() if name != "storyboard_id"}
    return {**values, "params": params, "shows_newest": record.current_job_id == record.shown_job_id}


@pytest.mark.parametrize("reuse", [Reuse.EXACT, Reuse.SIMILAR])
async def test_they_end_as_one_that_is_asked_for_by_itself(reuse: Reuse) -> None:
    await chosen(await made("shot-1", prompt=NIGHT))
    prompt = NIGHT if reuse is Reuse.EXACT else NIGHT.replace("red", "blue")
    asking: dict[str, Any] = {"reuse": reuse, "reuse_threshold": 0.9}
    for name in ("single", "batched", "other"):
        await chosen(await made(name, prompt="a lighthouse in the rain"))
    single = await record_of(await start("single", prompt=prompt, **asking))
    jobs = await create(("batched", prompt), ("other", prompt), ("new", prompt), **asking)
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    records = [await record_of(job) for job in jobs]
    [version] = await RecordVersion.filter(record_id=single.id)
    for record, job in zip(records[:2], jobs, strict=False):
        assert columns(record) == columns(single)
        assert record.current_job_id == job.id
        assert await indexed(record) == await indexed(single)
        [kept] = await RecordVersion.filter(record_id=record.id)
        assert (kept.owner, kept.number, kept.model, kept.prompt) == (OWNER, 1, version.model, version.prompt)
        former = await Job.get(id=kept.job_id)
        assert (former.params, former.record_id) == (kept.params, record.id)
        assert kept.chosen_file_id is not None
    assert (records[2].version_count, await RecordVersion.filter(record_id=records[2].id).count()) == (0, 0)


async def test_a_result_that_was_kept_before_is_kept_once_with_the_file_that_was_chosen_last() -> None:
    await made("shot-1", prompt=NIGHT)
    await made("shot-2", prompt="a lighthouse")
    record = await made("shot", prompt="a harbour")
    harbour = record.shown_job_id
    await create(("shot", NIGHT), reuse=Reuse.EXACT)
    [version] = await RecordVersion.filter(record_id=record.id)
    await GenerationRecord.filter(id=record.id).update(shown_job_id=harbour, chosen_file_id=None)
    file_id = await chosen(await GenerationRecord.get(id=record.id))
    await create(("shot", "a lighthouse"), ("shot-3", NIGHT), reuse=Reuse.EXACT)
    [again] = await RecordVersion.filter(record_id=record.id)
    assert (again.id, again.job_id, again.chosen_file_id) == (version.id, harbour, file_id)
    assert (await GenerationRecord.get(id=record.id)).version_count == 1


async def test_many_of_them_take_as_many_statements_as_few() -> None:
    for number in range(100):
        await made(f"source-{number}", prompt=f"prompt {number}")
        await made(f"shot-{number}", prompt=f"other {number}")
    counts = []
    for part in (range(10), range(10, 100)):
        with counted_with_transactions() as statements:
            jobs = await create(*((f"shot-{number}", f"prompt {number}") for number in part), reuse=Reuse.EXACT)
        assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert await RecordVersion.all().count() == 100

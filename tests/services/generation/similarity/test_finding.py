"""Finding earlier requests with similar prompts, and the contents of the index."""

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from bench.prompts import changed, prompts
from models.database import execute, transaction
from models.enums import JobRole, JobStatus, MediaKind, Reuse
from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import GenerationRequest
from models.ids import new_id
from models.jobs import Job
from services.film.workflows import delete_workflows
from services.generation.records.deleting import delete_records
from services.generation.records.showing import restore_version
from services.generation.similarity import finding
from services.generation.similarity.comparing import similarity
from services.generation.similarity.finding import find_similar, ranked
from services.generation.similarity.indexing import index_missing, replace_keys
from tests.factories import OTHER, OWNER, make_job, make_workflow
from tests.record_factories import fail, finish, made, start
from tests.statements import counted_statements, counted_with_transactions

pytestmark = pytest.mark.usefixtures("either_database")

NIGHT = "A street at night, rain on the stones, a woman in a red coat under a paper umbrella, cinematic"
LONG = "，".join(f"第{number}段：林小雨走过古镇的石板路，灯笼在风里摇晃" for number in range(400))[:8000]


def wanted(like: GenerationRecord, prompt: str, threshold: float = 0.95, **changes: Any) -> GenerationRequest:
    """The record's request with another prompt."""
    former = GenerationRequest.from_json(like.params)
    values: dict[str, Any] = {"prompt": prompt, "reuse": Reuse.SIMILAR, "reuse_threshold": threshold, **changes}
    return replace(former, **values)


async def found(request: GenerationRequest, owner: str = OWNER) -> list[tuple[int, float]]:
    return [(alike.record_id, alike.similarity) for alike in (await find_similar(owner, [request]))[0]]


async def keys() -> list[tuple[int, int]]:
    rows = await execute("SELECT key, record_id FROM similarity_key ORDER BY key, record_id")
    return [(row["key"], row["record_id"]) for row in rows]


async def index_statements_of(job: Job) -> int:
    """Updates the index as the end of the job does."""

    async def body() -> int:
        with counted_with_transactions() as statements:
            await finish(job)
        return len([text for text in statements if "similarity_key " in text])

    return await transaction(body)


@pytest.mark.parametrize(
    ("former", "prompt", "threshold"),
    [
        ("a red fox", "A red fox!", 1.0),
        ("a red fox", "a red box", 0.85),
        ("红狐狸", "白狐狸", 0.6),
        ("猫", "猫", 1.0),
        ("!!!", "!!!", 1.0),
        ("第12镜，夜，街道", "第13镜，夜，街道", 0.8),
        ("林小雨 walks through 古镇, evening light", "林小雪 walks through 古镇， evening light", 0.9),
        (NIGHT, NIGHT.replace("red", "blue"), 0.9),
        (LONG, LONG.replace("林小雨", "陈默", 3), 0.95),
        ("a cat", "quite another thing", 0.0),
    ],
)
async def test_short_long_and_mixed_prompts_are_found_where_they_reach_the_threshold(
    former: str, prompt: str, threshold: float
) -> None:
    record = await made(prompt=former)
    score = similarity(former, prompt)
    assert await found(wanted(record, prompt, threshold)) == [(record.id, pytest.approx(score))]
    assert await found(wanted(record, prompt, min(1.0, score + 1e-6))) == ([(record.id, 1.0)] if score == 1 else [])


async def test_only_the_owners_with_every_other_parameter_the_same() -> None:
    record = await made(prompt=NIGHT, seed=1)
    same = wanted(record, NIGHT + "!")
    assert [record_id for record_id, _ in await found(same)] == [record.id]
    assert await found(same, OTHER) == []
    for changes in (
        {"seed": 2},
        {"ratio": "9:16"},
        {"model": "other"},
        {"negative_prompt": "people"},
        {"style": "ink"},
    ):
        assert await found(wanted(record, NIGHT, **changes)) == []
    assert await found(wanted(record, NIGHT, kind=MediaKind.VIDEO)) == []
    assert await find_similar(OWNER, [wanted(record, NIGHT, reuse=Reuse.EXACT)]) == [[]]


async def test_keys_that_collide_find_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal keys prove nothing: all records with the same keys are compared."""
    monkeypatch.setattr("services.generation.similarity.indexing.keys_of", lambda *_: [1, 2, 3])
    monkeypatch.setattr(finding, "keys_of", lambda *_: [1, 2, 3])
    record = await made(prompt=NIGHT)
    await made(prompt=NIGHT, owner=OTHER)
    await made(prompt=NIGHT, seed=5)
    await made(prompt="quite another thing")
    assert await found(wanted(record, NIGHT + "!")) == [(record.id, 1.0)]


async def test_the_most_alike_comes_first_and_then_the_newest() -> None:
    near = await made("shot-1", prompt=NIGHT.replace("red", "reed"))
    older = await made("shot-2", prompt=NIGHT)
    newer = await made("shot-3", prompt=NIGHT.upper())
    assert [record_id for record_id, _ in await found(wanted(older, NIGHT + "."))] == [newer.id, older.id, near.id]


async def test_what_is_made_anew_stands_where_its_new_prompt_is() -> None:
    record = await made("shot-1", prompt=NIGHT)
    job = await start("shot-1", prompt="a lighthouse")
    assert await found(wanted(record, NIGHT)) == []
    assert await index_statements_of(job) == 2
    assert await found(wanted(record, "a lighthouse")) == [(record.id, 1.0)]
    assert await found(wanted(record, NIGHT, 0.5)) == []
    former = await RecordVersion.get(record_id=record.id)
    await restore_version(OWNER, former.id)
    assert await found(wanted(record, NIGHT)) == [(record.id, 1.0)]
    assert await found(wanted(record, "a lighthouse", 0.5)) == []
    assert {record_id for _, record_id in await keys()} == {record.id}


async def test_a_result_that_the_record_no_longer_asks_for_is_not_found() -> None:
    record = await made("shot-1", prompt=NIGHT)
    await fail(await start("shot-1", prompt="a lighthouse"))
    assert await found(wanted(record, NIGHT, 0.0)) == []


async def test_the_first_result_costs_one_statement_more_and_the_same_prompt_again_none() -> None:
    job = await start("shot-1", prompt=NIGHT)
    assert await index_statements_of(job) == 1
    assert await index_statements_of(await start("shot-1", prompt=NIGHT.upper())) == 0


async def test_a_deleted_record_is_gone_from_the_index() -> None:
    record = await made(prompt=NIGHT)
    assert await keys()
    await delete_records(OWNER, [record.id], with_files=False)
    assert await keys() == []
    assert await found(wanted(record, NIGHT)) == []


async def test_the_records_of_a_deleted_workflow_are_gone_from_the_index() -> None:
    workflow = await make_workflow()
    build = await make_job(role=JobRole.BUILD, workflow_id=workflow.id, status=JobStatus.SUCCEEDED)
    pictured, own = await made("shot-1", prompt=NIGHT), await made("shot-2", prompt=NIGHT)
    await Job.filter(id=pictured.shown_job_id).update(parent_id=build.id, workflow_id=workflow.id)
    await delete_workflows(OWNER, [workflow.id])
    assert {record_id for _, record_id in await keys()} == {own.id}
    assert await found(wanted(own, NIGHT)) == [(own.id, 1.0)]


async def test_records_of_an_upgraded_database_are_indexed_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.generation.similarity.indexing.INDEX_BATCH_SIZE", 2)
    records = [await made(prompt=f"{NIGHT} {number}") for number in range(5)]
    await start("shot-without-result")
    gone = await made(prompt=NIGHT)
    await delete_records(OWNER, [gone.id], with_files=False)
    before = await keys()
    await execute("DELETE FROM similarity_key")
    await GenerationRecord.filter(id__in=[record.id for record in records]).update(similarity_keys=None)
    assert await found(wanted(records[0], records[0].prompt)) == []
    assert await index_missing() == 5
    assert await keys() == before
    assert await index_missing() == 0


async def test_many_are_looked_up_in_a_few_statements() -> None:
    record = await made(prompt=NIGHT)
    requests = [wanted(record, NIGHT.replace("red", f"red {number}"), 0.9) for number in range(1000)]
    requests[1] = wanted(record, "quite another thing", 0.9)
    requests[2] = wanted(record, NIGHT, reuse=Reuse.NONE)
    with counted_statements() as statements:
        results = await find_similar(OWNER, requests)
    assert len(statements) <= 30
    assert [len(alike) for alike in results[:4]] == [1, 0, 0, 1]
    assert {alike.record_id for of_request in results for alike in of_request} == {record.id}


async def test_of_prompts_of_films_nearly_all_are_found_that_comparing_with_all_finds() -> None:
    """More records than are compared in any case (MAX_COMPARED), so that the index has to find them."""
    chance = random.Random(5)
    texts = list(itertools.islice(prompts(seed=6), 600))
    shown = await made(prompt=NIGHT)
    requests = [wanted(shown, text, storyboard_id=f"film-{number}") for number, text in enumerate(texts)]
    records = [
        GenerationRecord(
            id=new_id(),
            owner=OWNER,
            kind=MediaKind.IMAGE,
            project_id="films",
            work_id="w",
            storyboard_id=request.storyboard_id,
            provider=request.provider,
            model=request.model,
            prompt=request.prompt,
            params=request.to_json(),
            request_sha256=request.sha256(),
            current_job_id=shown.shown_job_id,
            shown_job_id=shown.shown_job_id,
        )
        for request in requests
    ]

    async def index() -> None:
        for record, request in zip(records, requests, strict=True):
            record.similarity_keys = await replace_keys(record, request)
        await GenerationRecord.bulk_create(records)

    await transaction(index)
    asked = [changed(chance, chance.choice(texts), share) for share in (0.02, 0.05, 0.1) for _ in range(20)]
    best = {text: max(similarity(text, other) for other in texts) for text in asked}
    for threshold in (0.95, 0.9):
        results = await find_similar(OWNER, [wanted(shown, text, threshold) for text in asked])
        hits = [text for text, alike in zip(asked, results, strict=True) if alike]
        there = [text for text in asked if best[text] >= threshold]
        assert set(hits) <= set(there)
        assert len(hits) >= 0.95 * len(there) > 10


def test_a_key_that_few_records_have_says_more() -> None:
    common = list(range(100))
    assert ranked([common, [7], common]) == [7, *sorted(set(common) - {7}, reverse=True)]
    assert ranked([]) == []

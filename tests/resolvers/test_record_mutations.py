"""Generating, regenerating, choosing, restoring and deleting over GraphQL."""

import asyncio
from typing import Any

import pytest

from errors import ErrorCode
from models.enums import AttemptState, JobStatus, MediaKind, Polling
from models.generation import Attempt, GenerationRecord, RecordVersion
from models.jobs import Job
from services.generation.records import submission
from services.generation.records.submission import await_submission
from services.platform.events import MemoryBus, bus, job_topic
from tests.account_factories import make_account, make_attempt
from tests.factories import OTHER, OWNER
from tests.record_factories import everything, fail, finish, made, record_of, start
from tests.resolvers.asking import ask, execute, refused

IMAGE = """mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job {
  id type status priority storyboardId record { id ... on ImageRecord { model ratio resolution seed reused } } } } }"""
VIDEO = """mutation ($input: GenerateVideoInput!) { generateVideo(input: $input) { job {
  id type status record { ... on VideoRecord { model ratio resolution durationSeconds transition
    clipAudio { bgmUrl ducking } } } } } }"""
AGAIN = """mutation ($input: RegenerateInput!) { regenerate(input: $input) { job {
  id priority record { id prompt negativePrompt inputImages ... on ImageRecord { seed style ratio } } } } }"""
DELETE = """mutation ($ids: [ID!]!, $deleteFiles: Boolean) { deleteRecords(ids: $ids, deleteFiles: $deleteFiles) {
  deletedIds failures { path targetId code message } successCount failedCount } }"""
CHOOSE = """mutation ($id: ID!, $sha256: String!) { chooseRecordFile(recordId: $id, sha256: $sha256) {
  record { id chosenFile { sha256 } } } }"""
RESTORE = """mutation ($id: ID!) { restoreRecordVersion(versionId: $id) {
  record { id prompt files { sha256 } versions { nodes { prompt } } } } }"""


def picture(**changes: Any) -> dict[str, Any]:
    return {"storyboardId": "shot-1", "prompt": "a street", "model": "offline-drawing", **changes}


async def image(owner: str = OWNER, key: str | None = None, **changes: Any) -> Any:
    return (await ask(IMAGE, owner, key, input=picture(**changes)))["generateImage"]["job"]


@pytest.mark.usefixtures("either_database")
async def test_a_picture_is_asked_for_with_the_usual_values() -> None:
    job = await image(model=None, priority="URGENT")
    assert (job["type"], job["status"], job["priority"], job["storyboardId"]) == (
        "TEXT_TO_IMAGE",
        "PENDING",
        "URGENT",
        "shot-1",
    )
    record = job["record"]
    assert (record["model"], record["ratio"], record["resolution"]) == ("jimeng-4.5", "1:1", "2k")
    assert (record["seed"], record["reused"]) == (None, False)


@pytest.mark.usefixtures("either_database")
async def test_a_clip_is_asked_for_with_sound() -> None:
    wanted = {
        "storyboardId": "shot-1",
        "prompt": "a street",
        "transition": "KEN_BURNS",
        "audio": {"bgmUrl": "https://a.example/1.mp3"},
    }
    record = (await ask(VIDEO, input=wanted))["generateVideo"]["job"]["record"]
    assert record == {
        "model": "jimeng-video-3.5-pro",
        "ratio": "16:9",
        "resolution": None,
        "durationSeconds": 5,
        "transition": "KEN_BURNS",
        "clipAudio": {"bgmUrl": "https://a.example/1.mp3", "ducking": True},
    }


@pytest.mark.usefixtures("database")
async def test_a_usual_value_gives_way_and_the_same_value_said_is_refused() -> None:
    clip = {"storyboardId": "shot-1", "prompt": "a street", "model": "jimeng-video-veo3"}
    before = await everything()
    for said, path in (({"durationSeconds": 5}, "durationSeconds"), ({"resolution": "720p"}, "resolution")):
        error = await refused(VIDEO, input={**clip, **said})
        assert (error.code, error.path) == ("BAD_USER_INPUT", ["input", path])
    assert await everything() == before
    literal = 'mutation { generateVideo(input: {storyboardId: "s", prompt: "p", model: "jimeng-video-veo3" '
    rest = "}) { job { id } } }"
    assert (await refused(literal + "durationSeconds: 5" + rest)).path == ["input", "durationSeconds"]
    assert await ask(literal + rest)
    for changes in ({}, {"storyboardId": "shot-2", "durationSeconds": None, "resolution": None, "ratio": None}):
        job = (await ask(VIDEO, input={**clip, **changes}))["generateVideo"]["job"]
        assert (job["record"]["durationSeconds"], job["record"]["resolution"]) == (8, None)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"model": "nothing"}, "BAD_USER_INPUT", ["model"]),
        ({"ratio": "9:9"}, "BAD_USER_INPUT", ["ratio"]),
        ({"steps": 20}, "BAD_USER_INPUT", ["steps"]),
        ({"prompt": " "}, "BAD_USER_INPUT", ["prompt"]),
        ({"storyboardId": ""}, "BAD_USER_INPUT", ["storyboardId"]),
        ({"projectId": ""}, "BAD_USER_INPUT", ["projectId"]),
        ({"inputImages": ["nonsense"]}, "BAD_USER_INPUT", ["inputImages", "0"]),
        ({"inputImages": ["file_1"]}, "NOT_FOUND", ["inputImages", "0"]),
        ({"inputImages": ["rec_1"]}, "NOT_FOUND", ["inputImages", "0"]),
        ({"strategy": {"maxAttempts": 0}}, "BAD_USER_INPUT", ["strategy", "maxAttempts"]),
        ({"strategy": {"accountIds": ["acct_1"]}}, "NOT_FOUND", ["strategy", "accountIds", "0"]),
        ({"strategy": {"accountIds": ["nonsense"]}}, "NOT_FOUND", ["strategy", "accountIds", "0"]),
        ({"idempotencyKey": ""}, "BAD_USER_INPUT", ["idempotencyKey"]),
    ],
)
async def test_a_fault_is_told_with_its_path_and_nothing_is_made(
    changes: dict[str, Any], code: str, path: list[str]
) -> None:
    error = await refused(IMAGE, input=picture(**changes))
    assert (error.code, error.path) == (code, ["input", *path])
    assert await everything() == []


@pytest.mark.usefixtures("either_database")
async def test_two_pictures_of_one_storyboard_at_once_make_one_and_a_conflict() -> None:
    results = await asyncio.gather(*(execute(IMAGE, input=picture(seed=seed)) for seed in range(2)))
    errors = [error.original_error for result in results for error in result.errors or ()]
    assert [getattr(error, "code", None) for error in errors] == ["CONFLICT"]
    assert await Job.all().count() == await GenerationRecord.all().count() == 1
    assert (await image(OTHER))["status"] == "PENDING"


@pytest.mark.usefixtures("either_database")
async def test_a_repeated_request_gets_its_job_by_input_key_and_by_header() -> None:
    first = await image(idempotencyKey="k")
    assert (await image(idempotencyKey="k"))["id"] == first["id"]
    assert (await image(idempotencyKey="k", ratio="1:1"))["id"] == first["id"]
    assert (await refused(IMAGE, input=picture(idempotencyKey="k", seed=1))).code == "CONFLICT"
    second = await image(key="h", storyboardId="shot-2")
    assert (await image(key="h", storyboardId="shot-2"))["id"] == second["id"]


@pytest.mark.usefixtures("either_database")
async def test_an_earlier_result_is_handed_out_again() -> None:
    await finish(await Job.get(id=int((await image())["id"].removeprefix("job_"))))
    job = await image(storyboardId="shot-2", reuse="EXACT")
    assert (job["status"], job["record"]["reused"]) == ("SUCCEEDED", True)
    assert (await image(storyboardId="shot-3"))["status"] == "PENDING"


@pytest.mark.usefixtures("either_database")
async def test_a_former_result_of_a_prompt_that_is_alike_is_handed_out_again() -> None:
    made_first = await image(prompt="a street at night, rain on the stones")
    await finish(await Job.get(id=int(made_first["id"].removeprefix("job_"))))
    wanted = {"storyboardId": "shot-2", "prompt": "A street at night; rain on the stairs", "reuse": "SIMILAR"}
    before = await everything()
    error = await refused(IMAGE, input=picture(**wanted, reuseThreshold=1.5))
    assert (error.code, error.path) == (ErrorCode.BAD_USER_INPUT, ["input", "reuseThreshold"])
    assert await everything() == before
    job = await image(**wanted, reuseThreshold=0.9)
    assert (job["status"], job["record"]["reused"]) == ("SUCCEEDED", True)
    message = (await Job.get(record_id=(await GenerationRecord.get(storyboard_id="shot-2")).id)).message
    assert made_first["record"]["id"] in message
    assert (await image(**{**wanted, "storyboardId": "shot-3"}))["status"] == "PENDING"


@pytest.mark.usefixtures("either_database")
async def test_a_record_is_run_again_and_null_takes_away_what_need_not_be() -> None:
    record = await made("shot-1", seed=7, style="ink", ratio="16:9")
    place = {"kind": "IMAGE", "workId": "default", "storyboardId": "shot-1"}
    changes = {"prompt": None, "ratio": None, "seed": None, "priority": "LOW", "idempotencyKey": "k"}
    job = (await ask(AGAIN, input={**place, **changes}))["regenerate"]["job"]
    assert job["priority"] == "LOW"
    assert job["record"] == {
        "id": record.global_id,
        "prompt": "a street at night",
        "negativePrompt": None,
        "inputImages": [],
        "seed": None,
        "style": "ink",
        "ratio": "16:9",
    }
    assert (await ask(AGAIN, input={**place, **changes}))["regenerate"]["job"]["id"] == job["id"]
    assert (await refused(AGAIN, input=place)).code == "CONFLICT"
    missing = await refused(AGAIN, input={**place, "storyboardId": "shot-9"})
    assert (missing.code, missing.path) == ("NOT_FOUND", ["input", "storyboardId"])
    assert (await refused(AGAIN, OTHER, input=place)).code == "NOT_FOUND"


@pytest.mark.usefixtures("either_database")
async def test_a_strategy_and_inputs_are_taken() -> None:
    account = await make_account()
    source = await made("shot-0")
    strategy = {
        "loadBalance": "PRIORITY",
        "maxConcurrentPerAccount": 2,
        "autoSwitchOnFailure": False,
        "rateLimitHandling": "SKIP",
        "switchOnTimeout": True,
        "maxAttempts": 3,
        "accountIds": [account.global_id],
    }
    job = await image(model="jimeng-4.5", strategy=strategy, inputImages=[source.global_id], polling="AUTO")
    params = (await Job.get(id=int(job["id"].removeprefix("job_")))).params
    assert job["type"] == "IMAGE_TO_IMAGE"
    assert params["strategy"] == {
        "load_balance": "PRIORITY",
        "max_concurrent_per_account": 2,
        "auto_switch_on_failure": False,
        "rate_limit_handling": "SKIP",
        "switch_on_timeout": True,
        "max_attempts": 3,
        "account_ids": [account.id],
    }


@pytest.mark.usefixtures("either_database")
async def test_records_are_deleted_each_on_its_own() -> None:
    record, theirs = await made("shot-1"), await made("shot-1", OTHER)
    busy = await record_of(await start("shot-2"))
    ids = [record.global_id, theirs.global_id, "nonsense", busy.global_id, record.global_id]
    payload = (await ask(DELETE, ids=ids, deleteFiles=True))["deleteRecords"]
    assert (payload["deletedIds"], payload["successCount"], payload["failedCount"]) == ([record.global_id], 1, 3)
    assert [(failure["path"], failure["code"]) for failure in payload["failures"]] == [
        (["ids", "1"], "NOT_FOUND"),
        (["ids", "2"], "NOT_FOUND"),
        (["ids", "3"], "CONFLICT"),
    ]
    assert (await refused(DELETE, ids=["rec_1"] * 1001)).path == ["ids"]


@pytest.mark.usefixtures("either_database")
async def test_a_file_is_chosen_and_a_version_restored() -> None:
    first = await start("shot-1", prompt="one")
    files = await finish(first)
    record = await record_of(first)
    chosen = (await ask(CHOOSE, id=record.global_id, sha256=files[1].sha256))["chooseRecordFile"]["record"]
    assert chosen == {"id": record.global_id, "chosenFile": {"sha256": files[1].sha256}}
    error = await refused(CHOOSE, id=record.global_id, sha256="f" * 64)
    assert (error.code, error.path) == ("NOT_FOUND", ["sha256"])
    for wrong in ("rec_1", "nonsense"):
        error = await refused(CHOOSE, id=wrong, sha256=files[1].sha256)
        assert (error.code, error.path, error.message) == ("NOT_FOUND", ["recordId"], "There is no such record.")
    await finish(await start("shot-1", prompt="two"))
    version = await RecordVersion.get()
    restored = (await ask(RESTORE, id=version.global_id))["restoreRecordVersion"]["record"]
    assert (restored["prompt"], restored["versions"]["nodes"]) == ("one", [{"prompt": "two"}])
    assert [file["sha256"] for file in restored["files"]] == [file.sha256 for file in files]
    assert (await refused(RESTORE, OTHER, id=version.global_id)).path == ["versionId"]
    assert (await refused(RESTORE, id="recv_1")).message == "There is no such version."


# ---------------------------------------------------------------- polling MANUAL


async def manual(**changes: Any) -> Any:
    return await image(model="jimeng-4.5", polling="MANUAL", **changes)


async def the_job() -> Job:
    """The job, once its mutation listens for it."""
    while not memory_bus().listener_count:
        await asyncio.sleep(0.01)
    return await Job.get()


def memory_bus() -> MemoryBus:
    present = bus()
    assert isinstance(present, MemoryBus)
    return present


@pytest.mark.usefixtures("either_database")
async def test_a_manual_request_answers_once_upstream_has_the_task() -> None:
    asking = asyncio.create_task(manual())
    job = await the_job()
    assert not asking.done()
    await Job.filter(id=job.id).update(status=JobStatus.RUNNING)
    attempt = await make_attempt(await make_account(), job, state=AttemptState.SENT)
    bus().publish(job_topic(job.id))
    await Attempt.filter(id=attempt.id).update(history_id="77", state=AttemptState.ACCEPTED)
    bus().publish(job_topic(job.id))
    answer = await asking
    assert (answer["id"], answer["status"]) == (job.global_id, "RUNNING")


@pytest.mark.usefixtures("either_database")
async def test_a_manual_request_answers_when_its_job_has_ended() -> None:
    asking = asyncio.create_task(manual())
    job = await the_job()
    await fail(job)
    bus().publish(job_topic(job.id))
    assert (await asking)["status"] == "FAILED"


@pytest.mark.usefixtures("database")
async def test_a_manual_request_waits_no_longer_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "RE_READ_SECONDS", 0.01)
    job = await start("shot-1", model="jimeng-4.5", polling=Polling.MANUAL)
    assert (await await_submission(job, wait_seconds=0.02)).status is JobStatus.PENDING
    assert memory_bus().listener_count == 0


@pytest.mark.usefixtures("database")
async def test_nobody_waits_for_a_provider_without_an_upstream() -> None:
    assert (await image(polling="MANUAL"))["status"] == "PENDING"
    assert (await GenerationRecord.get()).kind is MediaKind.IMAGE

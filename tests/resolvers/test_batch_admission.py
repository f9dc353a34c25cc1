"""Asking for batches."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from errors import ErrorCode
from models.batches import Batch
from models.database import execute as run
from models.enums import JobStatus
from models.generation import GenerationRecord, RecordVersion
from models.jobs import IdempotencyKey, Job, JobInput
from services.generation.batches import checking
from tests.batch_factories import end
from tests.changed_settings import change_settings
from tests.factories import OTHER, OWNER, make_file
from tests.pool_factories import FakeUpstream, make_account
from tests.pool_factories import upstream as upstream
from tests.record_factories import finish
from tests.resolvers.asking import ask, execute
from tests.resolvers.batch_documents import CREATE_IMAGES, CREATE_VIDEOS, faults_of, images, items, refusal, videos
from tests.statements import counted_with_transactions

pytestmark = pytest.mark.usefixtures("upstream")


@pytest.fixture(autouse=True)
def models(data_dir: object) -> None:
    """The deployment's default models are the fake upstream's."""
    change_settings(image_model="fake-picture", video_model="fake-clip")


async def everything() -> list[str]:
    rows: list[object] = []
    for table in (Batch, GenerationRecord, Job, JobInput, IdempotencyKey):
        rows += [tuple(row.values()) for row in await table.all().order_by("id").values()]
    return [str(row) for row in rows]


async def test_a_batch_is_a_job_for_each_item_in_their_order(either_database: str) -> None:
    made = await images(items("a", "b", "c"), priority="HIGH")
    assert (made["totalCount"], made["queueCount"], made["skippedStoryboardIds"]) == (3, 3, [])
    batch = made["batch"]
    assert (batch["type"], batch["status"], batch["pendingCount"], batch["progress"]) == (
        "IMAGE_GENERATE", "PENDING", 3, 0,
    )  # fmt: skip
    assert [job["storyboardId"] for job in batch["jobs"]["nodes"]] == ["a", "b", "c"]
    assert {job["priority"] for job in batch["jobs"]["nodes"]} == {"HIGH"}
    assert {job["batch"]["id"] for job in batch["jobs"]["nodes"]} == {batch["id"]}
    for job in await Job.all():
        record = await GenerationRecord.get(id=job.record_id)
        assert (record.current_job_id, record.params, record.project_id) == (job.id, job.params, "film")
        assert None not in (job.demand_key, job.waiting_since_ms, job.due_at_ms)
        assert job.target_id == record.id


async def test_items_override_the_batchs_defaults(database: None) -> None:
    wanted = [*items("a"), *items("b", ratio="1:1"), *items("c", ratio=None)]
    await images(wanted, ratio="16:9")
    assert [job.params["ratio"] for job in await Job.all().order_by("id")] == ["16:9", "1:1", "16:9"]


async def test_what_nobody_said_gives_way_to_the_model(database: None) -> None:
    await videos(items("a"))
    params = (await Job.get()).params
    assert (params["ratio"], params["resolution"], params["duration_seconds"]) == ("16:9", "720p", 5)


async def test_one_input_image_makes_a_composing_batch_of_it(either_database: str) -> None:
    file = await make_file()
    wanted = [*items("a"), *items("b", inputImages=[file.global_id, "https://pictures.example/1.png"])]
    made = await images(wanted)
    assert made["batch"]["type"] == "IMAGE_COMPOSE"
    plain, composed = await Job.all().order_by("id")
    assert (plain.type, composed.type) == ("TEXT_TO_IMAGE", "IMAGE_TO_IMAGE")
    assert (plain.queue, composed.queue) == ("pool-images", "inputs")
    assert [(row.job_id, row.position, row.file_id) for row in await JobInput.all()] == [(composed.id, 0, file.id)]
    assert composed.params["inputs"][0]["sha256"] == file.sha256
    clip = await videos(items("a", inputImages=[file.global_id]))
    assert clip["batch"]["type"] == "VIDEO_COMPOSE"
    assert (await videos(items("b")))["batch"]["type"] == "VIDEO_GENERATE"


async def test_every_fault_of_every_item_is_told_at_once_and_nothing_is_made(either_database: str) -> None:
    await images(items("busy"))
    film = await make_file(content_type="video/mp4")
    foreign = await make_account(OTHER)
    before = await everything()
    wanted = [
        *items("a", ratio="9:9", resolution="8k"),
        {"storyboardId": "b", "prompt": "  "},
        {"storyboardId": "c", "prompt": "x" * 8001, "seed": 3},
        *items("d", inputImages=["https://pictures.example/1.png"] * 11),
        *items("e", inputImages=["file_1", film.global_id, "rec_1", "nonsense", "https://"]),
        *items("a", model="nothing"),
        *items("busy"),
        *items("x" * 129),
        *items("f"),
    ]
    error = await refusal(
        CREATE_IMAGES,
        wanted,
        workId="one",
        strategy={"maxAttempts": 0, "accountIds": ["job_1", foreign.global_id]},
        creditBudget=-1,
        callbackUrl="ftp://receiver.example/",
        reuseThreshold=2,
    )
    assert faults_of(error) == {
        "strategy.accountIds.0": "NOT_FOUND",
        "strategy.accountIds.1": "NOT_FOUND",
        "creditBudget": "BAD_USER_INPUT",
        "items.5.storyboardId": "BAD_USER_INPUT",
        "reuseThreshold": "BAD_USER_INPUT",
        "strategy.maxAttempts": "BAD_USER_INPUT",
        "items.0.ratio": "BAD_USER_INPUT",
        "items.0.resolution": "BAD_USER_INPUT",
        "items.1.prompt": "BAD_USER_INPUT",
        "items.2.prompt": "BAD_USER_INPUT",
        "items.2.seed": "BAD_USER_INPUT",
        "items.3.inputImages": "BAD_USER_INPUT",
        "items.4.inputImages.0": "NOT_FOUND",
        "items.4.inputImages.1": "BAD_USER_INPUT",
        "items.4.inputImages.2": "NOT_FOUND",
        "items.4.inputImages.3": "BAD_USER_INPUT",
        "items.4.inputImages.4": "BAD_USER_INPUT",
        "items.5.model": "BAD_USER_INPUT",
        "items.6.storyboardId": "CONFLICT",
        "items.7.storyboardId": "BAD_USER_INPUT",
        "callbackUrl": "BAD_USER_INPUT",
    }
    assert len(error.faults) == len({(tuple(fault.path), fault.message) for fault in error.faults})
    assert error.code is ErrorCode.BAD_USER_INPUT
    assert error.path == error.faults[0].path
    assert await everything() == before


async def test_a_fault_of_a_default_is_told_once_at_the_default(database: None) -> None:
    error = await refusal(CREATE_IMAGES, items("a", "b", "c"), ratio="9:9")
    assert faults_of(error) == {"ratio": "BAD_USER_INPUT"}
    assert error.message.startswith("ratio cannot be 9:9")
    assert faults_of(await refusal(CREATE_IMAGES, items("a", "b"), model="nothing")) == {"model": "BAD_USER_INPUT"}
    assert faults_of(await refusal(CREATE_IMAGES, items("a", "b"), workId="")) == {"workId": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("document", "count"), [(CREATE_IMAGES, 0), (CREATE_IMAGES, 1001), (CREATE_VIDEOS, 0), (CREATE_VIDEOS, 101)]
)
async def test_too_few_and_too_many_items_are_refused(database: None, document: str, count: int) -> None:
    error = await refusal(document, items(*(f"s{number}" for number in range(count))))
    assert faults_of(error) == {"items": "BAD_USER_INPUT"}
    assert await everything() == []


async def test_a_third_frame_is_refused(database: None) -> None:
    error = await refusal(CREATE_VIDEOS, items("a", inputImages=["https://pictures.example/1.png"] * 3))
    assert faults_of(error) == {"items.0.inputImages": "BAD_USER_INPUT"}


@pytest.mark.parametrize("wrong", [{"maxParallel": 0}, {"creditBudget": -1}])
async def test_limits_below_their_least_are_refused(database: None, wrong: dict[str, int]) -> None:
    assert faults_of(await refusal(CREATE_VIDEOS, items("a"), **wrong)) == dict.fromkeys(wrong, "BAD_USER_INPUT")


async def test_storyboards_that_are_being_generated_are_conflicts(either_database: str) -> None:
    await images(items("a", "b"))
    before = await everything()
    error = await refusal(CREATE_IMAGES, items("a", "c", "b"))
    assert error.code is ErrorCode.CONFLICT
    assert faults_of(error) == {"items.0.storyboardId": "CONFLICT", "items.2.storyboardId": "CONFLICT"}
    assert await everything() == before


async def test_overwriting_keeps_the_record_and_what_it_shows_until_the_new_result(either_database: str) -> None:
    first = await images(items("a"))
    job = await Job.get()
    await finish(job)
    await images(items("a"), ratio="16:9")
    record = await GenerationRecord.get()
    newest = await Job.all().order_by("-id").first()
    assert newest is not None
    assert (record.shown_job_id, record.current_job_id, record.params["ratio"]) == (job.id, newest.id, "16:9")
    assert first["batch"]["id"] != f"batch_{newest.batch_id}"


async def test_existing_ones_can_be_skipped(either_database: str) -> None:
    await images(items("done", "live", "failed"))
    done, _, failed = await Job.all().order_by("id")
    await finish(done)
    await end(failed, JobStatus.FAILED)
    made = await images(items("done", "new", "live", "failed"), existing="SKIP")
    assert (made["totalCount"], made["queueCount"]) == (4, 2)
    assert made["skippedStoryboardIds"] == ["done", "live"]
    assert [job["storyboardId"] for job in made["batch"]["jobs"]["nodes"]] == ["new", "failed"]
    assert (made["batch"]["skippedCount"], made["batch"]["progress"]) == (2, 0.5)


async def test_a_batch_with_nothing_to_do_has_succeeded(either_database: str) -> None:
    await images(items("a"))
    made = await images(items("a"), existing="SKIP")
    assert (made["queueCount"], made["skippedStoryboardIds"], made["estimatedCredits"]) == (0, ["a"], 0)
    assert (made["batch"]["status"], made["batch"]["progress"]) == ("SUCCEEDED", 1.0)


async def test_former_results_are_used_again(either_database: str) -> None:
    await images([{"storyboardId": "a", "prompt": "a street"}, {"storyboardId": "b", "prompt": "a house"}])
    street, house = await Job.all().order_by("id")
    await finish(street)
    await finish(house)
    wanted = [
        {"storyboardId": "a", "prompt": "a street"},
        {"storyboardId": "b", "prompt": "a street"},
        {"storyboardId": "c", "prompt": "a house"},
        {"storyboardId": "d", "prompt": "a tower"},
    ]
    made = await images(wanted, reuse="EXACT")
    assert (made["queueCount"], made["estimatedCredits"]) == (1, 4)
    batch = made["batch"]
    assert [job["status"] for job in batch["jobs"]["nodes"]] == ["SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "PENDING"]
    assert (batch["succeededCount"], batch["progress"]) == (3, 0.75)
    records = {record.storyboard_id: record for record in await GenerationRecord.all()}
    assert (records["a"].shown_job_id, records["a"].current_job_id) == (street.id, street.id)
    assert (records["b"].is_reused, records["c"].is_reused, records["d"].is_reused) == (True, True, False)
    assert [version.job_id for version in await RecordVersion.all()] == [house.id]
    again = await images(wanted[:3], reuse="EXACT")
    assert (again["queueCount"], again["batch"]["status"]) == (0, "SUCCEEDED")


async def test_results_for_prompts_that_are_alike_are_used_again_where_that_is_asked_for(either_database: str) -> None:
    await images([{"storyboardId": "a", "prompt": "a street at night, in the rain"}])
    await finish(await Job.get())
    wanted = [
        {"storyboardId": "b", "prompt": "A street at night in the rain!"},
        {"storyboardId": "c", "prompt": "a harbour in the morning"},
    ]
    assert (await images(wanted, reuse="EXACT", dryRun=True))["queueCount"] == 2
    made = await images(wanted, reuse="SIMILAR")
    assert made["queueCount"] == 1
    assert [job["status"] for job in made["batch"]["jobs"]["nodes"]] == ["SUCCEEDED", "PENDING"]
    record = await GenerationRecord.get(storyboard_id="b")
    assert (record.is_reused, record.current_job_id) == (True, record.shown_job_id)


async def test_a_dry_run_returns_everything_and_writes_nothing(either_database: str) -> None:
    await make_account()
    await images(items("a"))
    await finish(await Job.get())
    before = await everything()
    made = await images(items("a", "b"), existing="SKIP", dryRun=True, idempotencyKey="k")
    assert made["batch"] is None
    assert (made["totalCount"], made["queueCount"], made["skippedStoryboardIds"]) == (2, 1, ["a"])
    assert made["estimatedCredits"] == 4
    assert made["estimatedSeconds"] > 0
    assert faults_of(await refusal(CREATE_IMAGES, items("a", "a"), dryRun=True)) == {
        "items.1.storyboardId": "BAD_USER_INPUT"
    }
    assert await everything() == before


async def test_a_repeated_request_under_a_key_gets_the_first_answer(either_database: str) -> None:
    first = await images(items("a", "b"), idempotencyKey="k")
    again = await images(items("a", "b"), ratio="1:1", idempotencyKey="k")
    assert again == first
    assert await Batch.all().count() == 1
    result = await execute(
        CREATE_IMAGES, input={"projectId": "film", "workId": "one", "items": items("c"), "idempotencyKey": "k"}
    )
    assert result.errors is not None
    assert "used before with other input" in result.errors[0].message
    assert faults_of(await refusal(CREATE_IMAGES, items("c"), idempotencyKey="")) == {
        "idempotencyKey": "BAD_USER_INPUT"
    }


async def test_the_key_of_a_deleted_batch_does_not_give_it_back(either_database: str) -> None:
    await images(items("a"), idempotencyKey="k")
    await Batch.all().update(deleted_at=datetime.now(UTC))
    given = {"projectId": "film", "workId": "one", "items": items("a"), "idempotencyKey": "k"}
    result = await execute(CREATE_IMAGES, input=given)
    assert result.errors is not None
    assert "has been deleted" in result.errors[0].message
    assert await Batch.all().count() == 1


async def test_the_same_request_sent_twice_at_once_is_done_once(either_database: str) -> None:
    answers = await asyncio.gather(*(images(items("a", "b"), idempotencyKey="k") for _ in range(3)))
    assert {answer["batch"]["id"] for answer in answers} == {answers[0]["batch"]["id"]}
    assert await Batch.all().count() == 1


async def test_of_two_batches_that_want_the_same_new_storyboards_at_once_one_is_admitted(either_database: str) -> None:
    names = [f"s{number}" for number in range(30)]
    given = {"projectId": "film", "workId": "one"}
    results = await asyncio.gather(
        execute(CREATE_IMAGES, input={**given, "items": items(*names)}),
        execute(CREATE_IMAGES, input={**given, "items": items(*reversed(names))}),
    )
    refused = [result for result in results if result.errors]
    assert len(refused) == 1
    assert refused[0].errors is not None
    assert getattr(refused[0].errors[0].original_error, "code", None) is ErrorCode.CONFLICT
    assert (await Batch.all().count(), await Job.all().count(), await GenerationRecord.all().count()) == (1, 30, 30)


async def test_admission_takes_as_many_statements_for_many_items_as_for_few(either_database: str) -> None:
    counts = []
    for count in (20, 200):
        with counted_with_transactions() as statements:
            await images(items(*(f"{count}-{number}" for number in range(count))))
        counts.append(len(statements))
    assert abs(counts[0] - counts[1]) <= 2
    assert max(counts) < 40


async def test_others_have_their_turn_while_items_are_checked(database: None) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await images(items(*(f"s{number}" for number in range(200))), dryRun=True)
    task.cancel()
    assert turns >= 200 // checking.SLICE_SIZE


async def test_what_should_be_known_beforehand_is_a_warning(database: None) -> None:
    made = await videos(items(*(f"s{number}" for number in range(51))), creditBudget=100)
    many, unable, budget = made["warnings"]
    assert many.startswith("The batch has 51 videos")
    assert unable.startswith("fake cannot generate anything now.")
    assert budget == "The budget of 100 credits is below the estimate of 1020: the batch will pause."
    assert (made["estimatedSeconds"], made["estimatedCredits"]) == (None, 1020)
    stored = await ask("{ batches { nodes { warnings creditBudget maxParallel } } }")
    assert stored["batches"]["nodes"] == [{"warnings": made["warnings"], "creditBudget": 100, "maxParallel": 5}]


async def test_somebody_elses_storyboards_stand_in_nobodys_way(database: None) -> None:
    await images(items("a"), OTHER)
    assert (await images(items("a"), OWNER))["queueCount"] == 1


async def test_the_deployments_strategy_counts_where_nothing_is_said(database: None, upstream: FakeUpstream) -> None:
    change_settings(
        load_balance="ROUND_ROBIN",
        rate_limit_handling="WAIT",
        max_attempts=7,
        auto_switch_on_failure=False,
        max_concurrent_per_account=2,
    )
    fields = "loadBalance rateLimitHandling maxAttempts autoSwitchOnFailure maxConcurrentPerAccount accountIds"

    async def strategy(given: dict[str, Any] | None) -> Any:
        made = await images(items(f"s{await Job.all().count()}"), strategy=given)
        found = await ask(
            f"query ($id: ID!) {{ batch(id: $id) {{ strategy {{ {fields} }} }} }}", id=made["batch"]["id"]
        )
        return found["batch"]["strategy"]

    deployment = {
        "loadBalance": "ROUND_ROBIN",
        "rateLimitHandling": "WAIT",
        "maxAttempts": 7,
        "autoSwitchOnFailure": False,
        "maxConcurrentPerAccount": 2,
        "accountIds": [],
    }
    assert await strategy(None) == deployment
    assert await strategy({}) == deployment
    assert await strategy({"maxAttempts": None, "loadBalance": None}) == deployment
    said = {"loadBalance": "LEAST_USED", "autoSwitchOnFailure": True, "maxAttempts": 5, "rateLimitHandling": "SWITCH"}
    assert await strategy(said) == {**deployment, **said}
    single = await ask(
        "mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id } } }",
        input={"storyboardId": "single", "prompt": "a street", "strategy": {"maxAttempts": 3}},
    )
    job = await Job.get(id=int(single["generateImage"]["job"]["id"].removeprefix("job_")))
    assert (job.params["strategy"]["max_attempts"], job.params["strategy"]["load_balance"]) == (3, "ROUND_ROBIN")
    assert await run("SELECT COUNT(*) AS n FROM batch") == [{"n": 4}]

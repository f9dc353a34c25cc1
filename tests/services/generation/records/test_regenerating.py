"""Regenerating records."""

import asyncio
from typing import Any

import pytest

from errors import BadInputError, ConflictError, NotFoundError
from models.enums import MediaKind, Polling, Priority
from models.generation import RecordVersion
from models.generation_parameters import ClipAudio, InputImage
from models.generation_requests import AccountStrategy
from models.jobs import IdempotencyKey, Job, JobInput
from services.generation.records.regenerating import Regeneration, regenerate
from tests.account_factories import make_account
from tests.factories import OTHER, OWNER, make_file
from tests.record_factories import everything, fail, finish, made, record_of, start

pytestmark = pytest.mark.usefixtures("either_database")


async def again(storyboard_id: str = "shot-1", owner: str = OWNER, key: str | None = None, **changes: Any) -> Job:
    place = {name: changes.pop(name) for name in ("kind", "work_id", "project_id", "polling") if name in changes}
    wanted = Regeneration(
        **{"kind": MediaKind.IMAGE, "work_id": "default", "storyboard_id": storyboard_id, **place}, changes=changes
    )
    return await regenerate(owner, wanted, key, Priority.HIGH)


async def test_what_is_not_given_keeps_its_former_value_under_the_same_record() -> None:
    former = await made("shot-1", seed=7, style="ink", ratio="16:9", project_name="Film")
    job = await again(prompt="another")
    assert (job.record_id, job.priority_rank) == (former.id, 1)
    changed = {name for name in job.params if job.params[name] != former.params[name]}
    assert changed == {"prompt"}
    await finish(job)
    record = await record_of(job)
    assert (record.shown_job_id, record.prompt, record.project_name) == (job.id, "another", "Film")
    assert (await RecordVersion.get(record_id=record.id)).job_id == former.shown_job_id


async def test_values_are_changed_and_taken_away() -> None:
    await made("shot-1", seed=7, style="ink", size="640x480")
    job = await again(seed=None, ratio="16:9", polling=Polling.MANUAL)
    assert (job.params["seed"], job.params["style"], job.params["size"]) == (None, "ink", None)
    assert (job.params["ratio"], job.params["polling"]) == ("16:9", "MANUAL")


async def test_another_model_drops_what_it_does_not_take_but_not_what_is_said() -> None:
    await made("shot-1", style="ink", seed=7)
    before = await everything()
    with pytest.raises(BadInputError) as refusal:
        await again(model="jimeng-4.5", style="ink")
    assert refusal.value.path == ["input", "style"]
    assert await everything() == before
    job = await again(model="jimeng-4.5")
    assert (job.params["style"], job.params["seed"], job.params["provider"]) == (None, 7, "jimeng")


async def test_a_clip_keeps_length_sound_and_frames() -> None:
    picture = await make_file(is_upload=True)
    audio = ClipAudio(bgm_url="https://a.example/1.mp3")
    former = await made(
        "shot-1",
        kind=MediaKind.VIDEO,
        model="offline-motion",
        duration_seconds=8,
        audio=audio,
        inputs=(InputImage(picture.global_id),),
    )
    job = await again(kind=MediaKind.VIDEO, prompt="another")
    assert (job.params["duration_seconds"], job.params["audio"]) == (8, former.params["audio"])
    assert job.params["inputs"] == former.params["inputs"]
    assert (await JobInput.get(job_id=job.id)).file_id == picture.id
    await fail(job)
    without = await again(kind=MediaKind.VIDEO, inputs=(), audio=None)
    assert (without.params["inputs"], without.params["audio"], without.params["ratio"]) == ([], None, "16:9")


async def test_a_former_link_is_not_fetched_again_and_a_new_one_is() -> None:
    link = "https://a.example/1.png"
    picture = await make_file(source_url=link)
    former = await made("shot-1", inputs=(InputImage(link, picture.sha256),))
    job = await again(prompt="another")
    assert job.params["inputs"] == former.params["inputs"]
    assert job.queue.value == "images"
    await fail(job)
    assert (await again(inputs=(InputImage(link),))).queue.value == "inputs"


async def test_one_of_several_projects_must_be_named() -> None:
    await made("shot-1", project_id="p1")
    second = await made("shot-1", project_id="p2")
    before = await everything()
    with pytest.raises(BadInputError, match="say which: p2, p1") as refusal:
        await again()
    assert refusal.value.path == ["input", "projectId"]
    assert await everything() == before
    assert (await again(project_id="p2")).record_id == second.id


async def test_what_is_not_there_or_others_have_is_not_found() -> None:
    await made("shot-1", OTHER)
    await made("shot-2", work_id="w2")
    before = await everything()
    for storyboard_id in ("shot-1", "shot-2", "shot-3"):
        with pytest.raises(NotFoundError) as refusal:
            await again(storyboard_id)
        assert refusal.value.path == ["input", "storyboardId"]
    assert await everything() == before


async def test_a_running_job_refuses_a_regeneration_and_nothing_is_written() -> None:
    job = await start("shot-1")
    before = await everything()
    with pytest.raises(ConflictError):
        await again(prompt="another", key="k")
    assert await everything() == before
    assert await IdempotencyKey.all().count() == 0
    await finish(job)
    assert (await again(prompt="another", key="k")).record_id == job.record_id


async def test_five_regenerations_at_once_make_one_job() -> None:
    record = await made("shot-1")
    outcomes = await asyncio.gather(*(again(seed=number) for number in range(5)), return_exceptions=True)
    jobs = [outcome for outcome in outcomes if isinstance(outcome, Job)]
    assert len(jobs) == 1
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 4
    assert (await record_of(jobs[0])).current_job_id == jobs[0].id
    assert await Job.filter(record_id=record.id).count() == 2


async def test_a_key_gives_the_same_job_and_refuses_other_changes() -> None:
    await made("shot-1")
    jobs = await asyncio.gather(*(again(seed=1, key="k") for _ in range(5)))
    assert len({job.id for job in jobs}) == 1
    with pytest.raises(ConflictError, match="other input"):
        await again(seed=2, key="k")


async def test_the_former_strategy_is_kept_and_its_accounts_must_be_there() -> None:
    account = await make_account()
    await made("shot-1", model="jimeng-4.5", strategy=AccountStrategy(account_ids=(account.id,), max_attempts=3))
    job = await again(prompt="another")
    assert job.params["strategy"]["account_ids"] == [account.id]
    await fail(job)
    await account.delete()
    with pytest.raises(NotFoundError):
        await again(prompt="yet another")
    assert (await again(strategy=AccountStrategy())).params["strategy"]["max_attempts"] == 5

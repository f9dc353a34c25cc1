"""Clips from named pictures and films over GraphQL: single ones, batches, models, and what is refused."""

from typing import Any

import pytest

from errors import ErrorCode
from models.batches import Batch
from models.generation import GenerationRecord
from models.jobs import IdempotencyKey, Job, JobInput
from tests.factories import OTHER, make_file
from tests.resolvers.asking import ask, refused

pytestmark = pytest.mark.usefixtures("either_database")
MODEL = "jimeng-video-seedance-2.0"
VIDEO = """mutation ($input: GenerateVideoInput!) { generateVideo(input: $input) { job {
  id type record { ... on VideoRecord { prompt references { name file kind durationSeconds } } } } } }"""
BATCH = """mutation ($input: CreateVideoBatchInput!) { createVideoBatch(input: $input) { queueCount batch {
  type jobs { nodes { storyboardId record { ... on VideoRecord { references { name kind } } } } } } } }"""
MODELS = """{ models(kind: VIDEO) { name parameters
  references { maxPictures maxFilms maxTotal maxFilmSeconds } } }"""


async def film(seconds: float = 4.0, **values: Any) -> str:
    file = await make_file(content_type="video/mp4", duration_seconds=seconds, **values)
    return str(file.global_id)


async def picture(**values: Any) -> str:
    return str((await make_file(**values)).global_id)


def clip(*references: tuple[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "storyboardId": "shot-1",
        "prompt": " and ".join(f"@{name}" for name, _ in references) + " dance",
        "model": MODEL,
        "references": [{"name": name, "file": file} for name, file in references],
        **changes,
    }


async def rows() -> int:
    return sum([await table.all().count() for table in (Batch, GenerationRecord, Job, JobInput, IdempotencyKey)])


async def test_a_clip_shows_its_references() -> None:
    hero, dance = await picture(), await film()
    job = (await ask(VIDEO, input=clip(("hero", hero), ("dance", dance))))["generateVideo"]["job"]
    assert job["type"] == "IMAGE_TO_VIDEO"
    assert job["record"] == {
        "prompt": "@hero and @dance dance",
        "references": [
            {"name": "hero", "file": hero, "kind": "IMAGE", "durationSeconds": None},
            {"name": "dance", "file": dance, "kind": "VIDEO", "durationSeconds": 4.0},
        ],
    }
    assert await JobInput.all().count() == 2


async def test_a_repeated_request_with_a_key_gets_the_same_job() -> None:
    wanted = clip(("hero", await picture()), idempotencyKey="k")
    first = (await ask(VIDEO, input=wanted))["generateVideo"]["job"]["id"]
    assert (await ask(VIDEO, input=wanted))["generateVideo"]["job"]["id"] == first
    other = {**wanted, "references": [{"name": "hero", "file": await picture()}]}
    assert (await refused(VIDEO, input=other)).code is ErrorCode.CONFLICT


async def test_refusals_change_nothing() -> None:
    hero, long, sound = await picture(), await film(8.0), await picture(content_type="audio/wav")
    strange, unknown = await picture(owner=OTHER), await film(None)  # type: ignore[arg-type]
    wrong = [
        clip(("hero", hero), prompt="no one dances"),
        clip(("hero", hero), prompt="@hero and @her"),
        clip(("hero", hero), ("hero", hero)),
        clip(("a", long), ("b", long)),
        clip(("hero", sound)),
        clip(("hero", strange)),
        clip(("dance", unknown)),
        clip(("hero", hero), inputImages=[hero]),
        clip(("hero", hero), model="offline-motion"),
        clip(*((f"p{number}", hero) for number in range(10))),
        clip(*((f"p{number}", hero) for number in range(13))),
    ]
    before = await rows()
    for number, wanted in enumerate(wrong):
        error = await refused(VIDEO, input={**wanted, "idempotencyKey": "k"})
        assert error.code is (ErrorCode.NOT_FOUND if number == 5 else ErrorCode.BAD_USER_INPUT), (number, error)
    assert await rows() == before


async def test_a_batch_has_references_for_each_item_and_says_every_fault() -> None:
    hero, dance, long = await picture(), await film(), await film(16.0)
    place = {"projectId": "p", "workId": "w", "model": MODEL}
    one = {**clip(("hero", hero), ("dance", dance)), "storyboardId": "a"}
    two = {**clip(("hero", hero)), "storyboardId": "b"}
    items = [{name: each[name] for name in ("storyboardId", "prompt", "references")} for each in (one, two)]
    made = (await ask(BATCH, input={**place, "items": items}))["createVideoBatch"]
    assert (made["queueCount"], made["batch"]["type"]) == (2, "VIDEO_COMPOSE")
    shown = {job["storyboardId"]: job["record"]["references"] for job in made["batch"]["jobs"]["nodes"]}
    assert shown["b"] == [{"name": "hero", "kind": "IMAGE"}]
    before = await rows()
    wrong = [
        {"storyboardId": "c", "prompt": "@who", "references": [{"name": "hero", "file": hero}]},
        {"storyboardId": "d", "prompt": "@dance", "references": [{"name": "dance", "file": long}]},
    ]
    error = await refused(BATCH, input={**place, "items": wrong})
    paths = {".".join(fault.path) for fault in error.faults}
    assert paths == {"input.items.0.prompt", "input.items.0.references.0.name", "input.items.1.references"}
    assert await rows() == before


async def test_models_say_how_many_references_they_take() -> None:
    models = {model["name"]: model for model in (await ask(MODELS))["models"]}
    limits = {"maxPictures": 9, "maxFilms": 3, "maxTotal": 12, "maxFilmSeconds": 15.0}
    takers = {name: model["references"] for name, model in models.items() if model["references"]}
    assert takers == {MODEL: limits, f"{MODEL}-fast": limits}
    assert {name for name, model in models.items() if "references" in model["parameters"]} == set(takers)

"""What nothing here can do, or what nobody knows, is refused where it is asked for, and nothing is created."""

from typing import Any

import pytest

from models.batches import Batch
from models.files import StoredFile
from models.generation import GenerationRecord
from models.jobs import Job
from models.scripts import Script
from models.workflows import Workflow
from services.platform.files import use_storage
from settings import get_settings
from tests.record_factories import made
from tests.resolvers.asking import ask, refused

IMAGE = "mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id record { safetyCheck } } } }"
CLIP = "mutation ($input: GenerateVideoInput!) { generateVideo(input: $input) { job { id record { safetyCheck } } } }"
AGAIN = "mutation ($input: RegenerateInput!) { regenerate(input: $input) { job { id record { safetyCheck } } } }"
BATCH = "mutation ($input: CreateImageBatchInput!) { createImageBatch(input: $input) { batch { id } } }"
CLIPS = "mutation ($input: CreateVideoBatchInput!) { createVideoBatch(input: $input) { batch { id } } }"
WORKFLOW = """mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow {
  options { allowFallback } } } }"""
SCRIPT = "mutation ($input: CreateScriptInput!) { createScript(input: $input) { job { id } } }"
STORY = "Ann walked down the street. “Good morning,” said Ben."
ONE: dict[str, Any] = {"storyboardId": "a", "prompt": "a pond"}
MANY: dict[str, Any] = {"projectId": "p", "workId": "w", "items": [ONE, {**ONE, "storyboardId": "b"}]}
FILM = {"name": "A", "inputContent": STORY}


@pytest.fixture(autouse=True)
async def storage(database: None) -> None:
    use_storage(None, get_settings().data_dir)


async def nothing_was_created() -> bool:
    tables = (Batch, GenerationRecord, Job, Workflow, Script, StoredFile)
    return [await table.all().count() for table in tables] == [0] * len(tables)


@pytest.mark.parametrize(
    ("document", "given", "path"),
    [
        (IMAGE, ONE, ["input", "safetyCheck"]),
        (IMAGE, {**ONE, "model": "offline-drawing"}, ["input", "safetyCheck"]),
        (CLIP, ONE, ["input", "safetyCheck"]),
        (BATCH, MANY, ["input", "safetyCheck"]),
        (CLIPS, MANY, ["input", "safetyCheck"]),
    ],
)
async def test_a_check_that_nothing_can_make_is_refused(document: str, given: dict[str, Any], path: list[str]) -> None:
    error = await refused(document, input={**given, "safetyCheck": True})
    assert (error.code, list(error.path)) == ("BAD_USER_INPUT", path)
    assert error.message.startswith("safetyCheck cannot be true: no service that checks contents is configured")
    assert await nothing_was_created()
    for value in ({}, {"safetyCheck": False}, {"safetyCheck": None}):
        await ask(document, input={**given, **value, "idempotencyKey": str(value)} | _elsewhere(given, str(value)))


def _elsewhere(given: dict[str, Any], name: str) -> dict[str, Any]:
    """The same for other storyboards, since one that is being generated is a conflict."""
    if "items" in given:
        return {"workId": name}
    return {"storyboardId": name}


async def test_a_record_tells_that_no_check_was_asked_for_and_its_regeneration_refuses_one() -> None:
    record = await made("shot-1")
    place = {"kind": "IMAGE", "workId": record.work_id, "storyboardId": "shot-1"}
    error = await refused(AGAIN, input={**place, "safetyCheck": True})
    assert list(error.path) == ["input", "safetyCheck"]
    assert await Job.all().count() == 1
    assert (await ask(AGAIN, input=place))["regenerate"]["job"]["record"] == {"safetyCheck": False}


async def test_a_request_of_before_that_said_true_is_made_again_without_a_check() -> None:
    record = await made("shot-1")
    await GenerationRecord.filter(id=record.id).update(params={**record.params, "safety_check": True})
    place = {"kind": "IMAGE", "workId": record.work_id, "storyboardId": "shot-1"}
    assert (await ask(AGAIN, input=place))["regenerate"]["job"]["record"] == {"safetyCheck": False}
    assert (await GenerationRecord.get(id=record.id)).request_sha256 == record.request_sha256


async def test_a_fallback_that_nothing_can_take_is_refused() -> None:
    error = await refused(WORKFLOW, input={**FILM, "options": {"allowFallback": True}})
    assert (error.code, list(error.path)) == ("BAD_USER_INPUT", ["input", "options", "allowFallback"])
    assert "no provider here can take over" in error.message
    assert await nothing_was_created()
    for options in (None, {}, {"allowFallback": None}, {"allowFallback": False}):
        made_one = await ask(WORKFLOW, input={**FILM, "options": options})
        assert made_one["createWorkflow"]["workflow"]["options"] == {"allowFallback": False}


@pytest.mark.parametrize(
    ("options", "name", "told"),
    [
        ({"textModel": "gpt-4"}, "textModel", "offline has no model 'gpt-4' for scripts; available: offline-writing."),
        ({"imageModel": "sdxl"}, "imageModel", "for images; available: offline-drawing."),
        ({"videoModel": "sora"}, "videoModel", "for videos; available: offline-motion."),
        ({"imageModel": "jimeng-4.5"}, "imageModel", "offline has no model 'jimeng-4.5'"),
        ({"imageProvider": "jimeng", "imageModel": "offline-drawing"}, "imageModel", "jimeng has no model"),
        ({"language": "tlh"}, "language", "offline does not write 'tlh'; available: zh, en."),
        ({"language": ""}, "language", "available: zh, en."),
        ({"voiceId": "nobody"}, "voiceId", "does not exist"),
        ({"textProvider": "nobody"}, "textProvider", "available: offline"),
    ],
)
async def test_a_workflow_names_only_what_there_is(options: dict[str, Any], name: str, told: str) -> None:
    error = await refused(WORKFLOW, input={**FILM, "options": options})
    assert (error.code, list(error.path)) == ("BAD_USER_INPUT", ["input", "options", name])
    assert told in error.message
    assert await nothing_was_created()


@pytest.mark.parametrize(
    ("given", "name"),
    [({"model": "gpt-4"}, "model"), ({"language": "fr"}, "language"), ({"provider": "x"}, "provider")],
)
async def test_a_script_names_only_what_there_is(given: dict[str, Any], name: str) -> None:
    error = await refused(SCRIPT, input={"inputContent": STORY, **given})
    assert (error.code, list(error.path)) == ("BAD_USER_INPUT", ["input", name])
    assert "available: " in error.message
    assert await nothing_was_created()


async def test_all_that_is_unknown_is_told_at_once() -> None:
    options = {"textModel": "x", "imageModel": "x", "videoModel": "x", "language": "x", "allowFallback": True}
    error = await refused(WORKFLOW, input={**FILM, "options": options})
    assert {fault.path[-1] for fault in error.faults} == set(options)


@pytest.mark.parametrize("language", ["zh", "zh-Hans-CN", "EN", "en_GB"])
async def test_what_there_is_is_taken(language: str) -> None:
    await ask(SCRIPT, input={"inputContent": STORY, "language": language, "model": "offline-writing"})
    models = {"textModel": "offline-writing", "imageModel": "offline-drawing", "videoModel": "offline-motion"}
    await ask(WORKFLOW, input={**FILM, "options": {**models, "language": language}})


@pytest.mark.parametrize("document", [SCRIPT, WORKFLOW])
@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("/srv/mira/novel.txt", "uploadScriptFile"),
        ("C:\\Users\\mira\\novel.docx", "uploadScriptFile"),
        ("file:///srv/mira/novel.txt", "uploadScriptFile"),
        ("ftp://example.org/novel.txt", "inputFile"),
        ("https://example.org/1.txt https://example.org/2.txt", "inputFile"),
        ("file_7267911872356352", "inputFile"),
    ],
)
async def test_the_place_of_a_story_is_no_story(document: str, content: str, hint: str) -> None:
    given = {"inputContent": content, **({"name": "A"} if document == WORKFLOW else {})}
    error = await refused(document, input=given)
    assert (error.code, list(error.path)) == ("BAD_USER_INPUT", ["input", "inputContent"])
    assert hint in error.message
    assert await nothing_was_created()


@pytest.mark.parametrize("document", [SCRIPT, WORKFLOW])
async def test_a_link_as_the_content_is_fetched_under_the_same_guard(document: str) -> None:
    given = {"inputContent": " http://127.0.0.1/novel.txt\n", **({"name": "A"} if document == WORKFLOW else {})}
    error = await refused(document, input=given)
    assert (error.code, list(error.path)) == ("BAD_USER_INPUT", ["input", "inputContent"])
    assert "The link cannot be fetched" in error.message
    assert await nothing_was_created()

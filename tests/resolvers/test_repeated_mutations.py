"""Every mutation honours an idempotency key: sent twice, it answers the same and does nothing more."""

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument
from tortoise.context import require_context

import resolvers
from models.accounts import Account
from models.callbacks import WebhookSecret
from models.enums import JobStatus, WorkflowStatus
from models.files import StoredFile
from models.jobs import IdempotencyKey, Job
from models.storyboards import Shot
from models.workflows import Workflow
from services.platform.files import use_storage
from tests.account_factories import ScriptedPool, install_pool, make_account, make_generation_job
from tests.batch_factories import make_batch_of
from tests.callback_factories import make_delivery
from tests.factories import OTHER, Film, make_film, make_job
from tests.record_factories import finish, made, start
from tests.resolvers.asking import ask, execute, refused
from tests.resolvers.test_mutations import png, upload

MUTATIONS = resolvers.schema._schema.mutation_type
assert MUTATIONS is not None
STORY = "Ann walked down the street. “Good morning,” said Ben. Ann smiled and went on her way."


@dataclass
class World:
    """Rows that mutations can be tried on."""

    film: Film
    account: Account
    values: dict[str, Any] = field(default_factory=dict)


Prepare = Callable[[World], Awaitable[dict[str, Any]]]


async def workflow_in(world: World, status: WorkflowStatus, **more: Any) -> dict[str, Any]:
    await Workflow.filter(id=world.film.workflow.id).update(status=status)
    return {"id": world.film.workflow.global_id, **more}


async def a_batch(jobs: JobStatus, **values: Any) -> dict[str, Any]:
    batch, _ = await make_batch_of([jobs, jobs], **values)
    return {"id": batch.global_id}


async def a_record(world: World) -> dict[str, Any]:
    record = await made("shot-1")
    job = await Job.get(id=record.shown_job_id or 0)
    await finish(await start("shot-1", prompt="a bridge"))
    version = next(iter(await _rows("RecordVersion")))
    sha = (await StoredFile.all().order_by("-id").first()).sha256  # type: ignore[union-attr]
    return {"record": record, "job": job, "version": version, "sha256": sha}


async def _rows(model: str) -> list[Any]:
    return list(await require_context().apps["ekonte"][model].all().order_by("id"))


async def ids_of_a_record(world: World) -> dict[str, Any]:
    return {"ids": [(await a_record(world))["record"].global_id]}


async def a_file_of_a_record(world: World) -> dict[str, Any]:
    found = await a_record(world)
    return {"recordId": found["record"].global_id, "sha256": found["sha256"]}


async def a_version(world: World) -> dict[str, Any]:
    return {"versionId": (await a_record(world))["version"].global_id}


async def a_job(status: JobStatus) -> dict[str, Any]:
    return {"id": (await make_job(status=status)).global_id}


async def a_generation(world: World) -> dict[str, Any]:
    return {"id": (await make_generation_job(params={"provider": "jimeng", "storyboard_id": "shot-1"})).global_id}


async def music(world: World) -> dict[str, Any]:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(bytes(16_000))
    document = "mutation ($file: Upload!) { uploadFile(file: $file) { file { sha256 } } }"
    await ask(document, file=upload(sound.getvalue(), "a.wav"))
    file = await StoredFile.all().order_by("-id").first()
    return {"input": {"editId": world.film.edit.global_id, "music": file.global_id}}  # type: ignore[union-attr]


async def a_candidate(world: World) -> dict[str, Any]:
    shot = world.film.shots[0]
    document = "query ($id: ID!) { node(id: $id) { ... on Shot { candidates { sha256 } } } }"
    candidates = (await ask(document, id=shot.global_id))["node"]["candidates"]
    return {"shotId": shot.global_id, "sha256": candidates[1]["sha256"]}


async def of_shots(world: World) -> dict[str, Any]:
    return {"storyboardId": world.film.storyboard.global_id, "shotIds": [world.film.shots[0].global_id]}


PICTURE = {"storyboardId": "shot-1", "prompt": "a street", "model": "offline-drawing"}
CLIP = {**PICTURE, "model": "offline-motion"}


def of(make: Callable[[World], dict[str, Any]]) -> Prepare:
    async def prepare(world: World) -> dict[str, Any]:
        return make(world)

    return prepare


def ids_of_account(world: World) -> dict[str, Any]:
    return {"ids": [world.account.global_id, "nonsense"]}


# By mutation what makes its arguments.
CASES: dict[str, Prepare] = {
    "createAccounts": of(lambda _: {"input": {"accounts": [{"name": "M", "type": "DOMESTIC", "sessionId": "f" * 32}]}}),
    "updateAccounts": of(
        lambda world: {"input": {"accounts": [{"id": world.account.global_id, "name": "New"}, {"id": "nonsense"}]}}
    ),
    "deleteAccounts": of(ids_of_account),
    "resetAccounts": of(ids_of_account),
    "checkAccounts": of(ids_of_account),
    "receiveCredits": of(ids_of_account),
    "generateImage": of(lambda _: {"input": PICTURE}),
    "generateVideo": of(lambda _: {"input": CLIP}),
    "regenerate": lambda world: _regenerated(world),
    "deleteRecords": ids_of_a_record,
    "chooseRecordFile": a_file_of_a_record,
    "restoreRecordVersion": a_version,
    "createImageBatch": of(lambda _: {"input": {"items": [{"storyboardId": "a", "prompt": "a street"}], **OFFLINE}}),
    "createVideoBatch": of(lambda _: {"input": {"items": [{"storyboardId": "a", "prompt": "a street"}], **MOVING}}),
    "retryBatch": lambda _: _inside_input(a_batch(JobStatus.FAILED)),
    "cancelBatch": lambda _: a_batch(JobStatus.PENDING),
    "pauseBatch": lambda _: a_batch(JobStatus.PENDING),
    "resumeBatch": lambda _: a_batch(JobStatus.PENDING, status="PAUSED"),
    "deleteBatches": lambda _: _ids(a_batch(JobStatus.SUCCEEDED, status="SUCCEEDED")),
    "setPriority": lambda _: _ordered(a_batch(JobStatus.PENDING), priority="HIGH"),
    "moveToFront": lambda _: _ordered(a_batch(JobStatus.PENDING)),
    "cancelJob": lambda _: a_job(JobStatus.RUNNING),
    "retryJob": lambda _: a_job(JobStatus.FAILED),
    "refreshJob": a_generation,
    "releaseSlot": a_generation,
    "createWorkflow": of(lambda _: {"input": {"name": "A", "inputContent": STORY}}),
    "pauseWorkflow": lambda world: workflow_in(world, WorkflowStatus.RUNNING),
    "resumeWorkflow": lambda world: workflow_in(world, WorkflowStatus.PAUSED, creditBudget=100),
    "cancelWorkflow": lambda world: workflow_in(world, WorkflowStatus.RUNNING),
    "renameWorkflow": lambda world: workflow_in(world, WorkflowStatus.RUNNING, name="New"),
    "deleteWorkflows": lambda world: _ids(workflow_in(world, WorkflowStatus.SUCCEEDED)),
    "retryWorkflow": lambda world: workflow_in(world, WorkflowStatus.CANCELED),
    "uploadFile": of(lambda _: {"file": lambda: upload(png(), "a.png")}),
    "uploadScriptFile": of(lambda _: {"file": lambda: upload(STORY.encode(), "a.txt")}),
    "createScript": of(lambda _: {"input": {"inputContent": STORY}}),
    "createAssets": of(lambda world: {"input": {"scriptId": world.film.script.global_id}}),
    "uploadReferenceImage": of(
        lambda world: {"assetId": world.film.assets[0].global_id, "file": lambda: upload(png(), "a.png")}
    ),
    "regenerateAsset": of(lambda world: {"input": {"assetId": world.film.assets[0].global_id, "prompt": "in red"}}),
    "createStoryboard": of(lambda world: {"input": {"scriptId": world.film.script.global_id}}),
    "editShot": of(lambda world: {"input": {"shotId": world.film.shots[0].global_id, "prompt": "a bridge"}}),
    "regenerateShots": lambda world: _inside_input(of_shots(world)),
    "uploadShotImage": of(lambda world: {"shotId": world.film.shots[0].global_id, "file": lambda: upload(png())}),
    "uploadShotVideo": of(lambda world: {"shotId": world.film.shots[0].global_id, "file": lambda: upload(b"clip")}),
    "chooseShotImage": a_candidate,
    "createAnimatic": of(lambda world: {"input": {"storyboardId": world.film.storyboard.global_id}}),
    "generateSpeech": of(
        lambda world: {
            "input": {
                "animaticId": world.film.animatic.global_id,
                "shotId": world.film.shots[0].global_id,
                "text": "Good evening.",
            }
        }
    ),
    "uploadAudio": of(
        lambda world: {
            "animaticId": world.film.animatic.global_id,
            "shotId": world.film.shots[0].global_id,
            "file": lambda: upload(b"sound"),
        }
    ),
    "createVideo": of(lambda world: {"input": {"animaticId": world.film.animatic.global_id}}),
    "createEdit": of(lambda world: {"input": {"videoId": world.film.video.global_id}}),
    "addBackgroundMusic": music,
    "redeliverCallback": lambda _: _a_delivery(),
    "rotateWebhookSecret": of(lambda _: {}),
}
OFFLINE = {"projectId": "p", "workId": "w", "model": "offline-drawing"}
MOVING = {"projectId": "p", "workId": "w", "model": "offline-motion"}


async def _regenerated(world: World) -> dict[str, Any]:
    await made("shot-1")
    return {"input": {"kind": "IMAGE", "workId": "default", "storyboardId": "shot-1", "prompt": "a bridge"}}


async def _inside_input(arguments: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return {"input": await arguments}


async def _ids(arguments: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return {"ids": [(await arguments)["id"]]}


async def _ordered(arguments: Awaitable[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"input": {"ids": [(await arguments)["id"], "nonsense"], **more}}


async def _a_delivery() -> dict[str, Any]:
    return {"deliveryId": (await make_delivery(round_tries=3)).global_id}


# ---------------------------------------------------------------- sending


def document_of(name: str, given: dict[str, Any], *, has_key: bool) -> str:
    """The mutation with all that its payload says directly, and the ids of objects in it."""
    assert MUTATIONS is not None
    arguments = MUTATIONS.fields[name].args
    used = [*given, *(["idempotencyKey"] if has_key and "input" not in given else [])]
    declared = ", ".join(f"${argument}: {arguments[argument].type}" for argument in used)
    passed = ", ".join(f"{argument}: ${argument}" for argument in used)
    field = f"{name}({passed})" if used else name
    payload = get_named_type(MUTATIONS.fields[name].type)
    assert isinstance(payload, GraphQLObjectType)
    head = f"mutation ({declared})" if used else "mutation"
    return f"{head} {{ {field} {_selection(payload)} }}"


def _selection(kind: Any, is_nested: bool = False) -> str:
    names = []
    for name, member in kind.fields.items():
        if any(map(is_required_argument, member.args.values())):
            continue
        if is_leaf_type(get_named_type(member.type)):
            names.append(name)
        elif not is_nested:
            names.append(f"{name} {_selection(get_named_type(member.type), is_nested=True)}")
    if is_nested and "id" in kind.fields:
        names = ["id"]
    return f"{{ {' '.join(names)} }}"


def sent(given: dict[str, Any], key: str | None) -> dict[str, Any]:
    """The variables, with new files each time."""
    variables = {name: value() if callable(value) else value for name, value in given.items()}
    if key is None:
        return variables
    if "input" in variables:
        return {"input": {**variables["input"], "idempotencyKey": key}}
    return {**variables, "idempotencyKey": key}


async def everything() -> dict[str, list[str]]:
    """All rows of all tables but those that note a request."""
    found = {}
    for name, model in require_context().apps["ekonte"].items():
        if name not in ("AuditEntry", "IdempotencyKey"):
            found[name] = [str(sorted(row.items())) for row in await model.all().order_by(model._meta.pk_attr).values()]
    return found


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    return install_pool(monkeypatch)


async def prepared(monkeypatch: pytest.MonkeyPatch, data_dir: Any) -> World:
    use_storage(None, data_dir)
    film = await make_film(shot_count=1)
    await film.animatic.update_from_dict({"options": {"width": 1280, "height": 720, "fps": 24}}).save()

    async def replace(owner: str, *arguments: Any) -> Any:
        """Reading clips and sound takes processes of their own; what is done twice would show in the prompt."""
        shot = await Shot.get(id=film.shots[0].id)
        await Shot.filter(id=shot.id).update(prompt=f"{shot.prompt} again")
        return film.animatic if len(arguments) == 3 else shot

    for name in ("videos.upload_shot_video", "animatics.upload_audio"):
        monkeypatch.setattr(f"services.film.{name}", replace)
    return World(film, await make_account())


def test_every_mutation_is_tried_and_says_how_it_takes_a_key() -> None:
    assert MUTATIONS is not None
    assert set(CASES) == set(MUTATIONS.fields)
    for name, member in MUTATIONS.fields.items():
        named = member.args.get("input")
        names = member.args if named is None else get_named_type(named.type).fields
        assert "idempotencyKey" in names, name


@pytest.mark.usefixtures("database", "pool")
@pytest.mark.parametrize("by_header", [False, True], ids=["input", "header"])
@pytest.mark.parametrize("name", CASES)
async def test_a_mutation_sent_twice_is_done_once(
    name: str, by_header: bool, monkeypatch: pytest.MonkeyPatch, data_dir: Any
) -> None:
    given = await CASES[name](await prepared(monkeypatch, data_dir))
    document = document_of(name, given, has_key=not by_header)
    input_key, header = (None, "k") if by_header else ("k", None)
    first = await ask(document, key=header, **sent(given, input_key))
    before = await everything()
    assert await ask(document, key=header, **sent(given, input_key)) == first
    assert await everything() == before
    assert await IdempotencyKey.filter(mutation=name).count() == 1
    await IdempotencyKey.filter(mutation__startswith=name).update(input_sha256="of another input")
    refusal = await execute(document, key=header, **sent(given, input_key))
    assert refusal.errors is not None
    assert getattr(refusal.errors[0].original_error, "code", None) == "CONFLICT", refusal.errors
    assert await everything() == before


REPEATED = ["rotateWebhookSecret", "renameWorkflow", "updateAccounts", "receiveCredits", "uploadFile", "retryJob"]


@pytest.mark.usefixtures("either_database", "pool")
@pytest.mark.parametrize("name", REPEATED)
async def test_equal_requests_at_once_are_done_once(
    name: str, pool: ScriptedPool, monkeypatch: pytest.MonkeyPatch, data_dir: Any
) -> None:
    given = await CASES[name](await prepared(monkeypatch, data_dir))
    document = document_of(name, given, has_key=True)
    answers = await asyncio.gather(*(ask(document, **sent(given, "k")) for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert await IdempotencyKey.filter(mutation=name).count() == 1
    assert await WebhookSecret.all().count() == (1 if name == "rotateWebhookSecret" else 0)
    assert len(pool.asked) == (1 if name == "receiveCredits" else 0)
    if name == "retryJob":
        assert [job.retry_count for job in await Job.filter(retry_count__gt=0)] == [1]


@pytest.mark.usefixtures("either_database")
async def test_other_input_under_the_same_key_is_a_conflict_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, data_dir: Any
) -> None:
    world = await prepared(monkeypatch, data_dir)
    rename = "mutation ($id: ID!, $name: String!) { renameWorkflow(id: $id, name: $name, idempotencyKey: %s) "
    rename = rename % '"k"' + "{ workflow { name } } }"
    workflow_id = world.film.workflow.global_id
    await ask(rename, id=workflow_id, name="One")
    assert (await refused(rename, id=workflow_id, name="Two")).code == "CONFLICT"
    assert (await Workflow.get(id=world.film.workflow.id)).name == "One"
    put = 'mutation ($file: Upload!) { uploadFile(file: $file, idempotencyKey: "k") { file { sha256 } } }'
    await ask(put, file=upload(png(), "a.png"))
    files = await StoredFile.all().count()
    assert (await refused(put, file=upload(png((32, 32)), "a.png"))).code == "CONFLICT"
    assert await StoredFile.all().count() == files


@pytest.mark.usefixtures("either_database")
async def test_a_refusal_remembers_nothing_and_an_empty_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, data_dir: Any
) -> None:
    world = await prepared(monkeypatch, data_dir)
    rename = """mutation ($id: ID!, $name: String!, $key: String) {
        renameWorkflow(id: $id, name: $name, idempotencyKey: $key) { workflow { name } } }"""
    workflow_id = world.film.workflow.global_id
    assert (await refused(rename, id=workflow_id, name=" ", key="k")).path == ["name"]
    error = await refused(rename, id=workflow_id, name="One", key="")
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["idempotencyKey"])
    put = 'mutation ($file: Upload!) { uploadFile(file: $file, idempotencyKey: "k") { file { sha256 } } }'
    assert (await refused(put, file=upload(b"\x00\x01" * 50))).code == "UNSUPPORTED_FILE"
    assert await IdempotencyKey.all().count() == 0
    await ask(rename, id=workflow_id, name="One", key="k")


@pytest.mark.usefixtures("database")
async def test_an_object_that_was_deleted_since_is_told_and_keys_belong_to_their_owner(
    monkeypatch: pytest.MonkeyPatch, data_dir: Any
) -> None:
    world = await prepared(monkeypatch, data_dir)
    rename = 'mutation ($id: ID!) { renameWorkflow(id: $id, name: "One", idempotencyKey: "k") { workflow { id } } }'
    await ask(rename, id=world.film.workflow.global_id)
    assert (await refused(rename, OTHER, id=world.film.workflow.global_id)).code == "WORKFLOW_NOT_FOUND"
    await Workflow.filter(id=world.film.workflow.id).delete()
    assert (await refused(rename, id=world.film.workflow.global_id)).code == "CONFLICT"

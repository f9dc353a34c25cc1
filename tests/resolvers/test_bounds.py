"""The bounds of arguments: which there are, that no column is shorter, and how a refusal tells them."""

from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType
from tortoise import fields

import resolvers
from models.accounts import Account
from models.audit import AuditEntry
from models.batches import Batch
from models.films import Animatic, AnimaticPart
from models.generation import GenerationRecord
from models.scripts import Asset, Script
from models.storyboards import Shot
from models.workflows import Workflow
from resolvers.bound_plan import Items, Text, bounds_of
from resolvers.bounds import COLLECTING
from schema.bounds import CHARACTERS, GENERAL_CHARACTERS, ITEMS, REFUSED_ONE_BY_ONE, characters_of
from tests.batch_factories import make_batch
from tests.factories import make_film
from tests.resolvers.asking import execute, refused

CORE = resolvers.schema._schema
GENERATE = "mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id } } }"
CREATE = "mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow { id } } }"


def names_of_inputs() -> dict[str, set[str]]:
    """name -> its coordinates, of all arguments and input fields."""
    found: dict[str, set[str]] = {}
    for kind in CORE.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name in kind.fields:
                found.setdefault(name, set()).add(f"{kind.name}.{name}")
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for field_name, field in kind.fields.items():
                for name in field.args:
                    found.setdefault(name, set()).add(f"{kind.name}.{field_name}({name}:)")
    return found


def test_bounds_name_only_what_the_schema_has() -> None:
    names = names_of_inputs()
    known = set(names) | {coordinate for coordinates in names.values() for coordinate in coordinates}
    assert {*CHARACTERS, *ITEMS, *REFUSED_ONE_BY_ONE} - known == set()
    assert CORE.mutation_type is not None
    assert COLLECTING - set(CORE.mutation_type.fields) == set()


def test_every_text_list_and_json_of_every_argument_has_a_bound() -> None:
    unbounded = []
    for coordinate, kind, bound in bounds_of(CORE):
        text = str(kind)
        is_bounded = text.startswith("[") or text.rstrip("!") in ("String", "ID", "JSON")
        if is_bounded and bound is None:
            unbounded.append(coordinate)
        if isinstance(bound, Items) and bound.each is None and "[String" in text:
            unbounded.append(coordinate)
    assert unbounded == []
    by_reader = [coordinate for coordinate, _, bound in bounds_of(CORE) if bound == Text(None)]
    assert sorted(by_reader) == ["CreateScriptInput.inputContent", "CreateWorkflowInput.inputContent"]


def test_no_text_is_longer_than_the_column_of_its_name() -> None:
    shortest: dict[str, int] = {}
    for model in (Account, Animatic, AnimaticPart, Asset, Batch, GenerationRecord, Script, Shot, Workflow):
        for name, column in model._meta.fields_map.items():
            if type(column) is fields.CharField:
                first, *others = name.split("_")
                shown = first + "".join(word.capitalize() for word in others)
                shortest[shown] = min(column.max_length, shortest.get(shown, column.max_length))
    names = names_of_inputs()
    compared = {name: most for name, most in shortest.items() if name in names}
    assert compared.keys() >= {
        "name",
        "projectId",
        "workId",
        "storyboardId",
        "model",
        "provider",
        "language",
        "voiceId",
    }
    assert {name: most for name, most in compared.items() if (characters_of(name, "") or 0) > most} == {}


def test_the_bounds_stand_in_the_descriptions() -> None:
    assert CORE.type_map["RecordFilter"].fields["promptContains"].description.endswith("At most 200 characters.")
    assert CORE.query_type.fields["changeImpact"].args["shotIds"].description == "At most 1000 ids."
    assert CORE.type_map["RetryBatchInput"].fields["storyboardIds"].description.count("1000") == 1
    assert CORE.type_map["CreateWorkflowInput"].fields["name"].description == (
        "The caller's name for it, 1 to 200 characters."
    )


def faults_of(error: Any) -> set[str]:
    return {".".join(fault.path) for fault in error.faults}


@pytest.mark.usefixtures("database")
async def test_a_workflows_faults_are_told_all_at_once() -> None:
    options = {"ratio": "5:4", "resolution": "8k", "targetShots": 0, "shotSecondsMin": 9.0, "shotSecondsMax": 3.0}
    options |= {"textProvider": "none", "voiceId": "nobody", "style": "x" * 1001, "preferences": {"a": "x" * 20_000}}
    wanted = {"name": " ", "options": options, "callbackUrl": "https://xn--/", "idempotencyKey": "x" * 256}
    error = await refused(CREATE, input=wanted)
    assert faults_of(error) == {
        "input.name",
        "input.inputContent",
        "input.callbackUrl",
        "input.idempotencyKey",
        *(f"input.options.{name}" for name in options if name != "shotSecondsMin"),
    }
    assert error.message == f"{error.faults[0].message} (The first of {len(error.faults)} faults.)"
    assert not await Workflow.exists()


@pytest.mark.usefixtures("database")
async def test_a_pictures_faults_are_told_all_at_once() -> None:
    wanted = {
        "storyboardId": "",
        "workId": "x" * 129,
        "prompt": "",
        "ratio": "9:1000",
        "reuseThreshold": 2.0,
        "inputImages": ["nothing"],
        "strategy": {"maxAttempts": 0, "accountIds": ["account_1"]},
        "callbackUrl": "ftp://a.example/",
        "idempotencyKey": "",
    }
    faults = faults_of(await refused(GENERATE, input=wanted))
    assert faults >= {
        "input.storyboardId",
        "input.workId",
        "input.prompt",
        "input.reuseThreshold",
        "input.inputImages.0",
        "input.strategy.maxAttempts",
        "input.strategy.accountIds.0",
        "input.callbackUrl",
        "input.idempotencyKey",
    }
    assert not await GenerationRecord.exists()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("mutation", "wanted", "places"),
    [
        ("createAnimatic", {"storyboardId": "no", "shotSecondsMin": 0.0}, "storyboardId shotSecondsMin"),
        ("createVideo", {"animaticId": "no", "fps": 1, "motionStrength": 7.0}, "animaticId fps motionStrength"),
        ("createEdit", {"videoId": "no", "musicStyle": "x" * 1001}, "videoId musicStyle"),
        (
            "createAssets",
            {"scriptId": "no", "textProvider": "a", "imageProvider": "b"},
            "scriptId textProvider imageProvider",
        ),
        (
            "createScript",
            {"tone": "x" * 1001, "targetShots": 0, "provider": "a"},
            "tone targetShots provider inputContent",
        ),
        ("createStoryboard", {"scriptId": "no", "provider": "a"}, "scriptId provider"),
        ("regenerateAsset", {"assetId": "no", "prompt": "", "voiceId": "a"}, "assetId prompt voiceId"),
        ("regenerateShots", {"storyboardId": "no", "shotIds": [], "provider": "a"}, "storyboardId shotIds provider"),
        ("editShot", {"shotId": "no", "prompt": "", "durationSeconds": 0.0}, "shotId prompt durationSeconds"),
        ("generateSpeech", {"animaticId": "no", "shotId": "no", "text": "?"}, "animaticId shotId text"),
        ("addBackgroundMusic", {"editId": "no", "music": "x" * 4097, "volume": 2.0}, "editId music volume"),
        ("regenerate", {"kind": "IMAGE", "workId": "x" * 129, "storyboardId": "x" * 129}, "workId storyboardId"),
    ],
)
async def test_the_faults_of_every_single_input_are_told_at_once(
    mutation: str, wanted: dict[str, Any], places: str
) -> None:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    error = await refused(f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}", input=wanted)
    assert faults_of(error) == {f"input.{place}" for place in places.split()}


@pytest.mark.usefixtures("database")
async def test_a_single_fault_keeps_its_code() -> None:
    film = await make_film(shot_count=1)
    edit = "mutation ($input: EditShotInput!) { editShot(input: $input) { shot { id } } }"
    assert (await refused(edit, input={"shotId": film.storyboard.global_id})).code == "NOT_FOUND"
    assert (
        await refused(edit, input={"shotId": film.shots[0].global_id, "durationSeconds": 0})
    ).code == "BAD_USER_INPUT"


@pytest.mark.usefixtures("database")
async def test_all_faults_of_an_account_are_told_in_its_failure() -> None:
    document = """mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) {
        failedCount failures { path message faults { path code message } } } }"""
    account = {"name": "", "provider": "x" * 5000, "sessionId": "a b", "priority": -1}
    result = await execute(document, input={"accounts": [account]})
    assert result.errors is None, result.errors
    payload = (result.data or {})["createAccounts"]
    assert payload["failedCount"] == 1
    (failure,) = payload["failures"]
    told = [".".join(fault["path"]) for fault in failure["faults"]]
    assert told == [f"accounts.0.{name}" for name in ("name", "provider", "priority", "sessionId")]
    assert failure["path"] == failure["faults"][0]["path"]
    assert all(len(fault["message"]) < 300 for fault in failure["faults"])


@pytest.mark.usefixtures("database")
async def test_a_mutation_that_is_refused_for_its_form_is_in_the_audit_log() -> None:
    error = await refused('mutation { deleteBatches(ids: ["' + "x" * 65 + '"]) { successCount } }')
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["ids", "0"])
    entry = await AuditEntry.get()
    assert (entry.operation, entry.outcome) == ("deleteBatches", "BAD_USER_INPUT")


@pytest.mark.usefixtures("database")
async def test_inner_fields_and_literals_are_bounded_too() -> None:
    batch = await make_batch()
    inner = 'query ($id: ID!) { batch(id: $id) { jobs(storyboardIds: ["' + "x" * 129 + '"]) { totalCount } } }'
    assert (await refused(inner, id=batch.global_id)).path == ["storyboardIds", "0"]
    music = 'mutation { addBackgroundMusic(input: {editId: "a", music: "b", volume: 1e999}) { job { id } } }'
    assert "input.volume" in faults_of(await refused(music))


def test_what_has_no_bound_of_its_own_has_the_general_one() -> None:
    assert characters_of("somethingNew", "SomeInput.somethingNew") == GENERAL_CHARACTERS

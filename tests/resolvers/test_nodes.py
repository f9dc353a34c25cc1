"""Every kind of object is found by its id, as it is now, and by its owner only."""

from collections.abc import Mapping
from typing import Any

import pytest

import resolvers
from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.base import Row
from models.enums import FileState, MediaKind, Stage, WorkflowStatus
from models.files import StoredFile
from models.generation import RecordVersion
from models.ids import PREFIX_BY_MODEL
from models.scripts import ScriptScene, ScriptShot
from models.workflows import Workflow, WorkflowStage
from services.notifications.alerts.raising import raise_alert
from services.platform.file_links import FileLinks
from services.platform.runtime import Runtime
from tests.account_factories import make_account, make_attempt
from tests.batch_factories import make_batch
from tests.callback_factories import make_delivery
from tests.factories import OTHER, OWNER, make_file, make_film, make_workflow
from tests.record_factories import finish, made, record_of, start
from tests.resolvers.asking import ask
from tests.statements import counted_statements

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
FILE = "query ($id: ID!) { node(id: $id) { ... on MediaFile { id name url bytes contentType } } }"


def node_types() -> set[str]:
    schema: Any = resolvers.schema._schema
    return {type_.name for type_ in schema.get_possible_types(schema.type_map["Node"])}


async def one_of_each() -> Mapping[str, Row]:
    """A row of the owner's for each type that implements Node."""
    film = await make_film(shot_count=1)
    account = await make_account()
    record = await made("shot-1")
    clip = await record_of(await start("shot-2", kind=MediaKind.VIDEO, model="offline-motion"))
    version = await RecordVersion.create(
        owner=OWNER, record_id=record.id, number=1, job_id=film.jobs[Stage.EDIT].id, model="m", prompt="a street"
    )
    assert await raise_alert(OWNER, AlertKind.CREDIT_LOW, AlertSeverity.WARNING, f"account:{account.id}", "Low.")
    return {
        "Workflow": film.workflow,
        "StageProgress": await WorkflowStage.get(workflow_id=film.workflow.id, stage=Stage.VIDEO),
        "Script": film.script,
        "ScriptScene": await ScriptScene.get(script_id=film.script.id),
        "ScriptShot": await ScriptShot.get(script_id=film.script.id),
        "Asset": film.assets[0],
        "Storyboard": film.storyboard,
        "Shot": film.shots[0],
        "Animatic": film.animatic,
        "AnimaticShot": film.parts[0],
        "Video": film.video,
        "VideoSegment": film.segments[0],
        "Edit": film.edit,
        "Job": film.jobs[Stage.EDIT],
        "MediaFile": await make_file(),
        "ImageRecord": record,
        "VideoRecord": clip,
        "RecordVersion": version,
        "Account": account,
        "Attempt": await make_attempt(account),
        "Batch": await make_batch(),
        "CallbackDelivery": await make_delivery(),
        "Alert": await Alert.get(),
    }


@pytest.mark.usefixtures("either_database")
async def test_every_node_is_found_by_its_id_and_by_its_owner_only() -> None:
    rows = await one_of_each()
    assert set(rows) == node_types()
    ids = [row.global_id for row in rows.values()]
    assert len(set(ids)) == len(ids)
    expected = [{"__typename": name, "id": row.global_id} for name, row in rows.items()]
    assert (await ask(NODES, ids=ids))["nodes"] == expected
    for row, found in zip(rows.values(), expected, strict=True):
        alone = await ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=row.global_id)
        assert alone["node"] == found
    assert (await ask(NODES, OTHER, ids=ids))["nodes"] == [None] * len(ids)


@pytest.mark.usefixtures("either_database")
async def test_ids_of_rows_that_are_not_there_are_null() -> None:
    await one_of_each()
    ids = [f"{prefix}_1" for prefix in PREFIX_BY_MODEL.values()]
    assert (await ask(NODES, ids=ids))["nodes"] == [None] * len(ids)


@pytest.mark.usefixtures("database")
async def test_the_number_of_one_kind_finds_nothing_of_another() -> None:
    rows = await one_of_each()
    for row in rows.values():
        others = [f"{prefix}_{row.id}" for model, prefix in PREFIX_BY_MODEL.items() if model != type(row).__name__]
        assert (await ask(NODES, ids=others))["nodes"] == [None] * len(others)


@pytest.mark.usefixtures("database")
async def test_many_nodes_take_no_more_statements_than_one_of_each_kind() -> None:
    counts = []
    for shot_count in (1, 5):
        film = await make_film(shot_count=shot_count)
        rows: list[Row] = [*film.parts, *await ScriptShot.filter(script_id=film.script.id)]
        rows += await WorkflowStage.filter(workflow_id=film.workflow.id).limit(shot_count)
        rows += await StoredFile.filter(owner=OWNER).order_by("-id").limit(shot_count)
        with counted_statements() as statements:
            found = (await ask(NODES, ids=[row.global_id for row in rows]))["nodes"]
        assert [node["id"] for node in found] == [row.global_id for row in rows]
        counts.append(len(statements))
    assert counts[0] == counts[1]


# ---------------------------------------------------------------- what has an id now shows it where it stands


PLACES = """query ($id: ID!) { workflow(id: $id) {
  stages { id stage status }
  script { scenes { nodes { id shots { id number } } } }
  storyboard { shots { nodes { id croppedImage { id sha256 } } } }
  animatic { shots { nodes { id video { id } } } } } }"""


@pytest.mark.usefixtures("database")
async def test_parts_have_the_same_id_wherever_they_are_shown() -> None:
    film = await make_film(shot_count=2)
    found = (await ask(PLACES, id=film.workflow.global_id))["workflow"]
    stages = await WorkflowStage.filter(workflow_id=film.workflow.id)
    assert {stage["id"] for stage in found["stages"]} == {row.global_id for row in stages}
    (scene,) = found["script"]["scenes"]["nodes"]
    assert scene["id"] == (await ScriptScene.get()).global_id
    assert [shot["id"] for shot in found["animatic"]["shots"]["nodes"]] == [part.global_id for part in film.parts]
    ids = [shot["id"] for shot in scene["shots"]]
    ids += [shot["croppedImage"]["id"] for shot in found["storyboard"]["shots"]["nodes"]]
    assert [node["id"] for node in (await ask(NODES, ids=ids))["nodes"]] == ids


@pytest.mark.usefixtures("database")
async def test_a_stage_keeps_its_id_through_all_its_states_and_is_read_as_it_is_now() -> None:
    workflow = await make_workflow()
    stage = await WorkflowStage.get(workflow_id=workflow.id, stage=Stage.SCRIPT)
    document = "query ($id: ID!) { node(id: $id) { ... on StageProgress { id stage status progress } } }"
    for status in (WorkflowStatus.PENDING, WorkflowStatus.RUNNING, WorkflowStatus.SUCCEEDED):
        await WorkflowStage.filter(id=stage.id).update(status=status)
        found = (await ask(document, id=stage.global_id))["node"]
        assert found == {"id": stage.global_id, "stage": "SCRIPT", "status": status.value, "progress": 0}
    await Workflow.filter(id=workflow.id).delete()
    assert (await ask(document, id=stage.global_id))["node"] is None


# ---------------------------------------------------------------- files


@pytest.mark.usefixtures("database")
async def test_a_file_is_found_with_a_link_that_is_fresh(own_runtime: Runtime) -> None:
    now = [1_800_000_000.0]
    own_runtime.file_links = FileLinks(key=b"k" * 32, seconds=3600, now=lambda: now[0])
    file = await make_file(name="a b.png")
    one = (await ask(FILE, id=file.global_id))["node"]
    assert (one["id"], one["name"], one["bytes"]) == (file.global_id, "a b.png", file.bytes)
    now[0] += 3600
    two = (await ask(FILE, id=file.global_id))["node"]
    assert one["url"].split("?")[0] == two["url"].split("?")[0] == f"/files/{file.global_id}/a%20b.png"
    assert one["url"] != two["url"]


@pytest.mark.usefixtures("database")
async def test_a_file_that_came_without_a_name_is_named_by_what_it_is() -> None:
    file = await make_file(content_type="video/mp4")
    found = (await ask(FILE, id=file.global_id))["node"]
    assert found["name"] == f"{file.sha256[:12]}.mp4"
    assert f"/{found['name']}?" in found["url"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("state", [FileState.WRITING, FileState.REMOVING])
async def test_a_file_without_content_is_not_found(state: FileState) -> None:
    file = await make_file(state=state)
    assert (await ask(FILE, id=file.global_id))["node"] is None


@pytest.mark.usefixtures("either_database")
async def test_a_records_files_are_found_by_their_ids() -> None:
    job = await start("shot-1")
    files = await finish(job)
    document = "query ($id: ID!) { record(id: $id) { files { id } chosenFile { id } } }"
    record = (await ask(document, id=(await record_of(job)).global_id))["record"]
    assert [file["id"] for file in record["files"]] == [file.global_id for file in files]
    assert (await ask(NODES, ids=[record["chosenFile"]["id"]]))["nodes"][0]["__typename"] == "MediaFile"

"""What fails leaves the rest of the response: other root fields, earlier mutations, the objects around it."""

from typing import Any

import pytest

import resolvers
from models.callbacks import WebhookSecret
from models.films import AnimaticPart, VideoSegment
from models.workflows import Workflow
from providers.storage import LocalStorage
from resolvers.context import build_context
from services.platform.files import use_storage
from services.platform.identity import Viewer
from tests.batch_factories import make_batch
from tests.factories import OWNER, make_film, make_workflow
from tests.resolvers.asking import ask, subscribed

pytestmark = pytest.mark.usefixtures("database")


async def partial(document: str, scopes: tuple[str, ...] = ("system:read",), **variables: Any) -> tuple[Any, list[Any]]:
    """The data of a response, and the paths of its errors."""
    caller = Viewer(id=OWNER, name=None, scopes=scopes, expires_at=None)
    result = await resolvers.schema.execute(
        document, variable_values=variables, context_value=build_context(caller, "request-1")
    )
    return result.data, [error.path for error in result.errors or []]


async def test_a_field_that_the_caller_may_not_see_leaves_the_others() -> None:
    await make_workflow(name="Lamp")
    document = """{ me { owner } systemStatus { version } workflows { nodes { name } } accounts(first: 0) { totalCount }
        records(after: "nonsense") { totalCount } accountStatistics { total } upstreamTask(accountId: "acct_1",
        historyId: "1") { status } changeImpact(shotIds: ["shot_1"]) { images } }"""
    data, errors = await partial(document, scopes=())
    assert data == {
        "me": {"owner": OWNER},
        "systemStatus": None,
        "workflows": {"nodes": [{"name": "Lamp"}]},
        "accounts": None,
        "records": None,
        "accountStatistics": {"total": 0},
        "upstreamTask": None,
        "changeImpact": None,
    }
    refused = ["systemStatus", "accounts", "records", "upstreamTask", "changeImpact"]
    assert sorted(path[0] for path in errors) == sorted(refused)


async def test_mutations_that_succeeded_keep_their_payload_beside_one_that_was_refused() -> None:
    one, two = await make_workflow(), await make_workflow()
    document = """mutation ($one: ID!, $two: ID!) {
        first: renameWorkflow(id: $one, name: "A") { workflow { name } }
        none: renameWorkflow(id: "wf_1", name: "B") { workflow { name } }
        empty: renameWorkflow(id: $two, name: " ") { workflow { name } }
        last: renameWorkflow(id: $two, name: "C") { workflow { name } } }"""
    data, errors = await partial(document, one=one.global_id, two=two.global_id)
    assert data == {
        "first": {"workflow": {"name": "A"}},
        "none": None,
        "empty": None,
        "last": {"workflow": {"name": "C"}},
    }
    assert errors == [["none"], ["empty"]]
    assert {row.name for row in await Workflow.all()} == {"A", "C"}


async def test_a_mutation_with_an_unexpected_error_leaves_the_one_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("out of order")

    monkeypatch.setattr("services.film.workflows.cancel_workflow", broken)
    workflow = await make_workflow()
    document = """mutation ($id: ID!) { renameWorkflow(id: $id, name: "A") { workflow { name } }
        cancelWorkflow(id: $id) { workflow { name } } }"""
    data, errors = await partial(document, id=workflow.global_id)
    assert data == {"renameWorkflow": {"workflow": {"name": "A"}}, "cancelWorkflow": None}
    assert errors == [["cancelWorkflow"]]


async def test_wrong_arguments_of_one_list_leave_the_object_and_its_page() -> None:
    film = await make_film(shot_count=1)
    batch = await make_batch()
    document = """{ workflows { nodes { id script { scenes(first: 0) { totalCount } }
        assets(first: 101) { totalCount } jobs(after: "nonsense") { totalCount }
        storyboard { shotsCount shots(first: -1) { totalCount } } } totalCount }
        batches { nodes { id jobs(first: 1000) { totalCount } } } }"""
    data, errors = await partial(document)
    workflow = {
        "id": film.workflow.global_id,
        "script": {"scenes": None},
        "assets": None,
        "jobs": None,
        "storyboard": {"shotsCount": 1, "shots": None},
    }
    assert data == {
        "workflows": {"nodes": [workflow], "totalCount": 1},
        "batches": {"nodes": [{"id": batch.global_id, "jobs": None}]},
    }
    assert len(errors) == 5


async def test_a_secret_that_no_key_opens_leaves_the_caller() -> None:
    await WebhookSecret.create(owner=OWNER, sealed="made with a key that is gone")
    data, errors = await partial("{ me { owner scopes webhookSecrets { hint } } workflows { totalCount } }")
    me = {"owner": OWNER, "scopes": ["system:read"], "webhookSecrets": None}
    assert data == {"me": me, "workflows": {"totalCount": 0}}
    assert errors == [["me", "webhookSecrets"]]


async def test_a_storage_that_is_gone_leaves_the_status(data_dir: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    use_storage(None, data_dir)

    async def gone(_: Any) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(LocalStorage, "free_bytes", gone)
    status = (await ask("{ systemStatus { version queues { name } storageBytes storageFreeBytes } }"))["systemStatus"]
    assert status["storageFreeBytes"] is None
    assert status["queues"]
    assert status["version"]


async def test_a_shot_that_goes_while_its_parts_are_read_leaves_the_page() -> None:
    """Rows that refer to a shot are deleted before it, but a page that was read before that shows them still."""
    film = await make_film(shot_count=2)
    missing = film.shots[0].id + 1
    await AnimaticPart.filter(id=film.parts[0].id).update(shot_id=missing)
    await VideoSegment.filter(id=film.segments[0].id).update(shot_id=missing)
    document = """query ($part: ID!, $segment: ID!, $whole: ID!) {
        part: node(id: $part) { ... on AnimaticShot { shot { id } video { id } } }
        segment: node(id: $segment) { ... on VideoSegment { shot { id } durationSeconds } }
        whole: node(id: $whole) { ... on AnimaticShot { shot { id } } } }"""
    ids = {"part": film.parts[0], "segment": film.segments[0], "whole": film.parts[1]}
    found = await ask(document, **{name: row.global_id for name, row in ids.items()})
    assert found["part"]["shot"] is None
    assert found["part"]["video"] is not None
    assert found["segment"] == {"shot": None, "durationSeconds": 2.5}
    assert found["whole"] == {"shot": {"id": film.shots[1].global_id}}


async def test_an_error_within_an_event_leaves_the_rest_of_the_event() -> None:
    batch = await make_batch()
    document = "subscription ($id: ID!) { batchProgress(id: $id) { id jobs(first: 1000) { totalCount } } }"
    async with subscribed(document, id=batch.global_id) as source:
        event = await anext(source)
    assert event.data == {"batchProgress": {"id": batch.global_id, "jobs": None}}
    assert [error.path for error in event.errors] == [["batchProgress", "jobs"]]

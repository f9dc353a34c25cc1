"""Every order of every list: kept over pages in both directions, with few statements, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.alert_enums import AlertKind, AlertSeverity
from models.enums import BatchStatus, JobStatus
from models.generation import GenerationRecord
from models.workflows import Workflow
from services.notifications.alerts.raising import raise_alert
from tests.account_factories import make_account
from tests.batch_factories import make_batch
from tests.factories import OTHER, OWNER, make_asset, make_film, make_job, make_script, make_workflow
from tests.record_factories import made
from tests.resolvers.asking import ask, refused
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")

START = datetime(2026, 1, 1, tzinfo=UTC)


async def walk(root: str, order: str, node: str) -> list[Any]:
    """The list page by page, two at a time; the same from its end backward, and by numbered pages."""
    document = f"""query ($first: Int, $after: String, $last: Int, $before: String, $page: Int) {{
      {root}(orderBy: {order}, first: $first, after: $after, last: $last, before: $before, page: $page) {{
        nodes {{ {node} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount }} }}"""

    async def page(**variables: Any) -> dict[str, Any]:
        return (await ask(document, **variables))[root]  # type: ignore[no-any-return]

    forward: list[Any] = []
    got = await page(first=2)
    total = got["totalCount"]
    while True:
        forward += got["nodes"]
        assert len(forward) <= total
        if not got["pageInfo"]["hasNextPage"]:
            break
        got = await page(first=2, after=got["pageInfo"]["endCursor"])
    backward: list[Any] = []
    got = await page(last=2)
    while True:
        backward = got["nodes"] + backward
        assert len(backward) <= total
        if not got["pageInfo"]["hasPreviousPage"]:
            break
        got = await page(last=2, before=got["pageInfo"]["startCursor"])
    numbered = [each for number in range(1, total // 2 + 2) for each in (await page(first=2, page=number))["nodes"]]
    assert forward == backward == numbered
    assert len(forward) == total
    return [each[node.split()[0]] for each in forward]


async def both_ways(root: str, field: str, node: str) -> list[Any]:
    """The list in the ascending order, which is the descending one turned round."""
    up = await walk(root, f"{{ field: {field} }}", node)
    down = await walk(root, f"{{ field: {field}, direction: DESC }}", node)
    assert down == up[::-1]
    return up


async def test_workflows_are_ordered_by_each_of_their_fields() -> None:
    for number, name in enumerate(["beta", "Alpha", "gamma", "alpha", "delta"]):
        workflow = await make_workflow(name=name)
        await Workflow.filter(id=workflow.id).update(updated_at=START - timedelta(minutes=number % 4))
    await make_workflow(OTHER, name="aaa")
    assert await both_ways("workflows", "CREATED_AT", "name") == ["beta", "Alpha", "gamma", "alpha", "delta"]
    assert await both_ways("workflows", "NAME", "name") == ["Alpha", "alpha", "beta", "delta", "gamma"]
    assert await both_ways("workflows", "UPDATED_AT", "name") == ["alpha", "gamma", "Alpha", "beta", "delta"]


async def test_what_has_not_ended_is_later_than_all_that_has() -> None:
    jobs = []
    for seconds in (5, None, 3, 3, None):
        ends = None if seconds is None else START + timedelta(seconds=seconds, microseconds=7)
        status = JobStatus.RUNNING if seconds is None else JobStatus.SUCCEEDED
        jobs.append(await make_job(status=status, finished_at=ends))
        await make_batch(work_id=str(len(jobs)), status=BatchStatus.RUNNING, finished_at=ends)
    ids = [jobs[number].global_id for number in (2, 3, 0, 1, 4)]
    assert await both_ways("jobs", "FINISHED_AT", "id") == ids
    assert await both_ways("batches", "FINISHED_AT", "workId") == ["3", "4", "1", "2", "5"]


async def test_records_and_accounts_and_alerts_are_ordered_by_each_of_their_fields() -> None:
    for storyboard in ("b", "c", "a"):
        await made(storyboard)
        await make_account(name=storyboard.upper() if storyboard == "c" else storyboard)
    await GenerationRecord.filter(storyboard_id="b").update(updated_at=datetime.now(UTC))
    assert await both_ways("records", "STORYBOARD_ID", "storyboardId") == ["a", "b", "c"]
    assert (await both_ways("records", "UPDATED_AT", "storyboardId"))[-1] == "b"
    assert await both_ways("accounts", "NAME", "name") == ["a", "b", "C"]
    for number, severity in enumerate((AlertSeverity.WARNING, AlertSeverity.CRITICAL, AlertSeverity.INFO)):
        await raise_alert(OWNER if number else "", AlertKind.CREDIT_LOW, severity, f"cause:{number}", str(number))
    assert await both_ways("alerts", "SEVERITY", "message") == ["2", "0", "1"]


async def test_child_lists_have_the_same_pages_and_orders() -> None:
    films = [await make_film(shot_count=3) for _ in range(2)]
    document = """query ($last: Int, $before: String, $page: Int, $first: Int) { workflows { nodes { storyboard {
      shots(last: $last, before: $before, page: $page, first: $first, orderBy: { field: SEQUENCE, direction: DESC }) {
        nodes { sequence } pageInfo { startCursor } totalCount } } } } }"""
    shots = [each["storyboard"]["shots"] for each in (await ask(document, last=2))["workflows"]["nodes"]]
    assert [[shot["sequence"] for shot in each["nodes"]] for each in shots] == [[2, 1], [2, 1]]
    assert [each["totalCount"] for each in shots] == [3, 3]
    before = shots[0]["pageInfo"]["startCursor"]
    shots = [each["storyboard"]["shots"] for each in (await ask(document, last=2, before=before))["workflows"]["nodes"]]
    assert [[shot["sequence"] for shot in each["nodes"]] for each in shots] == [[3], [3]]
    with counted_statements() as statements:
        answer = await ask(document, page=2, first=2)
    shots = [each["storyboard"]["shots"] for each in answer["workflows"]["nodes"]]
    assert [[shot["sequence"] for shot in each["nodes"]] for each in shots] == [[1], [1]]
    assert len(statements) == 7  # two for each of the two pages, two for the newest storyboards, one for the counts
    script = await make_script(workflow_id=films[0].workflow.id)
    for position, name in enumerate(("b", "A")):
        await make_asset(script, position, name=name)
    one = """query ($id: ID!) { workflow(id: $id) { assets(orderBy: { field: NAME }, first: 2) { nodes { name } } } }"""
    found = (await ask(one, id=films[0].workflow.global_id))["workflow"]["assets"]["nodes"]
    assert [asset["name"] for asset in found] == ["A", "Asset 0"]


async def test_a_cursor_of_another_order_is_refused_in_lists_and_child_lists() -> None:
    film = await make_film(shot_count=1)
    document = """query ($after: String, $id: ID!) { workflow(id: $id) {
      jobs(after: $after, orderBy: { field: FINISHED_AT }) { pageInfo { endCursor } } } }"""
    cursor = (await ask("{ jobs { pageInfo { endCursor } } }"))["jobs"]["pageInfo"]["endCursor"]
    refusal = await refused(document, id=film.workflow.global_id, after=cursor)
    assert (refusal.code, refusal.path) == ("BAD_USER_INPUT", ["after"])
    assert "FINISHED_AT ASC" in refusal.message


PROJECTS = """query ($filter: ProjectFilter) { projects(filter: $filter, orderBy: { field: PROJECT_ID }) {
  totalCount nodes { projectId name workCount imageCount videoCount batchCount workflowCount } } }"""
WORKS = """query ($filter: WorkFilter) { works(filter: $filter, orderBy: { field: WORK_ID }) {
  totalCount nodes { workId projectId projectName imageCount batchCount } } }"""


async def test_projects_and_works_are_what_records_batches_and_workflows_name() -> None:
    await made("1", project_id="one", project_name="The First", work_id="a")
    await made("2", project_id="one", project_name="The First", work_id="b")
    await made("2", project_id="two", work_id="b")
    await made("3", OTHER, project_id="theirs")
    await make_batch(project_id="two", project_name="The Second", work_id="c")
    await make_batch(project_id="gone", deleted_at=START)
    await make_workflow(project_id="three")
    numbers = {"workCount": 2, "imageCount": 2, "videoCount": 0, "batchCount": 0, "workflowCount": 0}
    found = (await ask(PROJECTS))["projects"]
    assert found["totalCount"] == 3
    assert found["nodes"][0] == {"projectId": "one", "name": "The First", **numbers}
    numbers = {"workCount": 0, "imageCount": 0, "videoCount": 0, "batchCount": 0, "workflowCount": 1}
    assert found["nodes"][1] == {"projectId": "three", "name": None, **numbers}
    numbers = {"workCount": 2, "imageCount": 1, "videoCount": 0, "batchCount": 1, "workflowCount": 0}
    assert found["nodes"][2] == {"projectId": "two", "name": "The Second", **numbers}
    assert (await ask(PROJECTS, filter={"projectIdContains": "TW"}))["projects"]["totalCount"] == 1
    works = (await ask(WORKS))["works"]["nodes"]
    assert [(work["workId"], work["projectId"], work["imageCount"]) for work in works] == [
        ("a", "one", 1),
        ("b", "one", 1),
        ("b", "two", 1),
        ("c", "two", 0),
    ]
    assert (await ask(WORKS, filter={"projectId": "two", "workIdContains": "c"}))["works"]["nodes"] == [
        {"workId": "c", "projectId": "two", "projectName": "The Second", "imageCount": 0, "batchCount": 1}
    ]
    assert await both_ways("projects", "LAST_REQUESTED_AT", "projectId") == ["one", "two", "three"]
    assert await both_ways("projects", "CREATED_AT", "projectId") == ["one", "two", "three"]
    assert await both_ways("works", "LAST_REQUESTED_AT", "workId") == ["a", "b", "b", "c"]
    assert (await ask(PROJECTS, OTHER))["projects"]["nodes"][0]["projectId"] == "theirs"


async def test_lists_of_projects_are_two_statements_and_counted_only_where_it_is_asked_for() -> None:
    await made("1", project_id="one")
    with counted_statements() as statements:
        await asyncio.gather(ask("{ projects { nodes { projectId name } } }"))
    assert len(statements) == 2

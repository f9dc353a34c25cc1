from datetime import timedelta
from typing import Any

import pytest

from models.enums import ArtifactKind, AssetType, JobStatus, JobType, Stage, WorkflowStatus
from models.jobs import Job
from tests.factories import OTHER, make_asset, make_build, make_film, make_job, make_script, make_workflow
from tests.resolvers.asking import ask, refused
from tests.statements import counted_statements

WORKFLOWS = """
query ($filter: WorkflowFilter, $first: Int, $after: String, $last: Int, $before: String, $page: Int) {
  workflows(filter: $filter, first: $first, after: $after, last: $last, before: $before, page: $page) {
    nodes { name }
    edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""


async def make_workflows(count: int) -> None:
    for number in range(count):
        await make_workflow(name=str(number))
    await make_workflow(OTHER, name="not mine")


async def page(**variables: Any) -> dict[str, Any]:
    return (await ask(WORKFLOWS, **variables))["workflows"]  # type: ignore[no-any-return]


def names(connection: dict[str, Any]) -> str:
    assert [edge["node"] for edge in connection["edges"]] == connection["nodes"]
    return "".join(node["name"] for node in connection["nodes"])


@pytest.mark.usefixtures("either_database")
async def test_pages_go_through_the_whole_list_forward_and_backward() -> None:
    await make_workflows(7)
    one = await page(first=3)
    assert (names(one), one["totalCount"]) == ("654", 7)
    assert one["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": one["edges"][0]["cursor"],
        "endCursor": one["edges"][2]["cursor"],
    }
    two = await page(first=3, after=one["pageInfo"]["endCursor"])
    assert names(two) == "321"
    three = await page(first=3, after=two["pageInfo"]["endCursor"])
    assert (names(three), three["pageInfo"]["hasNextPage"]) == ("0", False)
    back = await page(last=2, before=three["pageInfo"]["startCursor"])
    assert (names(back), back["pageInfo"]["hasPreviousPage"]) == ("21", True)
    assert names(await page(last=2)) == "10"


@pytest.mark.usefixtures("either_database")
async def test_numbered_pages_have_first_as_their_size() -> None:
    await make_workflows(7)
    assert names(await page(page=1, first=3)) == "654"
    last = await page(page=3, first=3)
    assert (names(last), last["pageInfo"]["hasNextPage"]) == ("0", False)
    assert names(await page(page=9, first=3)) == ""


@pytest.mark.usefixtures("database")
async def test_a_row_added_between_two_pages_moves_nothing() -> None:
    await make_workflows(4)
    one = await page(first=2)
    await make_workflow(name="new")
    assert names(await page(first=2, after=one["pageInfo"]["endCursor"])) == "10"


@pytest.mark.usefixtures("database")
async def test_first_with_last_is_refused_with_its_path() -> None:
    error = await refused(WORKFLOWS, first=1, last=1)
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["last"])


@pytest.mark.usefixtures("database")
async def test_the_whole_is_only_counted_where_it_is_asked_for() -> None:
    await make_workflows(2)
    with counted_statements() as statements:
        await ask("{ workflows { nodes { name } } }")
    assert len(statements) == 2
    assert not [statement for statement in statements if "COUNT" in statement.upper()]


@pytest.mark.usefixtures("either_database")
async def test_workflows_are_filtered_by_status_stage_and_name() -> None:
    await make_workflow(name="A Little Thing", status=WorkflowStatus.RUNNING, current_stage=Stage.VIDEO)
    await make_workflow(name="100% thing", status=WorkflowStatus.FAILED, current_stage=Stage.VIDEO)
    assert names(await page(filter={"nameContains": "little"})) == "A Little Thing"
    assert names(await page(filter={"nameContains": "%"})) == "100% thing"
    assert names(await page(filter={"status": ["FAILED", "CANCELED"]})) == "100% thing"
    assert names(await page(filter={"stage": "VIDEO", "status": ["RUNNING"]})) == "A Little Thing"
    assert names(await page(filter={"status": []})) == ""


JOBS = "query ($filter: JobFilter) { jobs(filter: $filter) { nodes { id } totalCount } }"


async def job_ids(**conditions: Any) -> list[str]:
    return [node["id"] for node in (await ask(JOBS, filter=conditions))["jobs"]["nodes"]]


@pytest.mark.usefixtures("either_database")
async def test_jobs_are_filtered_and_their_parts_are_not_listed() -> None:
    workflow = await make_workflow()
    script = await make_job(type=JobType.SCRIPT, status=JobStatus.SUCCEEDED)
    board = await make_job(workflow_id=workflow.id)
    await make_build(board, ArtifactKind.PICTURE, subject_id=1)
    await make_job(OTHER)
    assert await job_ids() == [board.global_id, script.global_id]
    assert await job_ids(type=["SCRIPT"]) == [script.global_id]
    assert await job_ids(status=["PENDING"]) == [board.global_id]
    assert await job_ids(workflowId=workflow.global_id) == [board.global_id]
    assert await job_ids(workflowId="wf_1") == []
    assert await job_ids(workflowId="nonsense") == []
    later = (board.created_at + timedelta(hours=1)).isoformat()
    assert await job_ids(createdAfter=later) == []
    assert len(await job_ids(createdBefore=later)) == 2
    assert await Job.all().count() == 4


@pytest.mark.usefixtures("either_database")
async def test_assets_of_a_workflow_are_paged_and_filtered() -> None:
    workflow = await make_workflow()
    script = await make_script(workflow_id=workflow.id)
    for position in range(3):
        await make_asset(script, position)
    await make_asset(script, 3, type=AssetType.SCENE)
    document = """query ($id: ID!, $type: AssetType, $after: String) {
      assets(workflowId: $id, type: $type, first: 2, after: $after) {
        nodes { name } totalCount pageInfo { hasNextPage endCursor }
      }
    }"""
    one = (await ask(document, id=workflow.global_id, type="CHARACTER"))["assets"]
    assert ([node["name"] for node in one["nodes"]], one["totalCount"]) == (["Asset 2", "Asset 1"], 3)
    two = (await ask(document, id=workflow.global_id, type="CHARACTER", after=one["pageInfo"]["endCursor"]))["assets"]
    assert ([node["name"] for node in two["nodes"]], two["pageInfo"]["hasNextPage"]) == (["Asset 0"], False)
    assert (await ask(document, id=workflow.global_id))["assets"]["totalCount"] == 4
    assert (await ask(document, OTHER, id=workflow.global_id))["assets"]["totalCount"] == 0
    assert (await ask(document, id="nonsense"))["assets"]["nodes"] == []


@pytest.mark.usefixtures("either_database")
async def test_pages_of_many_parents_are_each_their_own() -> None:
    films = [await make_film(shot_count=count) for count in (1, 3)]
    document = """query ($after: String) { workflows { nodes { storyboard { shots(first: 2, after: $after) {
        nodes { sequence } pageInfo { hasNextPage endCursor } totalCount } } } } }"""
    answer = await ask(document)
    found = [workflow["storyboard"]["shots"] for workflow in answer["workflows"]["nodes"]]
    assert [[shot["sequence"] for shot in shots["nodes"]] for shots in found] == [[1, 2], [1]]
    assert [shots["totalCount"] for shots in found] == [3, 1]
    assert [shots["pageInfo"]["hasNextPage"] for shots in found] == [True, False]
    assert films[0].workflow.id < films[1].workflow.id

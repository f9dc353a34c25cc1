from typing import Any

import pytest

from models.artifacts import Artifact
from models.enums import ArtifactKind, FileRole, FileState, GridLayout, JobStatus, JobType, Stage
from models.films import Edit
from models.jobs import Job
from models.storyboards import Shot
from models.workflows import Workflow, WorkflowStage
from tests.factories import (
    OTHER,
    give_files,
    make_artifact,
    make_build,
    make_file,
    make_film,
    make_job,
    make_script,
    make_shot,
    make_storyboard,
    make_workflow,
    stored_options,
)
from tests.resolvers.asking import ask, refused
from tests.statements import counted_statements

EVERYTHING = """
query ($id: ID!) {
  workflow(id: $id) {
    id name status progress currentStage options { textProvider gridLayout pauseAfter preferences shotSecondsMin }
    stages { stage status job { id status progress files { sha256 } workflow { id } children { nodes { id } } } }
    script { id status screenplay scenes { nodes { number heading shots { id number title } } } }
    assets { nodes { name status designImage { url } referenceImage { url } error { code } } totalCount }
    storyboard {
      status gridLayout shotsCount completedShots gridImages { sha256 }
      shots(first: 100) { nodes {
        id sequence status needsRegeneration image { url } croppedImage { sha256 } candidates { sha256 }
        assets { name status designImage { url } } error { message }
      } totalCount }
    }
    animatic {
      status totalSeconds video { url } audio { url }
      shots(first: 100) { nodes {
        shot { id status image { url } } video { url } audio { url } startSeconds durationSeconds } }
    }
    video {
      status progress totalSegments completedSegments
      segments(first: 100) { nodes {
        id shot { id croppedImage { url } } status progress video { url } durationSeconds error { code } } }
    }
    edit { status film { url } subtitles { url } poster { url } backgroundMusic { url } audioEffects durationSeconds }
    jobs { nodes { id type status result { __typename } files { sha256 } parent { id } } totalCount }
  }
}
"""


@pytest.mark.usefixtures("either_database")
async def test_a_film_is_shown_with_all_that_it_holds() -> None:
    film = await make_film(shot_count=3)
    workflow = (await ask(EVERYTHING, id=film.workflow.global_id))["workflow"]
    assert workflow["options"] == {
        "textProvider": "offline",
        "gridLayout": "SINGLE",
        "pauseAfter": [],
        "preferences": None,
        "shotSecondsMin": 2.0,
    }
    assert [stage["stage"] for stage in workflow["stages"]] == list(Stage)
    assert workflow["stages"][0]["job"]["id"] == film.jobs[Stage.SCRIPT].global_id
    assert len(workflow["stages"][2]["job"]["files"]) == 6
    assert [shot["number"] for shot in workflow["script"]["scenes"]["nodes"][0]["shots"]] == [1, 2, 3]
    board = workflow["storyboard"]
    assert (board["status"], board["shotsCount"], board["completedShots"]) == ("SUCCEEDED", 3, 3)
    shot = board["shots"]["nodes"][0]
    assert (shot["sequence"], shot["status"]) == (1, "SUCCEEDED")
    assert shot["candidates"][0] == shot["croppedImage"]
    assert len(shot["candidates"]) == 2
    assert [asset["name"] for asset in shot["assets"]] == ["Asset 1"]
    parts = workflow["animatic"]["shots"]["nodes"]
    assert [(part["startSeconds"], part["durationSeconds"]) for part in parts] == [(0, 2.5), (2.5, 2.5), (5, 2.5)]
    assert workflow["animatic"]["totalSeconds"] == 7.5
    assert [part["shot"]["id"] for part in parts] == [shot["id"] for shot in board["shots"]["nodes"]]
    video = workflow["video"]
    assert (video["totalSegments"], video["completedSegments"], video["progress"]) == (3, 3, 1.0)
    assert [segment["durationSeconds"] for segment in video["segments"]["nodes"]] == [2.5] * 3
    assert workflow["edit"]["audioEffects"] == ["wind"]
    assert workflow["edit"]["durationSeconds"] == 7.5
    assert [job["type"] for job in workflow["jobs"]["nodes"]] == [stage.value for stage in reversed(Stage)]
    assert [job["result"]["__typename"] for job in workflow["jobs"]["nodes"]] == [
        "Edit",
        "Video",
        "Animatic",
        "Storyboard",
        "AssetList",
        "Script",
    ]


@pytest.mark.usefixtures("database")
async def test_sixty_shots_take_no_more_statements_than_two() -> None:
    counts = []
    for shot_count in (2, 60):
        film = await make_film(shot_count=shot_count)
        with counted_statements() as statements:
            answer = await ask(EVERYTHING, id=film.workflow.global_id)
        assert len(answer["workflow"]["storyboard"]["shots"]["nodes"]) == shot_count
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[1] < 100


@pytest.mark.usefixtures("database")
async def test_ten_workflows_take_no_more_statements_than_one() -> None:
    document = """{ workflows { nodes { stages { stage job { files { sha256 } } } script { id }
        assets { nodes { status designImage { url } } totalCount }
        storyboard { status completedShots shotsCount shots { nodes { status image { url } } } }
        video { completedSegments segments { nodes { status } } } edit { film { url } }
        jobs { nodes { status } } } } }"""
    await make_film(shot_count=1)
    with counted_statements() as one:
        await ask(document)
    for _ in range(9):
        await make_film(shot_count=2)
    with counted_statements() as ten:
        assert len((await ask(document))["workflows"]["nodes"]) == 10
    assert len(one) == len(ten)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("field", ["workflow", "script", "asset", "storyboard", "animatic", "video", "edit", "job"])
async def test_each_field_finds_its_own_kind_only(field: str) -> None:
    film = await make_film(shot_count=1)
    own = {
        "workflow": film.workflow,
        "script": film.script,
        "asset": film.assets[0],
        "storyboard": film.storyboard,
        "animatic": film.animatic,
        "video": film.video,
        "edit": film.edit,
        "job": film.jobs[Stage.EDIT],
    }
    document = f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}"
    assert (await ask(document, id=own[field].global_id))[field] == {"id": own[field].global_id}
    assert (await ask(document, OTHER, id=own[field].global_id))[field] is None
    other_kind = film.shots[0].global_id
    assert (await ask(document, id=other_kind))[field] is None
    assert (await ask(document, id="wf_99999999999999999999"))[field] is None


@pytest.mark.usefixtures("database")
async def test_an_id_with_a_leading_zero_is_no_other_spelling_of_one() -> None:
    job = await make_job()
    document = "query ($id: ID!) { node(id: $id) { id } job(id: $id) { id } nodes(ids: [$id]) { id } }"
    found = {"id": job.global_id}
    assert await ask(document, id=f"job_{job.id}") == {"node": found, "job": found, "nodes": [found]}
    assert await ask(document, id=f"job_0{job.id}") == {"node": None, "job": None, "nodes": [None]}
    error = await refused("mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }", id=f"job_0{job.id}")
    assert error.code == "NOT_FOUND"
    assert (await Job.get(id=job.id)).status is job.status


@pytest.mark.usefixtures("database")
async def test_nodes_come_in_the_order_asked_for() -> None:
    one, two = await make_workflow(), await make_job()
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = [two.global_id, "wf_1", one.global_id, "file_5", two.global_id]
    found = (await ask(document, ids=ids))["nodes"]
    assert found == [{"id": two.global_id}, None, {"id": one.global_id}, None, {"id": two.global_id}]
    error = await refused(document, ids=["wf_1"] * 1001)
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["ids"])


@pytest.mark.usefixtures("database")
async def test_the_caller_is_told_who_it_is() -> None:
    me = (await ask("{ me { owner name scopes } }"))["me"]
    assert me == {"owner": "mira", "name": "Mira", "scopes": ["system:read"]}


SHOT = """query ($id: ID!) { node(id: $id) { ... on Shot {
  status image { sha256 } croppedImage { sha256 } candidates { sha256 } error { code message retryable } } } }"""


async def shown(shot: Shot) -> dict[str, Any]:
    return (await ask(SHOT, id=shot.global_id))["node"]  # type: ignore[no-any-return]


@pytest.mark.usefixtures("either_database")
async def test_a_shots_state_follows_from_its_artifact_and_its_live_job() -> None:
    board = await make_storyboard(await make_script())
    shot = await make_shot(board)
    assert (await shown(shot))["status"] == "PENDING"
    job = await make_job(target_id=board.id, status=JobStatus.RUNNING)
    build = await make_build(job, ArtifactKind.PICTURE, shot.id, status=JobStatus.RUNNING, progress=0.5)
    assert (await shown(shot))["status"] == "RUNNING"
    await Job.filter(id=build.id).update(status=JobStatus.FAILED)
    error = {"code": "CONTENT_REJECTED", "message": "No.", "retryable": False, "upstreamCode": None}
    failed = await make_artifact(
        ArtifactKind.PICTURE, shot.id, fingerprint=None, failed_fingerprint="x" * 64, error=error
    )
    after = await shown(shot)
    assert after["status"] == "FAILED"
    assert after["error"] == {"code": "CONTENT_REJECTED", "message": "No.", "retryable": False}
    await Artifact.filter(id=failed.id).update(fingerprint="f" * 64, failed_fingerprint=None, error=None)
    assert (await shown(shot))["status"] == "SUCCEEDED"
    await Job.filter(id=build.id).update(status=JobStatus.PENDING)
    assert (await shown(shot))["status"] == "PENDING"


@pytest.mark.usefixtures("either_database")
async def test_counts_of_made_shots_agree_with_the_shots_own_states() -> None:
    board = await make_storyboard(await make_script())
    shots = [await make_shot(board, sequence) for sequence in range(1, 7)]
    error = {"code": "INTERNAL", "message": "", "retryable": False, "upstreamCode": None}
    await make_artifact(ArtifactKind.PICTURE, shots[0].id)
    await make_artifact(ArtifactKind.PICTURE, shots[1].id, fingerprint=None, is_pinned=True)
    await make_artifact(ArtifactKind.PICTURE, shots[2].id, failed_fingerprint="x" * 64, error=error)
    await make_artifact(ArtifactKind.PICTURE, shots[3].id)
    job = await make_job(target_id=board.id)
    await make_build(job, ArtifactKind.PICTURE, shots[3].id)
    await make_artifact(ArtifactKind.PICTURE, shots[4].id, fingerprint=None)
    document = """query ($id: ID!) { storyboard(id: $id) {
        status shotsCount completedShots shots { nodes { status } } } }"""
    found = (await ask(document, id=board.global_id))["storyboard"]
    states = [shot["status"] for shot in found["shots"]["nodes"]]
    assert states == ["SUCCEEDED", "SUCCEEDED", "FAILED", "PENDING", "PENDING", "PENDING"]
    assert (found["shotsCount"], found["completedShots"]) == (6, states.count("SUCCEEDED"))


@pytest.mark.usefixtures("database")
async def test_a_shot_of_a_grid_shows_the_grid_that_it_was_cut_from() -> None:
    board = await make_storyboard(await make_script(), grid_layout=GridLayout.GRID_2X2)
    grids = [await make_file(), await make_file()]
    for slot, grid in enumerate(grids):
        await make_artifact(ArtifactKind.GRID, board.id, [(FileRole.MAIN, grid)], slot=slot)
    fourth = await make_shot(board, 4, is_single=False)
    fifth = await make_shot(board, 5, is_single=False)
    edited = await make_shot(board, 6)
    picture = await make_file()
    await make_artifact(ArtifactKind.PICTURE, edited.id, [(FileRole.MAIN, picture)])
    assert (await shown(fourth))["image"] == {"sha256": grids[0].sha256}
    assert (await shown(fifth))["image"] == {"sha256": grids[1].sha256}
    assert (await shown(edited))["image"] == {"sha256": picture.sha256}
    document = "query ($id: ID!) { storyboard(id: $id) { gridImages { sha256 } } }"
    images = (await ask(document, id=board.global_id))["storyboard"]["gridImages"]
    assert images == [{"sha256": grid.sha256} for grid in grids]


@pytest.mark.usefixtures("database")
async def test_a_file_that_is_still_being_written_is_not_shown() -> None:
    shot = await make_shot(await make_storyboard(await make_script()))
    await make_artifact(ArtifactKind.PICTURE, shot.id, [(FileRole.MAIN, await make_file(state=FileState.WRITING))])
    assert (await shown(shot))["croppedImage"] is None


@pytest.mark.usefixtures("database")
async def test_an_animatic_that_is_not_made_shows_its_plan() -> None:
    film = await make_film(shot_count=2)
    await Artifact.filter(kind=ArtifactKind.ANIMATIC).delete()
    document = """query ($id: ID!) { animatic(id: $id) {
        totalSeconds video { url } shots { nodes { startSeconds durationSeconds } } } }"""
    found = (await ask(document, id=film.animatic.global_id))["animatic"]
    assert found["totalSeconds"] == 6.0
    assert found["video"] is None
    assert found["shots"]["nodes"] == [
        {"startSeconds": 0.0, "durationSeconds": 3.0},
        {"startSeconds": 3.0, "durationSeconds": 3.0},
    ]


@pytest.mark.usefixtures("database")
async def test_the_newest_of_a_workflow_is_shown() -> None:
    workflow = await make_workflow()
    await make_script(workflow_id=workflow.id, title="old")
    newest = await make_script(workflow_id=workflow.id)
    document = "query ($id: ID!) { workflow(id: $id) { script { id } storyboard { id } } }"
    found = (await ask(document, id=workflow.global_id))["workflow"]
    assert found == {"script": {"id": newest.global_id}, "storyboard": None}


RESULT = """query ($id: ID!) { job(id: $id) {
  result { __typename ... on Asset { id } ... on AssetList { assets { name } }
    ... on Speech { shot { id } durationSeconds audio { contentType } } }
  files { sha256 } parent { id } stage priority children { nodes { id } totalCount } error { code } } }"""


@pytest.mark.usefixtures("database")
async def test_jobs_show_what_they_made() -> None:
    film = await make_film(shot_count=2)
    found = (await ask(RESULT, id=film.jobs[Stage.ASSETS].global_id))["job"]
    assert found["result"] == {
        "__typename": "AssetList",
        "assets": [{"name": "Asset 0"}, {"name": "Asset 1"}, {"name": "Asset 2"}],
    }
    one = await make_job(
        type=JobType.ASSETS,
        target_id=film.script.id,
        status=JobStatus.SUCCEEDED,
        params={"only_asset_id": film.assets[1].id},
    )
    found = (await ask(RESULT, id=one.global_id))["job"]
    assert found["result"] == {"__typename": "Asset", "id": film.assets[1].global_id}
    speech = await make_job(
        type=JobType.SPEECH,
        target_id=film.animatic.id,
        status=JobStatus.SUCCEEDED,
        params={"only_part_id": film.parts[1].id},
    )
    found = (await ask(RESULT, id=speech.global_id))["job"]["result"]
    assert found == {
        "__typename": "Speech",
        "shot": {"id": film.shots[1].global_id},
        "durationSeconds": 2.0,
        "audio": {"contentType": "audio/wav"},
    }


@pytest.mark.usefixtures("database")
async def test_a_job_that_has_not_succeeded_has_no_result_and_parts_have_none() -> None:
    film = await make_film(shot_count=1)
    job = film.jobs[Stage.STORYBOARD]
    found = (await ask(RESULT, id=job.global_id))["job"]
    (child,) = found["children"]["nodes"]
    part = (await ask(RESULT, id=child["id"]))["job"]
    assert (part["result"], part["parent"]) == (None, {"id": job.global_id})
    await Job.filter(id=job.id).update(status=JobStatus.RUNNING)
    assert (await ask(RESULT, id=job.global_id))["job"]["result"] is None


@pytest.mark.usefixtures("either_database")
async def test_a_jobs_files_are_its_own_and_its_parts_each_once_in_order() -> None:
    job = await make_job()
    own, shared, last = await make_file(), await make_file(), await make_file()
    await give_files(job, own, shared)
    build = await make_build(job, ArtifactKind.PICTURE, 1)
    await give_files(build, shared, last)
    found = (await ask(RESULT, id=job.global_id))["job"]
    assert [file["sha256"] for file in found["files"]] == [own.sha256, shared.sha256, last.sha256]
    part = (await ask(RESULT, id=build.global_id))["job"]
    assert [file["sha256"] for file in part["files"]] == [shared.sha256, last.sha256]


@pytest.mark.usefixtures("database")
async def test_options_are_shown_as_they_were_chosen() -> None:
    options = stored_options(
        target_shots=12,
        pause_after=(Stage.SCRIPT,),
        preferences={"theme": ["dark", 1]},
        grid_layout=GridLayout.GRID_3X3,
    )
    workflow = await make_workflow(options=options)
    document = """query ($id: ID!) { workflow(id: $id) { options {
        targetShots pauseAfter preferences gridLayout creditBudget quality } } }"""
    assert (await ask(document, id=workflow.global_id))["workflow"]["options"] == {
        "targetShots": 12,
        "pauseAfter": ["SCRIPT"],
        "preferences": {"theme": ["dark", 1]},
        "gridLayout": "GRID_3X3",
        "creditBudget": None,
        "quality": "STANDARD",
    }


@pytest.mark.usefixtures("database")
async def test_links_are_signed_and_stay_the_same_for_a_while() -> None:
    shot = await make_shot(await make_storyboard(await make_script()))
    file = await make_file(name="a b.png")
    await make_artifact(ArtifactKind.PICTURE, shot.id, [(FileRole.MAIN, file)])
    document = "query ($id: ID!) { node(id: $id) { ... on Shot { croppedImage { url bytes contentType width } } } }"
    found = (await ask(document, id=shot.global_id))["node"]["croppedImage"]
    assert found["url"].startswith(f"/files/{file.global_id}/a%20b.png?expires=")
    assert found == (await ask(document, id=shot.global_id))["node"]["croppedImage"]
    assert (found["bytes"], found["contentType"], found["width"]) == (file.bytes, "image/png", None)


@pytest.mark.usefixtures("database")
async def test_nothing_of_somebody_elses_shows_through_ones_own() -> None:
    """Rows that point at another owner's, however they came about, show nothing of it."""
    theirs = await make_film(OTHER, shot_count=1)
    mine = await make_film(shot_count=1)
    await Workflow.filter(id=mine.workflow.id).update(name="mine")
    await WorkflowStage.filter(workflow_id=mine.workflow.id, stage=Stage.EDIT).update(job_id=theirs.jobs[Stage.EDIT].id)
    await Shot.filter(id=mine.shots[0].id).update(asset_ids=[theirs.assets[0].id])
    await Edit.filter(id=theirs.edit.id).update(workflow_id=mine.workflow.id)
    await Job.filter(id=mine.jobs[Stage.SCRIPT].id).update(workflow_id=theirs.workflow.id)
    found = (await ask(EVERYTHING, id=mine.workflow.global_id))["workflow"]
    assert found["stages"][5]["job"] is None
    assert found["storyboard"]["shots"]["nodes"][0]["assets"] == []
    assert found["edit"]["film"] is not None
    assert found["jobs"]["totalCount"] == 5
    document = "query ($id: ID!) { job(id: $id) { workflow { id } } }"
    assert (await ask(document, id=mine.jobs[Stage.SCRIPT].global_id))["job"]["workflow"] is None


@pytest.mark.usefixtures("database")
async def test_a_job_has_its_target_from_the_beginning_and_parts_have_theirs() -> None:
    film = await make_film(shot_count=1)
    created = await ask(
        """mutation ($input: CreateVideoInput!) { createVideo(input: $input) {
             job { id result { __typename } target { __typename id ... on Video { status totalSegments } } } } }""",
        input={"animaticId": film.animatic.global_id},
    )
    job = created["createVideo"]["job"]
    assert job["result"] is None
    assert (job["target"]["__typename"], job["target"]["status"]) == ("Video", "PENDING")
    found = await ask("query ($id: ID!) { video(id: $id) { id } }", id=job["target"]["id"])
    assert found["video"] == {"id": job["target"]["id"]}
    document = "query ($id: ID!) { job(id: $id) { target { __typename id } } }"
    targets = {
        stage: (await ask(document, id=film.jobs[stage].global_id))["job"]["target"]["__typename"] for stage in Stage
    }
    assert list(targets.values()) == ["Script", "Script", "Storyboard", "Animatic", "Video", "Edit"]
    subjects = {
        ArtifactKind.SCRIPT: ("Script", film.script.id),
        ArtifactKind.DESIGN: ("Asset", film.assets[0].id),
        ArtifactKind.GRID: ("Storyboard", film.storyboard.id),
        ArtifactKind.PICTURE: ("Shot", film.shots[0].id),
        ArtifactKind.SPEECH: ("AnimaticShot", film.parts[0].id),
        ArtifactKind.MOTION: ("AnimaticShot", film.parts[0].id),
        ArtifactKind.ANIMATIC: ("Animatic", film.animatic.id),
        ArtifactKind.CLIP: ("VideoSegment", film.segments[0].id),
        ArtifactKind.MUSIC: ("Edit", film.edit.id),
        ArtifactKind.FILM: ("Edit", film.edit.id),
    }
    assert set(subjects) == set(ArtifactKind)
    for kind, (name, subject_id) in subjects.items():
        build = await make_build(film.jobs[Stage.STORYBOARD], kind, subject_id)
        target = (await ask(document, id=build.global_id))["job"]["target"]
        assert (target["__typename"], target["id"].split("_")[-1]) == (name, str(subject_id))
    assert (await ask(document, OTHER, id=film.jobs[Stage.VIDEO].global_id))["job"] is None


@pytest.mark.usefixtures("database")
async def test_a_workflow_has_its_project_its_source_and_no_end_where_nothing_is_known() -> None:
    document = """mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow {
        id project { projectId name } source { text file { name contentType } } estimatedCompletion } } }"""
    text = "Ann goes out.\n\nShe meets Ben."
    given = {"name": "One", "inputContent": text, "projectId": "mine", "projectName": "My project"}
    workflow = (await ask(document, input=given))["createWorkflow"]["workflow"]
    assert workflow["project"] == {"projectId": "mine", "name": "My project"}
    assert workflow["source"]["text"].strip() == text
    assert workflow["source"]["file"]["contentType"] == "text/plain"
    assert workflow["estimatedCompletion"] is None
    long = {"name": "Two", "inputContent": "Ann goes out. " * 6000}
    workflow = (await ask(document, input=long))["createWorkflow"]["workflow"]
    assert (workflow["project"]["projectId"], workflow["source"]["text"]) == ("default", None)
    listed = '{ workflows(filter: { projectId: "mine" }) { nodes { name } } }'
    assert (await ask(listed))["workflows"]["nodes"] == [{"name": "One"}]
    refusal = await refused(document, input={**given, "projectId": ""})
    assert (refusal.code, refusal.path) == ("BAD_USER_INPUT", ["input", "projectId"])

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.datastructures import UploadFile

from models.enums import ArtifactKind, FileRole, JobStatus, JobType, Stage, WorkflowStatus
from models.files import StoredFile
from models.films import Edit, Video
from models.jobs import Job
from models.scripts import Asset, Script
from models.storyboards import Shot, Storyboard
from models.workflows import Workflow
from services.platform.files import use_storage
from tests.factories import OTHER, Film, make_artifact, make_file, make_film, make_job, make_script, make_workflow
from tests.resolvers.asking import ask, execute, refused

pytestmark = pytest.mark.usefixtures("storage")

STORY = "Ann walked down the street. “Good morning,” said Ben. Ann smiled and went on her way."
CREATE = """mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow {
  id name status currentStage inputType
  options { style gridLayout pauseAfter preferences targetShots quality subtitles }
  stages { stage status job { type status } } script { status } } } }"""


@pytest.fixture
async def storage(database: None, data_dir: Path) -> None:
    use_storage(None, data_dir)


def upload(content: bytes, name: str = "file") -> UploadFile:
    return UploadFile(io.BytesIO(content), filename=name)


def png(size: tuple[int, int] = (64, 36)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "PNG")
    return out.getvalue()


async def test_a_workflow_is_created_with_defaults_and_begins() -> None:
    answer = await ask(CREATE, input={"name": "  A walk ", "inputContent": STORY})
    workflow = answer["createWorkflow"]["workflow"]
    assert (workflow["name"], workflow["status"], workflow["inputType"]) == ("A walk", "RUNNING", "NOVEL")
    assert workflow["currentStage"] == "SCRIPT"
    assert workflow["options"] == {
        "style": None,
        "gridLayout": "SINGLE",
        "pauseAfter": [],
        "preferences": None,
        "targetShots": None,
        "quality": "STANDARD",
        "subtitles": True,
    }
    assert workflow["stages"][0] == {
        "stage": "SCRIPT",
        "status": "RUNNING",
        "job": {"type": "SCRIPT", "status": "PENDING"},
    }
    assert workflow["script"] == {"status": "PENDING"}


async def test_a_workflows_options_are_taken_and_null_means_the_default() -> None:
    options = {
        "style": "ink",
        "gridLayout": "GRID_2X2",
        "pauseAfter": ["SCRIPT", "STORYBOARD"],
        "preferences": {"theme": "dark"},
        "targetShots": 4,
        "quality": None,
        "subtitles": False,
    }
    answer = await ask(CREATE, input={"name": "A", "inputType": "OUTLINE", "inputContent": STORY, "options": options})
    workflow = answer["createWorkflow"]["workflow"]
    assert workflow["options"] == {**options, "quality": "STANDARD"}
    assert workflow["inputType"] == "OUTLINE"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, ["input", "name"]),
        ({"name": "x" * 201}, ["input", "name"]),
        ({"inputContent": None}, ["input", "inputContent"]),
        ({"inputFile": "file_1"}, ["input", "inputContent"]),
        ({"options": {"targetShots": 0}}, ["input", "options", "targetShots"]),
        ({"options": {"ratio": "5:4"}}, ["input", "options", "ratio"]),
        ({"options": {"shotSecondsMin": 6}}, ["input", "options", "shotSecondsMax"]),
        ({"options": {"textProvider": "nobody"}}, ["input", "options", "textProvider"]),
        ({"options": {"preferences": {"x": "é" * 8193}}}, ["input", "options", "preferences"]),
        ({"idempotencyKey": ""}, ["input", "idempotencyKey"]),
    ],
)
async def test_a_fault_in_a_workflow_is_named_by_its_path_and_nothing_is_created(
    changes: dict[str, Any], path: list[str]
) -> None:
    error = await refused(CREATE, input={"name": "A", "inputContent": STORY, **changes})
    assert (error.code, error.path) == ("BAD_USER_INPUT", path)
    assert await Workflow.all().count() == 0
    assert await Job.all().count() == 0


async def test_preferences_of_sixteen_kilobytes_are_kept() -> None:
    preferences = {"x": "y" * (16 * 1024 - len(json.dumps({"x": ""})))}
    answer = await ask(CREATE, input={"name": "A", "inputContent": STORY, "options": {"preferences": preferences}})
    assert answer["createWorkflow"]["workflow"]["options"]["preferences"] == preferences


async def test_the_same_key_gives_the_same_workflow_and_other_input_a_conflict() -> None:
    wanted = {"name": "A", "inputContent": STORY, "idempotencyKey": "one"}
    first = await ask(CREATE, input=wanted)
    assert await ask(CREATE, input=wanted) == first
    error = await refused(CREATE, input={**wanted, "name": "B"})
    assert error.code == "CONFLICT"
    assert await Workflow.all().count() == 1


async def test_the_header_is_the_key_of_a_request_with_one_mutation() -> None:
    wanted = {"name": "A", "inputContent": STORY}
    first = await ask(CREATE, key="head", input=wanted)
    assert await ask(CREATE, key="head", input=wanted) == first
    assert await ask(CREATE, input={**wanted, "idempotencyKey": "head"}) == first
    assert await Workflow.all().count() == 1


async def test_the_input_wins_over_the_header() -> None:
    wanted = {"name": "A", "inputContent": STORY}
    first = await ask(CREATE, key="head", input={**wanted, "idempotencyKey": "own"})
    second = await ask(CREATE, key="head", input={**wanted, "idempotencyKey": "other"})
    assert first != second


@pytest.mark.parametrize(
    "document",
    [
        """mutation ($input: CreateWorkflowInput!) { one: createWorkflow(input: $input) { workflow { id } }
            two: createWorkflow(input: $input) { workflow { id } } }""",
        """mutation ($input: CreateWorkflowInput!) { ...Both }
           fragment Both on Mutation { one: createWorkflow(input: $input) { workflow { id } }
            ... on Mutation { two: createWorkflow(input: $input) { workflow { id } } } }""",
    ],
)
async def test_the_header_means_nothing_where_there_are_two_mutations(document: str) -> None:
    answer = await ask(document, key="head", input={"name": "A", "inputContent": STORY})
    assert answer["one"] != answer["two"]


async def test_workflows_are_paused_resumed_canceled_retried_and_renamed() -> None:
    created = await ask(CREATE, input={"name": "A", "inputContent": STORY})
    workflow_id = created["createWorkflow"]["workflow"]["id"]
    states = []
    for name in ("pauseWorkflow", "resumeWorkflow", "cancelWorkflow", "retryWorkflow"):
        document = f"mutation ($id: ID!) {{ {name}(id: $id) {{ workflow {{ status }} }} }}"
        states.append((await ask(document, id=workflow_id))[name]["workflow"]["status"])
        assert (await refused(document, OTHER, id=workflow_id)).code == "WORKFLOW_NOT_FOUND"
        error = await refused(document, id="job_1")
        assert (error.code, error.path) == ("WORKFLOW_NOT_FOUND", ["id"])
    assert states == ["PAUSED", "RUNNING", "CANCELED", "RUNNING"]
    rename = "mutation ($id: ID!, $name: String!) { renameWorkflow(id: $id, name: $name) { workflow { name } } }"
    assert (await ask(rename, id=workflow_id, name=" B "))["renameWorkflow"]["workflow"]["name"] == "B"
    assert (await refused(rename, id=workflow_id, name=" ")).path == ["name"]
    assert (await Workflow.get()).name == "B"


async def test_an_ended_workflow_cannot_be_paused_and_stays_as_it_is() -> None:
    workflow = await make_workflow(status=WorkflowStatus.SUCCEEDED)
    document = "mutation ($id: ID!) { pauseWorkflow(id: $id) { workflow { status } } }"
    assert (await refused(document, id=workflow.global_id)).code == "CONFLICT"
    assert (await Workflow.get()).status is WorkflowStatus.SUCCEEDED


async def test_workflows_are_deleted_each_on_its_own() -> None:
    mine, theirs = await make_film(shot_count=1), await make_workflow(OTHER)
    document = """mutation ($ids: [ID!]!) { deleteWorkflows(ids: $ids) {
        deletedIds successCount failedCount failures { path targetId code } } }"""
    ids = ["nonsense", mine.workflow.global_id, theirs.global_id, mine.workflow.global_id]
    payload = (await ask(document, ids=ids))["deleteWorkflows"]
    assert payload == {
        "deletedIds": [mine.workflow.global_id],
        "successCount": 1,
        "failedCount": 2,
        "failures": [
            {"path": ["ids", "0"], "targetId": "nonsense", "code": "WORKFLOW_NOT_FOUND"},
            {"path": ["ids", "2"], "targetId": theirs.global_id, "code": "WORKFLOW_NOT_FOUND"},
        ],
    }
    assert [row.id for row in await Workflow.all()] == [theirs.id]
    assert (await refused(document, ids=["wf_1"] * 1001)).path == ["ids"]


async def test_jobs_are_canceled_and_retried() -> None:
    job = await make_job(status=JobStatus.RUNNING)
    cancel = "mutation ($id: ID!) { cancelJob(id: $id) { job { id status } } }"
    retry = "mutation ($id: ID!) { retryJob(id: $id) { job { id status retryCount } } }"
    assert (await refused(cancel, OTHER, id=job.global_id)).code == "NOT_FOUND"
    assert (await refused(cancel, id="wf_1")).path == ["id"]
    assert (await Job.get()).status is JobStatus.RUNNING
    assert (await ask(cancel, id=job.global_id))["cancelJob"]["job"]["status"] == "CANCELED"
    again = (await ask(retry, id=job.global_id))["retryJob"]["job"]
    assert again == {"id": job.global_id, "status": "PENDING", "retryCount": 1}


async def test_rows_loaded_before_a_second_change_are_loaded_again() -> None:
    job = await make_job(status=JobStatus.RUNNING)
    part = await make_job(parent_id=job.id, status=JobStatus.SUCCEEDED, role="BUILD")
    document = """mutation ($id: ID!) {
      cancelJob(id: $id) { job { status children { nodes { parent { status } } } } }
      retryJob(id: $id) { job { status children { nodes { parent { status } } } } } }"""
    answer = await ask(document, id=job.global_id)
    assert part.parent_id == job.id
    assert answer["cancelJob"]["job"]["children"]["nodes"] == [{"parent": {"status": "CANCELED"}}]
    assert answer["retryJob"]["job"]["children"]["nodes"] == [{"parent": {"status": "PENDING"}}]


async def started(document: str, name: str, **wanted: Any) -> Job:
    """The job that a mutation started."""
    answer = await ask(document, input=wanted)
    _, _, number = answer[name]["job"]["id"].partition("_")
    return await Job.get(id=int(number))


def creating(name: str) -> str:
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ job {{ id type status }} }} }}"


async def test_a_script_is_asked_for_alone() -> None:
    job = await started(creating("createScript"), "createScript", inputContent=STORY, storyId="s-1", targetShots=9)
    script = await Script.get(id=job.target_id)
    assert (job.type, script.story_id, script.workflow_id) == (JobType.SCRIPT, "s-1", None)
    assert script.options["target_shots"] == 9
    error = await refused(creating("createScript"), input={"inputContent": STORY, "workflowId": "wf_1"})
    assert error.code == "WORKFLOW_NOT_FOUND"


async def test_every_stage_is_asked_for_alone() -> None:
    film = await make_film(shot_count=2)
    document = creating("createAssets")
    job = await started(document, "createAssets", scriptId=film.script.global_id)
    assert (job.type, job.target_id) == (JobType.ASSETS, film.script.id)
    document = creating("createStoryboard")
    job = await started(document, "createStoryboard", scriptId=film.script.global_id, gridLayout="GRID_2X2")
    assert (await Storyboard.get(id=job.target_id)).grid_layout == "GRID_2X2"
    document = creating("createAnimatic")
    job = await started(document, "createAnimatic", storyboardId=film.storyboard.global_id, shotSecondsMin=1)
    assert job.type is JobType.ANIMATIC
    await film.animatic.update_from_dict({"options": {"width": 1280, "height": 720, "fps": 24}}).save()
    document = creating("createVideo")
    job = await started(
        document, "createVideo", animaticId=film.animatic.global_id, parallel=False, seed=2**53, motionStrength=None
    )
    options = (await Video.get(id=job.target_id)).options
    assert (options["parallel"], options["seed"], options["motionStrength"]) == (False, 2**53, 0.7)
    document = creating("createEdit")
    job = await started(document, "createEdit", videoId=film.video.global_id, burnSubtitles=True, subtitles=False)
    edit = (await Edit.get(id=job.target_id)).options
    assert (edit["burnSubtitles"], edit["subtitles"], edit["audioEffects"]) == (True, False, True)


@pytest.mark.parametrize(
    ("name", "wanted", "path"),
    [
        ("createAssets", {"scriptId": "script_1"}, None),
        ("createAssets", {"scriptId": "wf_1"}, ["input", "scriptId"]),
        ("createStoryboard", {"scriptId": "shot_1"}, ["input", "scriptId"]),
        ("createAnimatic", {"storyboardId": "x"}, ["input", "storyboardId"]),
        ("createVideo", {"animaticId": "x"}, ["input", "animaticId"]),
        ("createEdit", {"videoId": "x"}, ["input", "videoId"]),
        ("regenerateShots", {"storyboardId": "board_1", "shotIds": ["shot_1", "x"]}, ["input", "shotIds", "1"]),
        ("generateSpeech", {"animaticId": "anim_1", "shotId": "x", "text": "Hello"}, ["input", "shotId"]),
        ("regenerateAsset", {"assetId": "x"}, ["input", "assetId"]),
        ("addBackgroundMusic", {"editId": "x", "music": "file_1"}, ["input", "editId"]),
    ],
)
async def test_what_is_not_there_is_not_found(name: str, wanted: dict[str, Any], path: list[str] | None) -> None:
    error = await refused(creating(name), input=wanted)
    assert error.code == "NOT_FOUND"
    assert path is None or error.path == path
    assert await Job.all().count() == 0


async def test_somebody_elses_script_is_not_found_and_nothing_is_made_of_it() -> None:
    script = await make_script(OTHER)
    assert (await refused(creating("createAssets"), input={"scriptId": script.global_id})).code == "NOT_FOUND"
    assert await Job.all().count() == 0


EDIT_SHOT = """mutation ($input: EditShotInput!) { editShot(input: $input) { shot {
  prompt shotType dialogue narration durationSeconds needsRegeneration } } }"""


async def spoken_film() -> Film:
    film = await make_film(shot_count=1)
    await Shot.filter(id=film.shots[0].id).update(dialogue="Hello.", narration="A street.", speaker="Ann")
    return film


async def edited(film: Film, **changes: Any) -> dict[str, Any]:
    answer = await ask(EDIT_SHOT, input={"shotId": film.shots[0].global_id, **changes})
    return answer["editShot"]["shot"]  # type: ignore[no-any-return]


async def test_words_that_are_not_given_stay_and_null_takes_them_away() -> None:
    film = await spoken_film()
    shot = await edited(film, prompt="a bridge")
    assert (shot["prompt"], shot["dialogue"], shot["narration"]) == ("a bridge", "Hello.", "A street.")
    shot = await edited(film, dialogue=None)
    assert (shot["dialogue"], shot["narration"]) == (None, "A street.")
    shot = await edited(film, narration="A bridge.", prompt=None, durationSeconds=None)
    assert (shot["prompt"], shot["narration"], shot["durationSeconds"]) == ("a bridge", "A bridge.", 3.0)


async def test_replacements_change_a_part() -> None:
    film = await spoken_film()
    shot = await edited(film, replacements={"shotType": "CLOSE_UP"})
    assert shot["shotType"] == "CLOSE_UP"
    assert (await refused(EDIT_SHOT, OTHER, input={"shotId": film.shots[0].global_id, "prompt": "x"})).code == (
        "NOT_FOUND"
    )


async def test_shots_are_drawn_anew_and_their_pictures_chosen() -> None:
    film = await make_film(shot_count=2)
    job = await started(
        creating("regenerateShots"),
        "regenerateShots",
        storyboardId=film.storyboard.global_id,
        shotIds=[film.shots[1].global_id],
    )
    assert (job.type, job.target_id) == (JobType.STORYBOARD, film.storyboard.id)
    document = """mutation ($id: ID!, $sha: String!) { chooseShotImage(shotId: $id, sha256: $sha) { shot {
        croppedImage { sha256 } candidates { sha256 } } } }"""
    board = "query ($id: ID!) { node(id: $id) { ... on Shot { candidates { sha256 } } } }"
    candidates = (await ask(board, id=film.shots[0].global_id))["node"]["candidates"]
    chosen = (await ask(document, id=film.shots[0].global_id, sha=candidates[1]["sha256"]))["chooseShotImage"]["shot"]
    assert chosen == {"croppedImage": candidates[1], "candidates": candidates}


UPLOAD = "mutation ($file: Upload!) { uploadFile(file: $file) { file { id name contentType bytes width sha256 url } } }"


async def test_a_picture_is_uploaded_and_nothing_temporary_stays(data_dir: Path) -> None:
    content = png()
    payload = (await ask(UPLOAD, file=upload(content, "a.png")))["uploadFile"]["file"]
    row = await StoredFile.get()
    assert payload["id"] == row.global_id
    assert (payload["contentType"], payload["name"]) == ("image/png", "a.png")
    assert (payload["bytes"], payload["width"]) == (len(content), 64)
    assert (row.owner, row.is_upload, row.name) == ("mira", True, "a.png")
    assert list((data_dir / "scratch").iterdir()) == []


async def test_a_file_of_no_known_kind_is_refused(data_dir: Path) -> None:
    assert (await refused(UPLOAD, file=upload(b"\x00\x01\x02" * 50))).code == "UNSUPPORTED_FILE"
    assert await StoredFile.all().count() == 0
    assert list((data_dir / "scratch").iterdir()) == []


async def test_a_variable_that_is_no_file_is_refused() -> None:
    result = await execute(UPLOAD, file="a.png")
    assert result.errors is not None
    assert "multipart" in result.errors[0].message


async def test_a_text_is_uploaded_and_used_by_its_id() -> None:
    document = "mutation ($file: Upload!) { uploadScriptFile(file: $file) { file { id contentType } } }"
    payload = (await ask(document, file=upload(STORY.encode(), "story.txt")))["uploadScriptFile"]["file"]
    answer = await ask(CREATE, input={"name": "A", "inputFile": payload["id"]})
    assert answer["createWorkflow"]["workflow"]["status"] == "RUNNING"
    with_workflow = """mutation ($file: Upload!, $id: ID) { uploadScriptFile(file: $file, workflowId: $id) {
        file { id } } }"""
    assert (await refused(with_workflow, file=upload(b"x"), id="wf_1")).code == "WORKFLOW_NOT_FOUND"


async def test_a_reference_image_is_put_with_its_asset_by_its_owner_only() -> None:
    film = await make_film(shot_count=1)
    document = """mutation ($id: ID!, $file: Upload!) { uploadReferenceImage(assetId: $id, file: $file) { asset {
        referenceImage { width } } } }"""
    asset = (await ask(document, id=film.assets[0].global_id, file=upload(png())))["uploadReferenceImage"]["asset"]
    assert asset == {"referenceImage": {"width": 64}}
    error = await refused(document, OTHER, id=film.assets[1].global_id, file=upload(png()))
    assert error.code == "NOT_FOUND"
    assert (await Asset.get(id=film.assets[1].id)).reference_file_id is None


@pytest.mark.parametrize(
    ("service", "document", "expected"),
    [
        (
            "storyboards.upload_shot_image",
            "mutation ($file: Upload!) { uploadShotImage(shotId: $shot, file: $file) { shot { id } } }",
            ["shot"],
        ),
        (
            "videos.upload_shot_video",
            "mutation ($file: Upload!) { uploadShotVideo(shotId: $shot, file: $file) { shot { id } } }",
            ["shot"],
        ),
        (
            "animatics.upload_audio",
            "mutation ($file: Upload!) { uploadAudio(animaticId: $animatic, shotId: $shot, file: $file) "
            "{ animatic { id } } }",
            ["animatic", "shot"],
        ),
    ],
)
async def test_a_file_reaches_its_service_with_the_ids(
    service: str, document: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading such files takes processes of their own; the services' tests do that."""
    film = await make_film(shot_count=1)
    rows: dict[str, Any] = {"shot": film.shots[0], "animatic": film.animatic}
    for name, row in rows.items():
        document = document.replace(f"${name}", f'"{row.global_id}"')
    taken: list[Any] = []

    async def take(owner: str, *arguments: Any) -> Any:
        *ids, file = arguments
        taken.append((owner, ids, file.name, file.bytes, file.path.read_bytes()))
        return rows[expected[0]]

    monkeypatch.setattr(f"services.film.{service}", take)
    await ask(document, file=upload(b"content", "x" * 300))
    assert taken == [("mira", [rows[name].id for name in expected], "x" * 255, 7, b"content")]


async def test_speech_and_designs_are_made_anew() -> None:
    film = await make_film(shot_count=1)
    job = await started(
        creating("generateSpeech"),
        "generateSpeech",
        animaticId=film.animatic.global_id,
        shotId=film.shots[0].global_id,
        text="Good evening.",
    )
    assert (job.type, job.params["only_part_id"]) == (JobType.SPEECH, film.parts[0].id)
    job = await started(
        creating("regenerateAsset"), "regenerateAsset", assetId=film.assets[1].global_id, prompt="in red", provider=None
    )
    assert (job.type, job.params["only_asset_id"]) == (JobType.ASSETS, film.assets[1].id)
    assert (await Asset.get(id=film.assets[1].id)).prompt == "in red"


async def test_music_reaches_its_service_with_the_defaults_for_null(monkeypatch: pytest.MonkeyPatch) -> None:
    film = await make_film(shot_count=1)
    taken: list[Any] = []

    async def add(owner: str, **arguments: Any) -> Job:
        taken.append((owner, arguments))
        return film.jobs[Stage.EDIT]

    monkeypatch.setattr("services.film.edits.add_background_music", add)
    wanted = {"editId": film.edit.global_id, "music": "file_5", "volume": None, "fadeInSeconds": 0, "ducking": False}
    await ask(creating("addBackgroundMusic"), key="head", input=wanted)
    assert taken == [
        (
            "mira",
            {
                "edit_id": film.edit.id,
                "music": "file_5",
                "volume": 0.3,
                "fade_in_seconds": 0,
                "fade_out_seconds": 2.0,
                "ducking": False,
                "idempotency_key": "head",
            },
        )
    ]


async def test_the_impact_of_a_change_is_told_before_it() -> None:
    film = await make_film(shot_count=2)
    document = """query ($shots: [ID!], $assets: [ID!], $words: Boolean) {
      changeImpact(shotIds: $shots, assetIds: $assets, words: $words) {
        shots { id } images animaticParts clips speeches films credits seconds } }"""
    found = (await ask(document, shots=[film.shots[0].global_id], words=True))["changeImpact"]
    assert [shot["id"] for shot in found["shots"]] == [film.shots[0].global_id]
    assert (found["images"], found["clips"], found["speeches"], found["films"]) == (1, 1, 1, 1)
    without = (await ask(document, shots=[film.shots[0].global_id]))["changeImpact"]
    assert without["speeches"] == 0
    assert (await ask("{ changeImpact { images shots { id } } }"))["changeImpact"] == {"images": 0, "shots": []}
    error = await refused(document, shots=["x"])
    assert (error.code, error.path) == ("NOT_FOUND", ["shotIds", "0"])


async def test_what_the_deployment_offers_is_listed() -> None:
    providers = (await ask("{ providers { name capabilities isDefault configured reachable message } }"))["providers"]
    assert {
        "name": "offline",
        "capabilities": ["TEXT", "IMAGE", "VIDEO", "SPEECH", "MUSIC"],
        "isDefault": ["TEXT", "IMAGE", "VIDEO", "SPEECH", "MUSIC"],
        "configured": True,
        "reachable": True,
        "message": None,
    } in providers
    voices = (await ask('{ voices(provider: "offline", language: "zh") { voiceId name language provider } }'))["voices"]
    assert voices
    assert {voice["language"].split("-")[0] for voice in voices} == {"zh"}
    assert (await ask('{ voices(provider: "nobody") { voiceId } }'))["voices"] == []


async def test_music_of_ones_own_is_shown_with_the_edit() -> None:
    film = await make_film(shot_count=1)
    music = await make_file(content_type="audio/wav")
    await make_artifact(ArtifactKind.MUSIC, film.edit.id, [(FileRole.MAIN, music)])
    document = "query ($id: ID!) { edit(id: $id) { backgroundMusic { sha256 } status } }"
    found = (await ask(document, id=film.edit.global_id))["edit"]
    assert found == {"backgroundMusic": {"sha256": music.sha256}, "status": "SUCCEEDED"}
    assert film.jobs[Stage.EDIT].status is JobStatus.SUCCEEDED


async def test_a_refused_file_and_a_missing_object_are_placed_in_the_arguments() -> None:
    film = await make_film()
    shot = film.shots[0]
    document = "mutation ($id: ID!, $file: Upload!) { uploadShotImage(shotId: $id, file: $file) { shot { id } } }"
    error = await refused(document, id=shot.global_id, file=upload(b"no picture"))
    assert (error.code, error.path) == ("UNSUPPORTED_FILE", ["file"])
    error = await refused(document, id="shot_1", file=upload(png()))
    assert (error.code, error.path) == ("NOT_FOUND", ["shotId"])
    error = await refused('mutation { cancelWorkflow(id: "wf_1") { workflow { id } } }')
    assert (error.code, error.path) == ("WORKFLOW_NOT_FOUND", ["id"])
    error = await refused("""mutation { editShot(input: {shotId: "shot_1", narration: "x"}) { shot { id } } }""")
    assert (error.code, error.path) == ("NOT_FOUND", ["input", "shotId"])
    note = await ask(
        "mutation ($file: Upload!) { uploadFile(file: $file) { file { id } } }",
        file=upload(b"Only words.", "words.txt"),
    )
    music = "mutation ($input: AddBackgroundMusicInput!) { addBackgroundMusic(input: $input) { job { id } } }"
    error = await refused(music, input={"editId": film.edit.global_id, "music": note["uploadFile"]["file"]["id"]})
    assert (error.code, error.path) == ("UNSUPPORTED_FILE", ["input", "music"])
    assert await Job.filter(type=JobType.EDIT, status=JobStatus.PENDING).count() == 0


async def test_no_text_and_two_texts_are_refused_in_their_own_words() -> None:
    neither = await refused(CREATE, input={"name": "A"})
    both = await refused(CREATE, input={"name": "A", "inputContent": STORY, "inputFile": "file_1"})
    assert neither.message == "No text was given. Set inputContent or inputFile."
    assert both.message == "Set inputContent or inputFile, not both."
    assert neither.path == both.path == ["input", "inputContent"]
    assert await Workflow.all().count() == 0

"""Everything belongs to its owner: somebody else's object is as if it were not there, in whatever way it is named."""

import asyncio
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.acceptance import stories
from tests.acceptance.client import Client, Refused
from tests.acceptance.conftest import Deploy
from tests.acceptance.deployment import EMBEDDED, Deployment
from tests.acceptance.filming import artifacts, film, shots_of

UPLOAD = "mutation ($file: Upload!) { uploadFile(file: $file) { file { id sha256 } } }"
SECRET = "another secret of these tests, long enough"


@dataclass(frozen=True)
class Hers:
    """Ids of Mira's objects by name, and of what Noor uses against them."""

    ids: dict[str, str]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Deployment(EMBEDDED, tmp_path_factory.mktemp("owners"), {"EKONTE_SECRET": SECRET})
    try:
        made.create()
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def hers(deployment: Deployment) -> Hers:
    async def make() -> Hers:
        async with deployment.client("mira") as mira:
            filmed = await film(mira, stories.ENGLISH, targetShots=2)
            workflow = filmed.workflow
            assets = await mira.do("query ($id: ID!) { assets(workflowId: $id) { nodes { id } } }", id=filmed.id)
            segments = await mira.do(stories.VIDEO, id=workflow["video"]["id"])
            upload = await mira.upload(
                "mutation ($file: Upload!) { uploadFile(file: $file) { file { id } } }", b"Words.", "a.txt"
            )
            shots = await shots_of(mira, workflow["storyboard"]["id"])
            return Hers(
                {
                    "workflow": filmed.id,
                    "script": workflow["script"]["id"],
                    "storyboard": workflow["storyboard"]["id"],
                    "animatic": workflow["animatic"]["id"],
                    "video": workflow["video"]["id"],
                    "edit": workflow["edit"]["id"],
                    "job": workflow["stages"][0]["job"]["id"],
                    "asset": assets["nodes"][0]["id"],
                    "shot": shots[0]["id"],
                    "segment": segments["segments"]["nodes"][0]["id"],
                    "upload": upload["file"]["id"],
                    "sha256": shots[0]["candidates"][0]["sha256"],
                }
            )

    return asyncio.run(make())


@pytest.mark.parametrize(
    "name", ["workflow", "script", "storyboard", "animatic", "video", "edit", "job", "asset", "shot", "segment"]
)
async def test_another_owners_object_reads_as_null(deployment: Deployment, hers: Hers, name: str) -> None:
    by_node = "query ($id: ID!) { node(id: $id) { id } }"
    by_nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    async with deployment.client("noor") as noor, deployment.client("mira") as mira:
        assert (await mira.do(by_node, id=hers.ids[name]))["id"] == hers.ids[name]
        assert await noor.do(by_node, id=hers.ids[name]) is None
        assert await noor.do(by_nodes, ids=[hers.ids[name]]) == [None]
        if name not in ("shot", "segment"):
            assert await noor.do(f"query ($id: ID!) {{ {name}(id: $id) {{ id }} }}", id=hers.ids[name]) is None


async def test_lists_hold_only_ones_own(deployment: Deployment, hers: Hers) -> None:
    async with deployment.client("noor") as noor:
        lists = await noor.do(
            """query ($id: ID!) {
                 workflows { totalCount nodes { id } }
                 jobs(filter: { workflowId: $id }) { totalCount nodes { id } }
                 all: jobs { totalCount }
                 assets(workflowId: $id) { totalCount nodes { id } }
               }""",
            id=hers.ids["workflow"],
        )
    assert lists == {
        "workflows": {"totalCount": 0, "nodes": []},
        "jobs": {"totalCount": 0, "nodes": []},
        "all": {"totalCount": 0},
        "assets": {"totalCount": 0, "nodes": []},
    }


JOB = "{ job { id } }"
WORKFLOW = "{ workflow { id } }"
NO_WORKFLOW = "WORKFLOW_NOT_FOUND"
INPUTS = [
    (
        "createScript",
        "CreateScriptInput",
        {"workflowId": "workflow", "inputContent": "=Words."},
        JOB,
        "WORKFLOW_NOT_FOUND",
    ),
    ("createScript", "CreateScriptInput", {"inputFile": "upload"}, JOB, "NOT_FOUND"),
    (
        "createWorkflow",
        "CreateWorkflowInput",
        {"name": "=Mine", "inputFile": "upload"},
        "{ workflow { id } }",
        "NOT_FOUND",
    ),
    ("createAssets", "CreateAssetsInput", {"scriptId": "script"}, JOB, "NOT_FOUND"),
    ("regenerateAsset", "RegenerateAssetInput", {"assetId": "asset"}, JOB, "NOT_FOUND"),
    ("createStoryboard", "CreateStoryboardInput", {"scriptId": "script"}, JOB, "NOT_FOUND"),
    ("editShot", "EditShotInput", {"shotId": "shot", "prompt": "=A cat."}, "{ shot { id } }", "NOT_FOUND"),
    ("regenerateShots", "RegenerateShotsInput", {"storyboardId": "storyboard", "shotIds": "[shot"}, JOB, "NOT_FOUND"),
    ("createAnimatic", "CreateAnimaticInput", {"storyboardId": "storyboard"}, JOB, "NOT_FOUND"),
    (
        "generateSpeech",
        "GenerateSpeechInput",
        {"animaticId": "animatic", "shotId": "shot", "text": "=Hello."},
        JOB,
        "NOT_FOUND",
    ),
    ("createVideo", "CreateVideoInput", {"animaticId": "animatic"}, JOB, "NOT_FOUND"),
    ("createEdit", "CreateEditInput", {"videoId": "video"}, JOB, "NOT_FOUND"),
    ("addBackgroundMusic", "AddBackgroundMusicInput", {"editId": "edit", "music": "upload"}, JOB, "NOT_FOUND"),
]


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 36), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("field", "type_name", "values", "selection", "code"), INPUTS, ids=lambda value: str(value)[:30]
)
async def test_mutations_do_not_find_another_owners_object(
    deployment: Deployment, hers: Hers, field: str, type_name: str, values: dict[str, str], selection: str, code: str
) -> None:
    def value_of(word: str) -> object:
        if word.startswith("="):
            return word[1:]
        return [hers.ids[word[1:]]] if word.startswith("[") else hers.ids[word]

    before = await rows_of_all(deployment)
    async with deployment.client("noor") as noor:
        with pytest.raises(Refused) as refused:
            await noor.do(
                f"mutation ($input: {type_name}!) {{ {field}(input: $input) {selection} }}",
                input={name: value_of(word) for name, word in values.items()},
            )
    assert refused.value.code == code
    assert await rows_of_all(deployment) == before


STEERING = ["pauseWorkflow", "resumeWorkflow", "cancelWorkflow", "retryWorkflow"]


async def test_steering_and_uploads_do_not_find_another_owners_object(deployment: Deployment, hers: Hers) -> None:
    ids = hers.ids
    before = await rows_of_all(deployment)

    async def refused(work: Any) -> str:
        with pytest.raises(Refused) as error:
            await work
        return str(error.value.code)

    async with deployment.client("noor") as noor:
        for name in STEERING:
            assert await refused(noor.do(stories.steering(name), id=ids["workflow"])) == "WORKFLOW_NOT_FOUND"
        rename = 'mutation ($id: ID!) { renameWorkflow(id: $id, name: "Mine") { workflow { id } } }'
        assert await refused(noor.do(rename, id=ids["workflow"])) == "WORKFLOW_NOT_FOUND"
        for name in ("cancelJob", "retryJob"):
            assert await refused(noor.do(stories.about_job(name), id=ids["job"])) == "NOT_FOUND"
        deleting = "mutation ($ids: [ID!]!) { deleteWorkflows(ids: $ids) { deletedIds failures { code path } } }"
        assert await noor.do(deleting, ids=[ids["workflow"]]) == {
            "deletedIds": [],
            "failures": [{"code": "WORKFLOW_NOT_FOUND", "path": ["ids", "0"]}],
        }
        choosing = (
            "mutation ($id: ID!, $sha256: String!) { chooseShotImage(shotId: $id, sha256: $sha256) { shot { id } } }"
        )
        assert await refused(noor.do(choosing, id=ids["shot"], sha256=ids["sha256"])) == "NOT_FOUND"
        for shot_ids, asset_ids in (([ids["shot"]], []), ([], [ids["asset"]])):
            impact = "query ($s: [ID!]!, $a: [ID!]!) { changeImpact(shotIds: $s, assetIds: $a) { images } }"
            assert await refused(noor.do(impact, s=shot_ids, a=asset_ids)) == "NOT_FOUND"
        uploads = {
            "uploadShotImage(shotId: $id, file: $file) { shot { id } }": "shot",
            "uploadShotVideo(shotId: $id, file: $file) { shot { id } }": "shot",
            "uploadReferenceImage(assetId: $id, file: $file) { asset { id } }": "asset",
        }
        for field, name in uploads.items():
            document = f"mutation ($id: ID!, $file: Upload!) {{ {field} }}"
            assert await refused(noor.upload(document, picture(), "a.png", id=ids[name])) == "NOT_FOUND"
        audio = """mutation ($a: ID!, $s: ID!, $file: Upload!) {
                     uploadAudio(animaticId: $a, shotId: $s, file: $file) { animatic { id } } }"""
        assert await refused(noor.upload(audio, b"RIFF", "a.wav", a=ids["animatic"], s=ids["shot"])) == "NOT_FOUND"
        script = "mutation ($id: ID, $file: Upload!) { uploadScriptFile(workflowId: $id, file: $file) { file { id } } }"
        assert await refused(noor.upload(script, b"Words.", "a.txt", id=ids["workflow"])) == "WORKFLOW_NOT_FOUND"
    assert await rows_of_all(deployment) == before


async def test_another_owners_work_cannot_be_followed(deployment: Deployment, hers: Hers) -> None:
    async def first(client: Client, document: str, **variables: Any) -> Any:
        async for event in client.follow(document, **variables):
            return event
        return None

    async with deployment.client("noor") as noor:
        with pytest.raises(Refused) as refused:
            await first(noor, stories.EVENTS, id=hers.ids["workflow"])
        assert refused.value.code == "WORKFLOW_NOT_FOUND"
        with pytest.raises(Refused) as refused:
            await first(noor, stories.JOB_PROGRESS, ids=[hers.ids["job"]])
        assert refused.value.code == "NOT_FOUND"


async def test_without_a_token_nothing_is_answered(deployment: Deployment, hers: Hers) -> None:
    async with Client(deployment.url) as nobody:
        with pytest.raises(Refused) as refused:
            await nobody.do(stories.WORKFLOW, id=hers.ids["workflow"])
        assert refused.value.code == "UNAUTHENTICATED"


async def test_the_same_words_of_two_owners_are_files_of_their_own(deployment: Deployment, hers: Hers) -> None:
    async with deployment.client("noor") as noor, deployment.client("mira") as mira:
        one = await noor.upload(UPLOAD, b"Words that both have.", "a.txt")
        two = await mira.upload(UPLOAD, b"Words that both have.", "a.txt")
        assert one["file"]["sha256"] == two["file"]["sha256"]
        assert one["file"]["id"] != two["file"]["id"]


async def rows_of_all(deployment: Deployment) -> Any:
    """What could have been changed: how much there is of everything, and all artifacts."""
    tables = ("workflow", "script", "asset", "storyboard", "shot", "animatic", "video", "edit", "job", "stored_file")
    counts = [(await deployment.rows(f"SELECT COUNT(*) AS count FROM {table}"))[0]["count"] for table in tables]
    workflows = await deployment.rows("SELECT id, name, status, version FROM workflow ORDER BY id")
    return counts, workflows, await artifacts(deployment)


def test_tokens_are_of_the_command_line_and_of_one_user(deploy: Deploy) -> None:
    made = deploy(EMBEDDED, is_started=False, SECRET=SECRET)
    assert made.token("mira") != made.token("noor")

"""The six stages one by one, each started by its own mutation; and what people put in themselves."""

import asyncio
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.acceptance import stories
from tests.acceptance.client import Client, Refused
from tests.acceptance.deployment import Deployment
from tests.acceptance.filming import check_logs, check_storage, shots_of, succeeded
from tests.acceptance.films import level_db, measure, sound

JOB = "{ job { id type status workflow { id } } }"
UPLOAD = "mutation ($file: Upload!) { uploadFile(file: $file) { file { id contentType sha256 } } }"
RESULT = """
query ($id: ID!) {
  job(id: $id) {
    status progress
    result {
      __typename
      ... on Script { id language screenplay }
      ... on AssetList { assets { id type name designImage { url sha256 } } }
      ... on Asset { id designImage { sha256 } voiceId prompt }
      ... on Storyboard { id } ... on Animatic { id } ... on Video { id } ... on Edit { id }
      ... on Speech { audio { url sha256 } durationSeconds shot { id } }
    }
  }
}"""


@dataclass
class Work:
    """Ids of what the stages have made so far."""

    ids: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def work(shared: Deployment) -> Work:
    """A work made stage by stage, up to its first cut, with shots cut from grids; the tests below go on with it."""

    async def make() -> Work:
        async with shared.client() as client:
            return await make_work(client)

    return asyncio.run(make())


async def run(client: Client, field_name: str, type_name: str, values: dict[str, Any]) -> Any:
    """Sends a mutation that starts a job, follows the job to its end, and gives its result."""
    document = f"mutation ($input: {type_name}!) {{ {field_name}(input: $input) {JOB} }}"
    payload = await client.do(document, input=values)
    await succeeded(client, payload)
    job = await client.do(RESULT, id=payload["job"]["id"])
    assert (job["status"], job["progress"]) == ("SUCCEEDED", 1)
    return job["result"]


async def make_work(client: Client) -> Work:
    work = Work()
    sent = await client.upload(
        "mutation ($file: Upload!) { uploadScriptFile(file: $file) { file { id contentType } } }",
        stories.CHINESE.encode("gb18030"),
        "故事.bin",
    )
    assert sent["file"]["contentType"] == "text/plain"
    script = await run(client, "createScript", "CreateScriptInput", {"inputFile": sent["file"]["id"], "targetShots": 5})
    assert script["__typename"] == "Script"
    assert script["language"].startswith("zh")
    assert "阿明" in script["screenplay"], "GB18030 was read as such"
    work.ids["script"] = script["id"]

    assets = await run(client, "createAssets", "CreateAssetsInput", {"scriptId": script["id"]})
    assert assets["__typename"] == "AssetList"
    characters = [asset for asset in assets["assets"] if asset["type"] == "CHARACTER"]
    assert "阿明" in {asset["name"] for asset in characters}
    assert all(asset["designImage"] for asset in assets["assets"])
    work.ids["asset"] = characters[0]["id"]

    board = await run(
        client, "createStoryboard", "CreateStoryboardInput", {"scriptId": script["id"], "gridLayout": "GRID_2X2"}
    )
    work.ids["storyboard"] = board["id"]
    animatic = await run(
        client,
        "createAnimatic",
        "CreateAnimaticInput",
        {"storyboardId": board["id"], "shotSecondsMin": 1, "shotSecondsMax": 1.5},
    )
    work.ids["animatic"] = animatic["id"]
    video = await run(
        client, "createVideo", "CreateVideoInput", {"animaticId": animatic["id"], "quality": "DRAFT", "fps": 12}
    )
    work.ids["video"] = video["id"]
    edit = await run(client, "createEdit", "CreateEditInput", {"videoId": video["id"], "musicStyle": "piano"})
    work.ids["edit"] = edit["id"]
    return work


async def edited_film(client: Client, edit_id: str, path: Path) -> Path:
    edit = await client.do(stories.EDIT, id=edit_id)
    path.write_bytes(await client.bytes_of(edit["film"]["url"]))
    return path


def png(width: int, height: int, colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def wave(seconds: float, hertz: float) -> bytes:
    """A tone as a WAV file."""
    import wave as wav

    rate = 22_050
    samples = (np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * hertz / rate) * 12_000).astype("<i2")
    out = BytesIO()
    with wav.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def clip(seconds: float, red: int) -> bytes:
    """A silent film of one colour as MP4."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        picture = np.zeros((180, 320, 3), np.uint8)
        picture[:, :, 0] = red
        for _ in range(int(seconds * 24)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


async def test_the_stages_make_a_film_without_a_workflow(client: Client, work: Work, tmp_path: Path) -> None:
    seen = measure(await edited_film(client, work.ids["edit"], tmp_path / "film.mp4"))
    assert (seen.width, seen.height, seen.fps) == (1280, 720, 12)
    nodes = await client.do("query ($id: ID!) { storyboard(id: $id) { id status } }", id=work.ids["storyboard"])
    assert nodes["status"] == "SUCCEEDED"


async def test_a_grid_is_one_picture_that_is_cut_into_shots_to_the_pixel(client: Client, work: Work) -> None:
    board = await client.do(stories.SHOTS, id=work.ids["storyboard"])
    grids = [
        np.asarray(Image.open(BytesIO(await client.bytes_of(grid["url"]))).convert("RGB"))
        for grid in board["gridImages"]
    ]
    assert len(grids) == (board["shotsCount"] + 3) // 4 == 2
    for grid in grids:
        assert grid.shape == (1440, 2560, 3)
    for shot in board["shots"]["nodes"]:
        place = (shot["sequence"] - 1) % 4
        grid = grids[(shot["sequence"] - 1) // 4]
        top, left = place // 2 * 720, place % 2 * 1280
        cell = np.asarray(Image.open(BytesIO(await client.bytes_of(shot["croppedImage"]["url"]))).convert("RGB"))
        assert np.array_equal(cell, grid[top : top + 720, left : left + 1280])
        assert shot["image"]["sha256"] == board["gridImages"][(shot["sequence"] - 1) // 4]["sha256"]


async def test_ones_own_picture_takes_a_shots_place_and_an_earlier_one_can_be_chosen(
    client: Client, work: Work
) -> None:
    shot = (await shots_of(client, work.ids["storyboard"]))[0]
    document = """mutation ($id: ID!, $file: Upload!) {
      uploadShotImage(shotId: $id, file: $file) { shot { croppedImage { sha256 width height } needsRegeneration } } }"""
    own = await client.upload(document, png(640, 360, "red"), "own.png", id=shot["id"])
    assert own["shot"]["needsRegeneration"] is False
    assert (own["shot"]["croppedImage"]["width"], own["shot"]["croppedImage"]["height"]) == (640, 360)
    now = (await shots_of(client, work.ids["storyboard"]))[0]
    assert {one["sha256"] for one in now["candidates"]} >= {
        shot["croppedImage"]["sha256"],
        own["shot"]["croppedImage"]["sha256"],
    }
    choose = """mutation ($id: ID!, $sha256: String!) {
      chooseShotImage(shotId: $id, sha256: $sha256) { shot { croppedImage { sha256 } } } }"""
    chosen = await client.do(choose, id=shot["id"], sha256=shot["croppedImage"]["sha256"])
    assert chosen["shot"]["croppedImage"]["sha256"] == shot["croppedImage"]["sha256"]
    with pytest.raises(Refused) as refused:
        await client.do(choose, id=shot["id"], sha256="0" * 64)
    assert refused.value.code == "NOT_FOUND"
    with pytest.raises(Refused) as refused:
        await client.upload(document, b"no picture at all", "own.png", id=shot["id"])
    assert refused.value.code == "UNSUPPORTED_FILE"
    kept = (await shots_of(client, work.ids["storyboard"]))[0]
    assert kept["croppedImage"]["sha256"] == shot["croppedImage"]["sha256"]


async def test_shots_are_drawn_anew_singly(client: Client, work: Work) -> None:
    before = await shots_of(client, work.ids["storyboard"])
    values = {"storyboardId": work.ids["storyboard"], "shotIds": [before[1]["id"], before[4]["id"]]}
    result = await run(client, "regenerateShots", "RegenerateShotsInput", values)
    assert result["id"] == work.ids["storyboard"]
    after = await shots_of(client, work.ids["storyboard"])
    differing = [
        old["sequence"]
        for old, new in zip(before, after, strict=True)
        if old["croppedImage"]["sha256"] != new["croppedImage"]["sha256"]
    ]
    assert differing == [2, 5]


async def test_an_asset_is_drawn_anew_from_its_reference_and_prompt(client: Client, work: Work) -> None:
    ask = "query ($id: ID!) { asset(id: $id) { designImage { sha256 } referenceImage { sha256 } voiceId } }"
    before = await client.do(ask, id=work.ids["asset"])
    document = """mutation ($id: ID!, $file: Upload!) {
      uploadReferenceImage(assetId: $id, file: $file) { asset { referenceImage { sha256 } designImage { sha256 } } }
    }"""
    answer = await client.upload(document, png(200, 300, "blue"), "reference.png", id=work.ids["asset"])
    assert answer["asset"]["referenceImage"] is not None
    assert answer["asset"]["designImage"] == before["designImage"], "nothing is drawn before somebody asks for it"
    result = await run(
        client, "regenerateAsset", "RegenerateAssetInput", {"assetId": work.ids["asset"], "prompt": "黑发，白衣"}
    )
    assert result["__typename"] == "Asset"
    assert result["prompt"] == "黑发，白衣"
    assert result["designImage"]["sha256"] != before["designImage"]["sha256"]


async def test_a_shot_speaks_other_words_or_ones_own_recording(client: Client, work: Work, tmp_path: Path) -> None:
    shots = await shots_of(client, work.ids["storyboard"])
    speech = await run(
        client,
        "generateSpeech",
        "GenerateSpeechInput",
        {"animaticId": work.ids["animatic"], "shotId": shots[0]["id"], "text": "很久很久以前，有一座山。"},
    )
    assert speech["__typename"] == "Speech"
    assert speech["shot"]["id"] == shots[0]["id"]
    path = tmp_path / "speech.wav"
    path.write_bytes(await client.bytes_of(speech["audio"]["url"]))
    samples = sound(path)
    assert len(samples) / 16_000 == pytest.approx(speech["durationSeconds"], abs=0.1)
    assert level_db(samples) > -40

    document = """mutation ($a: ID!, $s: ID!, $file: Upload!) {
      uploadAudio(animaticId: $a, shotId: $s, file: $file) { animatic { id } } }"""
    recording = wave(3.0, 440)
    await client.upload(document, recording, "own.wav", a=work.ids["animatic"], s=shots[1]["id"])
    parts = (await client.do(stories.ANIMATIC, id=work.ids["animatic"]))["shots"]["nodes"]
    assert parts[1]["audio"]["durationSeconds"] == pytest.approx(3.0, abs=0.05)
    with pytest.raises(Refused) as refused:
        await client.upload(document, png(8, 8, "red"), "own.png", a=work.ids["animatic"], s=shots[1]["id"])
    assert refused.value.code == "UNSUPPORTED_FILE"


async def test_ones_own_clip_takes_a_shots_place(client: Client, work: Work) -> None:
    shot = (await shots_of(client, work.ids["storyboard"]))[2]
    document = "mutation ($id: ID!, $file: Upload!) { uploadShotVideo(shotId: $id, file: $file) { shot { id } } }"
    await client.upload(document, clip(2.0, 200), "own.mp4", id=shot["id"])
    segments = (await client.do(stories.VIDEO, id=work.ids["video"]))["segments"]["nodes"]
    own = next(segment for segment in segments if segment["shot"]["id"] == shot["id"])
    assert (own["video"]["width"], own["video"]["height"]) == (320, 180)
    assert own["video"]["durationSeconds"] == pytest.approx(2.0, abs=0.1)


async def test_a_new_cut_is_as_asked_for_and_ones_own_music_goes_under_it(
    client: Client, work: Work, tmp_path: Path
) -> None:
    before = await client.do(stories.EDIT, id=work.ids["edit"])
    upload = await client.upload(UPLOAD, wave(4.0, 660), "music.wav")
    assert upload["file"]["contentType"].startswith("audio/")
    again = {"storyboardId": work.ids["storyboard"], "shotSecondsMin": 1.2, "shotSecondsMax": 1.2}
    animatic = await run(client, "createAnimatic", "CreateAnimaticInput", again)
    parts = (await client.do(stories.ANIMATIC, id=animatic["id"]))["shots"]["nodes"]
    assert all(part["durationSeconds"] >= 1.2 - 1 / 24 for part in parts)
    wanted = {"animaticId": animatic["id"], "quality": "DRAFT", "fps": 8, "parallel": False}
    video = await run(client, "createVideo", "CreateVideoInput", wanted)
    bare = {"videoId": video["id"], "subtitles": False, "backgroundMusic": False, "audioEffects": False}
    made = await run(client, "createEdit", "CreateEditInput", bare)
    plain = await client.do(stories.EDIT, id=made["id"])
    assert plain["backgroundMusic"] is None
    assert plain["audioEffects"] == []
    seen = measure(await edited_film(client, made["id"], tmp_path / "plain.mp4"))
    assert seen.fps == 8
    assert seen.subtitle_codecs == []

    music = {"editId": made["id"], "music": upload["file"]["id"], "volume": 0.8, "ducking": False}
    result = await run(client, "addBackgroundMusic", "AddBackgroundMusicInput", music)
    assert result["id"] == made["id"]
    mixed = await client.do(stories.EDIT, id=made["id"])
    assert mixed["backgroundMusic"]["sha256"] == upload["file"]["sha256"]
    assert loudest(sound(await edited_film(client, made["id"], tmp_path / "mixed.mp4")), 660) > 20
    assert loudest(sound(tmp_path / "plain.mp4"), 660) < 20
    assert (await client.do(stories.EDIT, id=work.ids["edit"]))["film"]["sha256"] == before["film"]["sha256"]


def loudest(samples: Any, hertz: int) -> float:
    """How far a tone stands out of the sound's spectrum, compared with its near neighbours."""
    spectrum = np.abs(np.fft.rfft(samples))
    tone, width = int(hertz * len(samples) / 16_000), int(100 * len(samples) / 16_000)
    return float(spectrum[tone - 8 : tone + 8].max() / np.median(spectrum[tone - width : tone + width]))


async def test_the_stages_leave_the_storage_whole(shared: Deployment, work: Work) -> None:
    await check_storage(shared)
    check_logs(shared)

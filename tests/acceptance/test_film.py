"""A text becomes a film, on both shapes, before the eyes of whoever follows it."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.acceptance import stories
from tests.acceptance.client import Client
from tests.acceptance.deployment import Deployment
from tests.acceptance.filming import (
    Event,
    Filmed,
    begin,
    check_logs,
    check_storage,
    film,
    follow_to_end,
    shots_of,
    stages_told,
)
from tests.acceptance.films import cues, level_db, loudness, measure, sound

STAGES = ["SCRIPT", "ASSETS", "STORYBOARD", "ANIMATIC", "VIDEO", "EDIT"]
CROSSFADE_SECONDS = 0.4


def check_events(events: list[Event], workflow_id: str) -> None:
    """The present state first, progress that never goes back, each stage once and in order, the end last."""
    assert events[0]["__typename"] == "WorkflowProgressed"
    assert events[0]["workflow"]["id"] == workflow_id
    progress = [event["overallProgress"] for event in events if event["__typename"] == "WorkflowProgressed"]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert len(set(progress)) > 10
    assert stages_told(events) == STAGES
    assert events[-1] == {
        "__typename": "WorkflowCompleted",
        "workflow": {"id": workflow_id, "status": "SUCCEEDED", "progress": 1.0},
    }
    kinds = {event["__typename"] for event in events}
    assert kinds == {"WorkflowProgressed", "StageCompleted", "WorkflowCompleted"}


def test_a_follower_sees_the_present_state_then_every_stage_then_the_end(chinese: Filmed) -> None:
    assert chinese.workflow["status"] == "SUCCEEDED"
    assert chinese.workflow["progress"] == 1
    assert {stage["status"] for stage in chinese.workflow["stages"]} == {"SUCCEEDED"}
    check_events(chinese.events, chinese.id)


async def test_a_follower_of_a_finished_film_is_told_so_at_once(client: Client, chinese: Filmed) -> None:
    events = await follow_to_end(client, chinese.id)
    assert [event["__typename"] for event in events] == ["WorkflowProgressed", "WorkflowCompleted"]


async def save(client: Client, link: str, path: Path) -> Path:
    path.write_bytes(await client.bytes_of(link))
    return path


async def check_film(client: Client, workflow: dict[str, Any], folder: Path, width: int, height: int) -> None:
    """The film keeps what is promised of it: format, length, loudness, voices under their subtitles, pictures."""
    edit = await client.do(stories.EDIT, id=workflow["edit"]["id"])
    film_path = await save(client, edit["film"]["url"], folder / "film.mp4")
    seen = measure(film_path)
    assert (seen.width, seen.height) == (width, height)
    assert (edit["film"]["width"], edit["film"]["height"]) == (width, height)
    assert (seen.video_codec, seen.pixel_format, seen.fps) == ("h264", "yuv420p", 24)
    assert seen.audio_codec == "aac"
    assert seen.subtitle_codecs == ["mov_text"]
    assert seen.starts_with_its_index

    segments = (await client.do(stories.VIDEO, id=workflow["video"]["id"]))["segments"]["nodes"]
    lengths = [segment["video"]["durationSeconds"] for segment in segments]
    assert seen.seconds == pytest.approx(sum(lengths) - CROSSFADE_SECONDS * (len(lengths) - 1), abs=0.2)
    assert edit["durationSeconds"] == pytest.approx(seen.seconds, abs=0.1)
    for segment in segments:
        clip = await save(client, segment["video"]["url"], folder / "clip.mp4")
        assert clip.stat().st_size > 1000

    integrated, peak = loudness(film_path)
    assert integrated == pytest.approx(-16, abs=1)
    assert peak < -1

    lines = cues((await client.bytes_of(edit["subtitles"]["url"])).decode())
    assert lines
    samples = sound(film_path)
    silence = level_db(samples) - 25
    for start, end, text in lines:
        assert 0 <= start < end <= seen.seconds + 0.05, text
        assert level_db(samples[int(start * 16_000) : int(end * 16_000)]) > silence, text
    shots = await shots_of(client, workflow["storyboard"]["id"])
    said = [words for shot in shots for words in (shot["narration"], shot["dialogue"]) if words]
    shown = "".join("".join(text.split()) for _, _, text in lines)
    for words in said:
        assert "".join(words.split()) in shown

    voices = (await client.do(stories.ANIMATIC, id=workflow["animatic"]["id"]))["shots"]["nodes"]
    for shot, part in zip(shots, voices, strict=True):
        assert (part["audio"] is not None) == bool(shot["narration"] or shot["dialogue"])
        if part["audio"] is not None:
            path = await save(client, part["audio"]["url"], folder / "voice.wav")
            assert level_db(sound(path)) > -40, shot

    poster = Image.open(BytesIO(await client.bytes_of(edit["poster"]["url"])))
    poster.load()
    assert poster.size == (edit["poster"]["width"], edit["poster"]["height"])
    pictures = set()
    for shot in shots:
        picture = Image.open(BytesIO(await client.bytes_of(shot["croppedImage"]["url"])))
        picture.load()
        assert picture.size == (width, height)
        pictures.add(shot["croppedImage"]["sha256"])
    assert len(pictures) == len(shots), "no two shots are the same picture"


async def test_a_chinese_text_becomes_a_film(client: Client, chinese: Filmed, tmp_path: Path) -> None:
    assert chinese.workflow["script"]["language"].startswith("zh")
    await check_film(client, chinese.workflow, tmp_path, 854, 480)


async def test_an_english_text_becomes_an_upright_film_with_burned_subtitles(client: Client, tmp_path: Path) -> None:
    filmed = await film(client, stories.ENGLISH, ratio="9:16", burnSubtitles=True)
    assert filmed.workflow["status"] == "SUCCEEDED", filmed.workflow
    assert filmed.workflow["script"]["language"].startswith("en")
    check_events(filmed.events, filmed.id)
    await check_film(client, filmed.workflow, tmp_path, 480, 854)


async def test_a_film_can_be_followed_over_sse_and_by_a_slow_reader(client: Client) -> None:
    workflow_id = await begin(client, stories.ENGLISH, targetShots=2, pauseAfter=["STORYBOARD"])
    streamed: list[Event] = []

    async def stream() -> None:
        async for event in client.follow_by_sse(stories.EVENTS, id=workflow_id):
            streamed.append(event)

    async def read_slowly() -> list[Event]:
        events = []
        async for event in client.follow(stories.EVENTS, id=workflow_id):
            events.append(event)
            await asyncio.sleep(0.3)
        return events

    async def resume_after_the_pause() -> None:
        while not streamed or streamed[-1].get("workflow", {}).get("status") != "PAUSED":
            await asyncio.sleep(0.05)
        await client.do(stories.steering("resumeWorkflow"), id=workflow_id)

    async with asyncio.timeout(300):
        _, slow, _ = await asyncio.gather(stream(), read_slowly(), resume_after_the_pause())
    for events in (streamed, slow):
        progress = [event["overallProgress"] for event in events if event["__typename"] == "WorkflowProgressed"]
        assert progress == sorted(progress)
        assert stages_told(events) == STAGES
        assert events[-1]["__typename"] == "WorkflowCompleted"


async def test_files_of_a_deployment_are_whole_and_known(shared: Deployment, chinese: Filmed) -> None:
    await check_storage(shared)
    check_logs(shared)

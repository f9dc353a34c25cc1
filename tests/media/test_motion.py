import asyncio
import itertools
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from errors import JobErrorCode, JobFailure
from media.camera import plan_move
from media.motion import Motion, concatenate, move_picture, render_move
from media.rendering import Rendering
from media.weather import choose_weather
from tests.media.conftest import brightness, clip, ffmpeg, frames_of, tone

SHOT_TYPES = (
    "EXTREME_LONG", "LONG", "FULL", "MEDIUM", "CLOSE_UP", "EXTREME_CLOSE_UP", "OVER_THE_SHOULDER", "POINT_OF_VIEW",
)  # fmt: skip


def render(picture: Path, out: Path, **changes: object) -> Path:
    order = {
        "seconds": 1.0, "shot_type": "CLOSE_UP", "width": 160, "height": 90, "fps": 24, "strength": 1.0, "seed": 1,
        "quality": "STANDARD", "kind": "animatic", "prompt": "",
    } | changes  # fmt: skip
    render_move(picture, out, Motion(**order))  # type: ignore[arg-type]
    return out


def grey(frame: av.VideoFrame) -> np.ndarray:
    return frame.to_ndarray(format="gray").astype(np.float32)


async def test_a_moved_picture_has_exactly_the_frames_asked_for(
    picture: Path, tmp_path: Path, told: list[float]
) -> None:
    out = tmp_path / "a.mp4"
    await move_picture(picture, out, Motion(1.26, "MEDIUM", 160, 90, 25), Rendering(2, 60, told.append))
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (160, 90, 25)
        assert not container.streams.audio
        times = [frame.time for frame in container.decode(stream)]
    assert times == pytest.approx([number / 25 for number in range(round(1.26 * 25))])
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.05])
def test_the_shortest_shot_has_one_frame(seconds: float, picture: Path, tmp_path: Path) -> None:
    assert len(frames_of(render(picture, tmp_path / "a.mp4", seconds=seconds))) == 1


def test_it_begins_with_the_picture_and_moves_away_from_it(picture: Path, tmp_path: Path) -> None:
    frames = frames_of(render(picture, tmp_path / "a.mp4", seconds=2.0, shot_type="CLOSE_UP"))
    still = frames_of(render(picture, tmp_path / "b.mp4", seconds=2.0, strength=0.0))
    start = np.abs(grey(frames[0]) - grey(still[0])).mean()
    end = np.abs(grey(frames[-1]) - grey(still[-1])).mean()
    assert start < 2 < 4 < end


def test_the_movement_is_even_without_jumps(picture: Path, tmp_path: Path) -> None:
    frames = frames_of(
        render(picture, tmp_path / "a.mp4", seconds=3.0, shot_type="EXTREME_LONG", quality="HIGH", kind="clip")
    )
    steps = np.array([np.abs(grey(b) - grey(a)).mean() for a, b in itertools.pairwise(frames)])
    assert steps.min() > 0  # no frame stands still, as it would where whole pixels are skipped
    assert steps.max() < 3 * np.median(steps)


@pytest.mark.parametrize("seconds", [0.5, 4, 60])
@pytest.mark.parametrize("shot_type", SHOT_TYPES)
def test_the_camera_never_looks_beyond_the_picture(shot_type: str, seconds: float) -> None:
    for seed in range(5):
        move = plan_move(shot_type, seconds, 1.0, seed)
        for step in range(21):
            left, top, right, bottom = move.at(step / 20, step * seconds / 20).box(320, 180)
            assert 0 <= left < right <= 320 + 1e-6
            assert 0 <= top < bottom <= 180 + 1e-6
            assert (right - left) / (bottom - top) == pytest.approx(320 / 180)


def test_shot_types_move_differently() -> None:
    ends = {shot_type: plan_move(shot_type, 5, 0.7, 1) for shot_type in SHOT_TYPES}
    assert len({(move.start, move.end, move.sway) for move in ends.values()}) == len(SHOT_TYPES)
    assert ends["CLOSE_UP"].end.zoom > ends["CLOSE_UP"].start.zoom
    assert ends["LONG"].end.zoom < ends["LONG"].start.zoom
    assert ends["EXTREME_LONG"].end.x != ends["EXTREME_LONG"].start.x


def test_the_same_order_gives_the_same_film_and_another_seed_another(picture: Path, tmp_path: Path) -> None:
    order = {"kind": "clip", "prompt": "大雪", "seconds": 0.5, "shot_type": "EXTREME_LONG"}
    first, second = render(picture, tmp_path / "a.mp4", **order), render(picture, tmp_path / "b.mp4", **order)
    other = render(picture, tmp_path / "c.mp4", **order, seed=2)
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()


def test_a_clip_has_more_life_than_an_animatic_part(picture: Path, tmp_path: Path) -> None:
    plain = frames_of(render(picture, tmp_path / "a.mp4", strength=0.5))
    alive = frames_of(render(picture, tmp_path / "b.mp4", strength=0.5, kind="clip"))
    snowy = frames_of(render(picture, tmp_path / "c.mp4", strength=0.5, kind="clip", prompt="下雪的街道"))
    assert np.abs(grey(plain[12]) - grey(alive[12])).mean() > 0.5
    assert np.abs(grey(snowy[12]) - grey(alive[12])).max() > 40
    assert brightness(snowy[12]) > brightness(alive[12])


def test_weather_is_read_from_the_prompt() -> None:
    prompts = ("雨中的车站", "a snowy field", "the train to Spain", "桃花林", "by the fire", "a room", "brainstorm")
    assert [choose_weather(prompt) for prompt in prompts] == ["rain", "snow", None, "petals", "sparks", None, None]


@pytest.mark.parametrize("size", [(90, 160), (160, 160)])
def test_a_picture_of_another_shape_fills_the_frame(size: tuple[int, int], picture: Path, tmp_path: Path) -> None:
    width, height = size
    (frame, *_) = frames_of(render(picture, tmp_path / "a.mp4", width=width, height=height, seconds=0.1))
    assert (frame.width, frame.height) == size
    edges = grey(frame)[:, [0, -1]]
    assert edges.mean() > 40  # no black bars


async def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(JobFailure) as failure:
        await move_picture(tmp_path / "a.png", tmp_path / "out.mp4", Motion(1, "MEDIUM", 160, 90, 24), Rendering(2, 60))
    assert failure.value.code == JobErrorCode.INVALID_INPUT
    assert not (tmp_path / "out.mp4").exists()


async def test_cancelling_ends_the_rendering(picture: Path, tmp_path: Path) -> None:
    started = asyncio.Event()
    task = asyncio.create_task(
        move_picture(
            picture,
            tmp_path / "a.mp4",
            Motion(600, "MEDIUM", 640, 360, 24),
            Rendering(2, 60, lambda _: started.set()),
        )
    )
    await started.wait()
    busy = psutil.Process().children()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(60):
            await task
    assert any(not child.is_running() or child.status() == psutil.STATUS_ZOMBIE for child in busy)


async def test_parts_are_joined_frame_for_frame_without_encoding_again(picture: Path, tmp_path: Path) -> None:
    parts = [
        render(picture, tmp_path / f"{number}.mp4", seconds=0.3 + number * 0.21, seed=number, shot_type=shot_type)
        for number, shot_type in enumerate(SHOT_TYPES)
    ]
    single = [frame for part in parts for frame in frames_of(part)]
    seconds = await concatenate(parts, tmp_path / "all.mp4", None, Rendering(2, 60), width=160, height=90, fps=24)
    joined = frames_of(tmp_path / "all.mp4")
    assert [frame.time for frame in joined] == pytest.approx([number / 24 for number in range(len(single))])
    assert seconds == pytest.approx(len(single) / 24)
    assert all(np.array_equal(grey(a), grey(b)) for a, b in zip(single, joined, strict=True))


async def test_joining_adds_the_sound_cut_or_filled_to_length(picture: Path, tmp_path: Path) -> None:
    parts = [render(picture, tmp_path / "a.mp4"), render(picture, tmp_path / "b.mp4", seed=5)]
    for sound_seconds in (0.5, 5):
        sound = tone(tmp_path / "tone.wav", sound_seconds)
        await concatenate(parts, tmp_path / "all.mp4", sound, Rendering(2, 60), width=160, height=90, fps=24)
        with av.open(str(tmp_path / "all.mp4")) as container:
            assert container.streams.audio[0].codec_context.name == "aac"
            assert container.duration / av.time_base == pytest.approx(2, abs=0.05)
            assert len(list(container.decode(video=0))) == 48
    assert sorted(path.name for path in tmp_path.glob("all*")) == ["all.mp4"]


async def test_parts_of_other_kinds_are_fitted(picture: Path, tmp_path: Path) -> None:
    clip(tmp_path / "tall.mp4", 1, "green", "90x160", 30)
    clip(tmp_path / "b.mp4", 0.5, "blue", "64x36", 12)
    ffmpeg("-i", tmp_path / "b.mp4", "-c:v", "libvpx", tmp_path / "small.webm")
    parts = [render(picture, tmp_path / "a.mp4"), tmp_path / "tall.mp4", tmp_path / "small.webm"]
    await concatenate(parts, tmp_path / "all.mp4", None, Rendering(2, 60), width=160, height=90, fps=24)
    frames = frames_of(tmp_path / "all.mp4")
    assert len(frames) == 24 + 24 + 12
    middle, corner = (frames[30].to_ndarray(format="rgb24")[45, place] for place in (80, 5))
    assert middle[1] > 80 > middle[0] + middle[2]  # green, between black bars
    assert corner.max() < 20
    assert frames[55].to_ndarray(format="rgb24")[45, 80][2] > 180  # blue, all over
    assert frames[55].to_ndarray(format="rgb24")[45, 5][2] > 180

import asyncio
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from errors import JobErrorCode, JobFailure
from media.finishing import Finish, finish_clip
from media.frames import from_frame
from media.loudness import measure
from media.rendering import Rendering
from media.samples import SAMPLE_RATE, decibels, read_samples
from tests.media.conftest import band_level, brightness, clip, ffmpeg, frames_of, tone


async def finished(
    path: Path, out: Path, progress: Callable[[float], None] = lambda _: None, **changes: object
) -> Path:
    return await finish_clip(path, out, Finish(**changes), Rendering(2, 60, progress))  # type: ignore[arg-type]


def pattern(path: Path, seconds: float, rate: str = "24", size: str = "160x90") -> Path:
    ffmpeg(
        "-f", "lavfi", "-i", f"testsrc=size={size}:rate={rate}:duration={seconds}", "-pix_fmt", "yuv420p",
        "-c:v", "libx264", path,
    )  # fmt: skip
    return path


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def level(path: Path, start: float, low: float, high: float, seconds: float = 0.5) -> float:
    samples = read_samples(path, 1)[round(start * SAMPLE_RATE) : round((start + seconds) * SAMPLE_RATE), 0]
    return decibels(band_level(samples, low, high))


def has_index_in_front(path: Path) -> bool:
    content = path.read_bytes()
    return content.index(b"moov") < content.index(b"mdat")


async def test_a_clip_with_nothing_to_do_is_left_as_it_is(tmp_path: Path, told: list[float]) -> None:
    source = clip(tmp_path / "a.mp4", 1)
    before = source.read_bytes()
    assert await finished(source, tmp_path / "out.mp4", progress=told.append) == source
    assert source.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert told == [1.0]


@pytest.mark.parametrize("rate", ["24", "30000/1001"])
async def test_a_fade_comes_from_black_and_goes_to_black(rate: str, tmp_path: Path, told: list[float]) -> None:
    source = clip(tmp_path / "a.mp4", 4, "white", rate=rate)  # type: ignore[arg-type]
    out = await finished(source, tmp_path / "out.mp4", transition="FADE", progress=told.append)
    frames = frames_of(out)
    assert [frame.time for frame in frames] == pytest.approx([frame.time for frame in frames_of(source)], abs=1e-3)
    light = [brightness(frame) for frame in frames]
    fade = round(0.5 * float(Fraction(rate)))
    assert light[0] < 20 > light[-1]
    assert light[: fade + 1] == sorted(light[: fade + 1])
    assert light[-fade - 1 :] == sorted(light[-fade - 1 :], reverse=True)
    assert min(light[fade:-fade]) > 225
    assert told == sorted(told)
    assert told[-1] == 1


async def test_a_short_clip_fades_for_a_fifth_of_its_length(tmp_path: Path) -> None:
    out = await finished(clip(tmp_path / "a.mp4", 1, "white", rate=25), tmp_path / "out.mp4", transition="FADE")
    light = [brightness(frame) for frame in frames_of(out)]
    assert len(light) == 25
    assert [number for number, value in enumerate(light) if value > 225] == list(range(5, 20))


async def test_a_push_in_comes_nearer_from_the_first_frame_to_the_last(tmp_path: Path) -> None:
    source = pattern(tmp_path / "a.mp4", 2, size="320x180")
    out = await finished(source, tmp_path / "out.mp4", transition="KEN_BURNS")
    before, after = frames_of(source), frames_of(out)
    assert [frame.time for frame in after] == pytest.approx([frame.time for frame in before])
    first, last = (
        np.abs(from_frame(a).y.astype(int) - from_frame(b).y).mean()
        for a, b in ((before[0], after[0]), (before[-1], after[-1]))
    )
    assert first < 4  # as it was
    middle = Image.fromarray(from_frame(before[-1]).y[10:170, 17:303])
    nearer = np.asarray(middle.resize((320, 180), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(nearer - from_frame(after[-1]).y).mean() < 0.3 * last


async def test_sound_is_added_without_touching_the_picture(tmp_path: Path) -> None:
    source = pattern(tmp_path / "a.mp4", 3)
    voice = tone(tmp_path / "voice.wav", 1, 400)
    out = await finished(source, tmp_path / "out.mp4", voiceover=voice)
    assert packets_of(out) == packets_of(source)
    with av.open(str(out)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, sound.codec_context.name, sound.codec_context.sample_rate) == (
            "h264", "aac", 48000,
        )  # fmt: skip
        assert video.duration * video.time_base == 3
        assert container.duration / av.time_base == pytest.approx(3, abs=0.03)
    assert has_index_in_front(out)
    assert level(out, 0.3, 350, 450) > level(out, 1.5, 350, 450) + 60
    assert (await measure(out, Rendering(2, 60))).integrated_lufs == pytest.approx(-16, abs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "out.mp4", "voice.wav"]


@pytest.mark.parametrize("music_seconds", [2.0, 30.0])
async def test_music_is_looped_or_cut_to_the_clip_and_fades_out(music_seconds: float, tmp_path: Path) -> None:
    music = tone(tmp_path / "music.wav", music_seconds, 3000, channels=2)
    out = await finished(pattern(tmp_path / "a.mp4", 6), tmp_path / "out.mp4", bgm=music)
    assert len(read_samples(out, 1)) / SAMPLE_RATE == pytest.approx(6, abs=0.03)
    levels = [level(out, at, 2900, 3100) for at in (0.5, 1.5, 2.5, 3.5, 4.5)]
    assert max(levels) - min(levels) < 9  # a loop's seam may dip
    assert level(out, 5.8, 2900, 3100, 0.15) < min(levels) - 6


async def test_music_is_lower_while_the_voice_speaks_where_ducking_is_wanted(tmp_path: Path) -> None:
    source = pattern(tmp_path / "a.mp4", 6)
    sounds = {"voiceover": tone(tmp_path / "voice.wav", 2.5, 400), "bgm": tone(tmp_path / "music.wav", 6, 3000)}
    ducked = await finished(source, tmp_path / "ducked.mp4", **sounds)
    even = await finished(source, tmp_path / "even.mp4", **sounds, ducking=False)
    rise = [level(path, 4.0, 2900, 3100) - level(path, 1.0, 2900, 3100) for path in (ducked, even)]
    assert rise[0] == pytest.approx(9, abs=1.5)
    assert rise[1] == pytest.approx(0, abs=1.5)


async def test_a_clips_own_sound_stays_and_lies_low_under_what_is_added(tmp_path: Path) -> None:
    pattern(tmp_path / "silent.mp4", 4)
    tone(tmp_path / "own.wav", 4, 1000)
    source = tmp_path / "a.mp4"
    ffmpeg("-i", tmp_path / "silent.mp4", "-i", tmp_path / "own.wav", "-c:v", "copy", "-c:a", "aac", source)
    moved = await finished(source, tmp_path / "moved.mp4", transition="KEN_BURNS")
    assert level(moved, 1, 900, 1100) == pytest.approx(level(source, 1, 900, 1100), abs=0.1)
    faded = await finished(source, tmp_path / "faded.mp4", transition="FADE")
    assert level(faded, 0.02, 900, 1100, 0.1) < level(faded, 2, 900, 1100) - 6 > level(faded, 3.88, 900, 1100, 0.1)
    spoken = await finished(source, tmp_path / "b.mp4", voiceover=tone(tmp_path / "voice.wav", 2, 400))
    assert level(spoken, 1, 350, 450) > level(spoken, 1, 900, 1100) + 9 > level(spoken, 1, 1900, 2100)


async def test_a_clip_of_another_kind_becomes_h264_when_sound_is_added(tmp_path: Path) -> None:
    pattern(tmp_path / "a.mp4", 2)
    ffmpeg("-i", tmp_path / "a.mp4", "-c:v", "libvpx", "-deadline", "realtime", tmp_path / "a.webm")
    out = await finished(tmp_path / "a.webm", tmp_path / "out.mp4", bgm=tone(tmp_path / "music.wav", 1, 500))
    with av.open(str(out)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, container.format.name.split(",")[0]) == ("h264", "yuv420p", "mov")
        assert len(list(container.decode(video=0))) == 48


@pytest.mark.parametrize("name", ["voiceover", "bgm"])
async def test_a_sound_that_is_none_is_named(name: str, tmp_path: Path) -> None:
    source = pattern(tmp_path / "a.mp4", 1)
    (tmp_path / "text").write_text("Not found")
    for wrong in (tmp_path / "text", source):
        with pytest.raises(JobFailure) as failure:
            await finished(source, tmp_path / "out.mp4", transition="FADE", **{name: wrong})
        assert failure.value.code is JobErrorCode.INVALID_INPUT
        assert {"voiceover": "The voiceover", "bgm": "The background music"}[name] in failure.value.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "text"]


async def test_cancelling_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    source = pattern(tmp_path / "a.mp4", 30, size="1280x720")
    started = asyncio.Event()

    def hear(fraction: float) -> None:
        if fraction > 0:
            started.set()

    task = asyncio.create_task(finished(source, tmp_path / "out.mp4", transition="KEN_BURNS", progress=hear))
    await started.wait()
    busy = psutil.Process().children()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(60):
            await task
    assert any(not child.is_running() or child.status() == psutil.STATUS_ZOMBIE for child in busy)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]

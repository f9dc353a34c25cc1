import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from errors import JobErrorCode, JobFailure
from media.cut import FilmPlan, FilmResult, FilmShot, SpokenLine, cut_film
from media.fonts import find_cjk_font
from media.frames import ENCODINGS
from media.loudness import measure
from media.rendering import Rendering
from media.samples import read_samples
from media.segments import PicturePlan, PictureShot, split_film
from media.speech import speak_to_file
from media.subtitles import Cue, make_cues
from media.timeline import ShotTiming, Timeline, Utterance, plan_timeline
from tests.media.conftest import band_level, brightness, clip, ffmpeg, frames_of, tone

COLORS = ("red", "green", "blue", "gray")


async def cut(plan: FilmPlan, tmp_path: Path, told: list[float] | None = None) -> FilmResult:
    told = [] if told is None else told
    return await cut_film(plan, tmp_path / "film.mp4", tmp_path / "work", Rendering(2, 120, told.append))


def plain_plan(
    tmp_path: Path, lengths: tuple[float, ...] = (1.5, 1.5, 1.5), *, crossfade_seconds: float = 0.0, **changes: object
) -> FilmPlan:
    shots, start = [], 0.0
    for number, seconds in enumerate(lengths):
        path = clip(tmp_path / f"{number}.mp4", seconds, COLORS[number % 4])
        shots.append(FilmShot(path, start, seconds))
        start += seconds - crossfade_seconds
    plan = FilmPlan(
        tuple(shots), 160, 90, 24, crossfade_seconds, quality="DRAFT", fade_in_seconds=0.25, fade_out_seconds=0.25
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def color(frame: av.VideoFrame) -> tuple[int, int, int]:
    return tuple(int(value) for value in frame.to_ndarray(format="rgb24")[45, 80])  # type: ignore[return-value]


async def spoken_film(tmp_path: Path) -> tuple[FilmPlan, Timeline]:
    texts = ("It was a bright cold day in April.", "The clocks were striking thirteen.", "Nobody was in the street.")
    lines = []
    for number, text in enumerate(texts):
        lines.append(Utterance(text, speak_to_file(text, "en-narrator", "en", tmp_path / f"{number}.wav")))
    timeline = plan_timeline([ShotTiming(1.0, (line,)) for line in lines], crossfade_seconds=0.5, fps=24)
    shots = tuple(
        FilmShot(
            clip(tmp_path / f"{number}.mp4", shot.duration_seconds, COLORS[number]), shot.start_seconds,
            shot.duration_seconds, (SpokenLine(tmp_path / f"{number}.wav", shot.utterances[0].start_seconds),),
            ("wind",) if number == 1 else (),
        )
        for number, shot in enumerate(timeline.shots)
    )  # fmt: skip
    plan = FilmPlan(
        shots, 160, 90, 24, timeline.crossfade_seconds, "DRAFT",
        music=tone(tmp_path / "music.wav", 4, 5000, channels=2),
        cues=make_cues(timeline.utterances), language="en", title="April",
    )  # fmt: skip
    return plan, timeline


async def test_a_film_is_what_it_promises(tmp_path: Path, told: list[float]) -> None:
    plan, timeline = await spoken_film(tmp_path)
    result = await cut(plan, tmp_path, told)
    film = tmp_path / "film.mp4"
    assert result.frames == timeline.total_frames
    with av.open(str(film)) as container:
        video, sound, subtitles = container.streams.video[0], container.streams.audio[0], container.streams.subtitles[0]
        assert (video.codec_context.name, video.codec_context.profile) == ("h264", "High")
        assert (video.codec_context.pix_fmt, video.width, video.height) == ("yuv420p", 160, 90)
        assert video.average_rate == 24
        assert (sound.codec_context.name, sound.codec_context.sample_rate, sound.codec_context.channels) == (
            "aac",
            48000,
            2,
        )
        assert (subtitles.codec_context.name, subtitles.language) == ("mov_text", "eng")
        assert container.metadata["title"] == "April"
        assert container.duration / av.time_base == pytest.approx(timeline.total_seconds, abs=0.1)
        packets = [packet for packet in container.demux(subtitles) if packet.size > 2]
        shown = [(float(packet.pts * packet.time_base), bytes(packet)[2:].decode()) for packet in packets]
    assert [text for _, text in shown] == [cue.text for cue in plan.cues]
    assert [start for start, _ in shown] == pytest.approx([cue.start_seconds for cue in plan.cues], abs=0.01)
    data = film.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")  # faststart
    times = [frame.time for frame in frames_of(film)]
    assert times == pytest.approx([number / 24 for number in range(timeline.total_frames)])
    assert told == sorted(told)
    assert told[-1] == 1
    assert list((tmp_path / "work").iterdir()) == []


async def test_its_sound_has_its_loudness_and_the_voice_where_the_subtitles_are(tmp_path: Path) -> None:
    plan, timeline = await spoken_film(tmp_path)
    result = await cut(plan, tmp_path)
    found = await measure(tmp_path / "film.mp4", Rendering(2, 60))
    assert found == result.loudness
    assert found.integrated_lufs == pytest.approx(-16, abs=1)
    assert found.true_peak_dbtp < -1
    left = read_samples(tmp_path / "film.mp4", 2)[:, 0]

    def level(start: float, end: float, low: float, high: float) -> float:
        return band_level(left[round(start * 48000) : round(end * 48000)], low, high)

    gaps = itertools.pairwise(timeline.utterances)
    pauses = [level(first.end_seconds + 0.1, second.start_seconds - 0.1, 100, 3000) for first, second in gaps]
    for line in timeline.utterances:
        assert level(line.start_seconds, line.end_seconds, 100, 3000) > 4 * max(pauses)
        # No line is cut off: it is heard in its last third of a second too.
        assert level(line.end_seconds - 0.33, line.end_seconds, 100, 3000) > 2 * max(pauses)
    # The music is heard, under the voice: more in the pauses of the film's beginning than beside a line.
    (first, *_) = timeline.utterances
    assert level(first.start_seconds, first.end_seconds, 4900, 5100) > 0.001
    assert level(first.start_seconds, first.end_seconds, 4900, 5100) < 0.3 * level(
        first.start_seconds, first.end_seconds, 100, 3000
    )


async def test_pictures_follow_one_another_with_crossfades_and_fades(tmp_path: Path) -> None:
    plan = plain_plan(tmp_path, crossfade_seconds=0.5)
    result = await cut(plan, tmp_path)
    frames = frames_of(tmp_path / "film.mp4")
    assert len(frames) == result.frames == 3 * 36 - 2 * 12
    red, green, blue = color(frames[15]), color(frames[42]), color(frames[66])
    assert red[0] > 200 > 60 > max(red[1:])
    assert green[1] > 100 > 60 > max(green[0], green[2])
    assert blue[2] > 200 > 60 > max(blue[:2])
    mixed = color(frames[24 + 6])  # in the middle of the first crossfade
    assert 70 < mixed[0] < 180
    assert mixed[1] > 40
    assert brightness(frames[0]) < 18 < brightness(frames[3]) < brightness(frames[8])
    assert brightness(frames[-1]) < 2 < brightness(frames[-3]) < brightness(frames[-8])


async def test_segments_meet_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plain_plan(tmp_path, (1.0,) * 6, crossfade_seconds=0.25, quality="HIGH")
    await cut(plan, tmp_path)
    whole = frames_of(tmp_path / "film.mp4")
    monkeypatch.setattr("media.cut._SEGMENT_FRAMES", (20, 30))
    await cut(plan, tmp_path)
    pieces = frames_of(tmp_path / "film.mp4")
    assert [frame.time for frame in pieces] == [frame.time for frame in whole]
    for first, second in zip(whole, pieces, strict=True):
        difference = np.abs(first.to_ndarray(format="gray").astype(int) - second.to_ndarray(format="gray"))
        assert difference.max() <= 3


def test_a_film_is_split_where_one_shot_stands_alone() -> None:
    shots = tuple(PictureShot(Path("x"), number * 40, 52) for number in range(10))
    plan = PicturePlan(shots, 160, 90, 24, 12, 0, 0, ENCODINGS["DRAFT"])
    stretches = split_film(plan, 100)
    assert stretches[0][0] == 0
    assert stretches[-1][1] == plan.total_frames == 9 * 40 + 52
    for (_, end), (start, _) in itertools.pairwise(stretches):
        assert end == start
        assert start % 40 == 12
    assert split_film(plan, 1000) == [(0, plan.total_frames)]


async def test_uploaded_clips_of_any_kind_are_fitted_held_and_heard(tmp_path: Path) -> None:
    tone(tmp_path / "tone.wav", 1, 3000, gain=0.9)
    clip(tmp_path / "tall.mp4", 1, "green", "90x160", 30)
    ffmpeg("-i", tmp_path / "tall.mp4", "-i", tmp_path / "tone.wav", "-c:v", "libvpx", tmp_path / "tall.webm")
    clip(tmp_path / "long.mp4", 4, "blue", "640x360", 50)
    shots = (FilmShot(tmp_path / "tall.webm", 0, 2.0), FilmShot(tmp_path / "long.mp4", 2.0, 1.0))
    result = await cut(
        FilmPlan(shots, 160, 90, 24, quality="DRAFT", fade_in_seconds=0, fade_out_seconds=0),
        tmp_path,
    )
    frames = frames_of(tmp_path / "film.mp4")
    assert len(frames) == result.frames == 72
    for number in (2, 40):  # the last frame stands until the shot ends
        picture = frames[number].to_ndarray(format="rgb24")
        assert picture[45, 80][1] > 90
        assert picture[45, 10].max() < 20
    assert color(frames[60])[2] > 200
    left = read_samples(tmp_path / "film.mp4", 2)[:, 0]
    assert band_level(left[20000:40000], 2900, 3100) > 10 * band_level(left[100000:140000], 2900, 3100)


async def test_subtitles_are_burned_in_where_a_font_can_draw_them(tmp_path: Path) -> None:
    cues = (Cue(0.5, 1.0, "Hello"),)
    plan = plain_plan(tmp_path, (1.5,), cues=cues, burn_subtitles=True, soft_subtitles=False, fade_in_seconds=0.0)
    result = await cut(plan, tmp_path)
    frames = frames_of(tmp_path / "film.mp4")
    with_text, without = (frames[number].to_ndarray(format="gray") for number in (18, 6))
    assert result.subtitles_burned == (find_cjk_font("Hello") is not None)
    assert (int(with_text.max()) > int(without.max()) + 80) == result.subtitles_burned
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert not container.streams.subtitles
    unknown = replace(plan, cues=(Cue(0.5, 1.0, "\U000e0fff"),))
    assert not (await cut(unknown, tmp_path)).subtitles_burned


async def test_one_very_short_shot_is_a_film(tmp_path: Path) -> None:
    result = await cut(plain_plan(tmp_path, (0.25,), crossfade_seconds=0.5), tmp_path)
    assert result.frames == 6 == len(frames_of(tmp_path / "film.mp4"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shots": ()}, "needs a shot"),
        ({"crossfade_seconds": 0.8}, "too short for its crossfades"),
    ],
)
async def test_a_plan_that_cannot_be_cut_is_refused(changes: dict[str, object], reason: str, tmp_path: Path) -> None:
    with pytest.raises(JobFailure, match=reason) as failure:
        await cut(plain_plan(tmp_path, **changes), tmp_path)  # type: ignore[arg-type]
    assert failure.value.code == JobErrorCode.INVALID_INPUT
    assert not (tmp_path / "film.mp4").exists()


async def test_shots_that_do_not_follow_one_another_are_refused(tmp_path: Path) -> None:
    plan = plain_plan(tmp_path)
    with pytest.raises(JobFailure, match="do not follow"):
        await cut(replace(plan, crossfade_seconds=0.5), tmp_path)
    assert not (tmp_path / "film.mp4").exists()


async def test_a_clip_that_is_no_film_fails_the_cut_and_leaves_nothing(tmp_path: Path) -> None:
    plan = plain_plan(tmp_path)
    (tmp_path / "1.mp4").write_bytes(b"no film")
    (tmp_path / "film.mp4").write_bytes(b"the former film")
    with pytest.raises(JobFailure) as failure:
        await cut(plan, tmp_path)
    assert failure.value.code == JobErrorCode.INVALID_INPUT
    assert (tmp_path / "film.mp4").read_bytes() == b"the former film"
    assert list((tmp_path / "work").iterdir()) == []


async def test_cancelling_a_cut_ends_all_its_renderers(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", 2, "red", "640x360")
    shots = tuple(FilmShot(tmp_path / "a.mp4", number * 600.0, 600.0) for number in range(3))
    started = asyncio.Event()
    task = asyncio.create_task(
        cut_film(
            FilmPlan(shots, 640, 360, 24), tmp_path / "film.mp4", tmp_path / "work",
            Rendering(2, 120, lambda _: started.set()),
        )
    )  # fmt: skip
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(60):
            await task
    busy = []
    for child in psutil.Process().children(recursive=True):
        before = sum(child.cpu_times()[:2])
        await asyncio.sleep(0.2)
        if child.is_running() and child.status() != psutil.STATUS_ZOMBIE and sum(child.cpu_times()[:2]) - before > 0.1:
            busy.append(child)
    assert busy == []
    assert list((tmp_path / "work").iterdir()) == []

"""Cuts shots, voices, music, effects and subtitles into a finished film."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from errors import JobErrorCode, JobFailure, UnsupportedFileError
from media.ffmpeg import run_ffmpeg
from media.fonts import find_cjk_font
from media.frames import encoding_of
from media.join import copy_packets
from media.loudness import Loudness, master
from media.mix import Effect, MixPlan, OwnSound, Voice, render_mix
from media.probe import MediaInfo, probe
from media.rendering import Rendering
from media.segments import PicturePlan, PictureShot, render_segment, split_film
from media.subtitles import Cue, write_srt

_SEGMENT_FRAMES = (240, 1440)  # least and most: enough of them for all cores, few enough to join


@dataclass(frozen=True)
class SpokenLine:
    """A voice file and where in the film it begins."""

    audio: Path
    start_seconds: float


@dataclass(frozen=True)
class FilmShot:
    """A clip of any size, rate and codec and its place (see media.timeline); its own sound is mixed in low.

    Each shot starts crossfade seconds before the previous one ends. effects: names of media.effects.EFFECTS, played
    during the shot.
    """

    clip: Path
    start_seconds: float
    duration_seconds: float
    lines: tuple[SpokenLine, ...] = ()
    effects: tuple[str, ...] = ()


@dataclass(frozen=True)
class FilmPlan:
    """The inputs of a film. Lengths are in seconds; music_volume is linear, 1 as loud as the voices.

    fade_*: picture and sound at the film's ends; music_fade_*: the music's own. burn_subtitles has no effect where
    no font of this machine can draw the cues (see FilmResult.subtitles_burned). language: BCP 47, of the subtitles.
    """

    shots: tuple[FilmShot, ...]
    width: int
    height: int
    fps: int = 24
    crossfade_seconds: float = 0.0
    quality: str = "STANDARD"
    fade_in_seconds: float = 0.5
    fade_out_seconds: float = 1.0
    music: Path | None = None
    music_volume: float = 0.3
    music_fade_in_seconds: float = 2.0
    music_fade_out_seconds: float = 2.0
    ducking: bool = True
    effects: bool = True
    cues: tuple[Cue, ...] = ()
    soft_subtitles: bool = True
    burn_subtitles: bool = False
    language: str = "zh"
    title: str | None = None


@dataclass(frozen=True)
class FilmResult:
    """The finished film: its planned and exact length in frames, and what its sound measures."""

    seconds: float
    frames: int
    loudness: Loudness
    subtitles_burned: bool


async def cut_film(
    plan: FilmPlan,
    out: Path,
    work: Path,
    rendering: Rendering,
) -> FilmResult:
    """Cuts the film into `out` (MP4: H.264 High, AAC 48 kHz stereo, subtitles as a soft track, index in front).

    `work`: a folder for parts, which are removed at the end. Picture and sound are made at the same time, in workers
    that hold render slots. Raises JobFailure: INVALID_INPUT where a
    file cannot be used; and as media.ffmpeg does. `out` exists only when it is complete.
    """
    picture = _picture_plan(plan, None)
    scratch = work / f"{out.stem}.parts"
    scratch.mkdir(parents=True, exist_ok=True)
    told = _Shares(rendering.progress, picture=0.8, sound=0.15, last=0.05)
    try:
        font = None
        if plan.burn_subtitles and plan.cues:
            text = "".join(cue.text for cue in plan.cues)
            font = await rendering.silent().run(find_cjk_font, text)
        picture = _picture_plan(plan, font)
        seconds = picture.total_frames / plan.fps
        async with asyncio.TaskGroup() as group:
            film = group.create_task(_render_picture(picture, scratch, rendering.telling(told.part("picture"))))
            sound = group.create_task(_render_sound(plan, picture, scratch, rendering.telling(told.part("sound"))))
        whole = scratch / "film.mp4"
        await _put_together(plan, film.result(), scratch / "sound.m4a", whole, seconds, rendering.silent())
        whole.replace(out)
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for name in ("picture", "sound", "last"):
        told.part(name)(1.0)
    return FilmResult(seconds, picture.total_frames, sound.result(), font is not None)


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error, because of which the other tasks were cancelled."""
    inner = failures.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


class _Shares:
    """Combines the progress of several concurrent tasks."""

    def __init__(self, progress: Callable[[float], None], **weights: float) -> None:
        self.progress, self.weights = progress, weights
        self.done = dict.fromkeys(weights, 0.0)
        self.told = 0.0

    def part(self, name: str) -> Callable[[float], None]:
        def tell(fraction: float) -> None:
            self.done[name] = max(self.done[name], fraction)
            now = min(sum(self.weights[key] * value for key, value in self.done.items()), 1.0)
            if now > self.told:
                self.told = now
                self.progress(now)

        return tell


def _picture_plan(plan: FilmPlan, font: Path | None) -> PicturePlan:
    """The plan in frames. Raises JobFailure INVALID_INPUT where the shots' lengths and places do not fit."""
    if not plan.shots:
        raise JobFailure(JobErrorCode.INVALID_INPUT, "A film needs a shot.", is_retryable=False)
    crossfade = round(plan.crossfade_seconds * plan.fps) if len(plan.shots) > 1 else 0
    shots: list[PictureShot] = []
    start = 0
    for shot in plan.shots:
        frames = round(shot.duration_seconds * plan.fps)
        if frames < 1 or 2 * crossfade >= frames:
            raise JobFailure(JobErrorCode.INVALID_INPUT, "A shot is too short for its crossfades.", is_retryable=False)
        if abs(shot.start_seconds * plan.fps - start) > 1.5:  # its lines would be heard over another picture
            raise JobFailure(JobErrorCode.INVALID_INPUT, "The shots do not follow one another.", is_retryable=False)
        shots.append(PictureShot(shot.clip, start, frames))
        start += frames - crossfade
    total = start + crossfade
    return PicturePlan(
        shots=tuple(shots), width=plan.width, height=plan.height, fps=plan.fps, crossfade_frames=crossfade,
        fade_in_frames=min(round(plan.fade_in_seconds * plan.fps), total // 3),
        fade_out_frames=min(round(plan.fade_out_seconds * plan.fps), total // 3),
        encoding=encoding_of(plan.quality), cues=plan.cues if font is not None else (), font=font,
    )  # fmt: skip


async def _render_picture(picture: PicturePlan, scratch: Path, rendering: Rendering) -> Path:
    least, most = _SEGMENT_FRAMES
    stretches = split_film(picture, min(max(picture.total_frames // (2 * rendering.limit), least), most))
    shares = _Shares(
        rendering.progress, **{str(first): (last - first) / picture.total_frames for first, last in stretches}
    )
    parts = [scratch / f"part-{number:04}.mp4" for number in range(len(stretches))]
    async with asyncio.TaskGroup() as group:
        for part, (first, last) in zip(parts, stretches, strict=True):
            group.create_task(
                rendering.telling(shares.part(str(first))).run(render_segment, picture, first, last, part)
            )
    if len(parts) == 1:
        return parts[0]
    joined = scratch / "picture.mp4"
    frames = await rendering.silent().run(copy_parts, parts, joined, picture.fps)
    if frames != picture.total_frames:
        raise JobFailure(
            JobErrorCode.INTERNAL, f"The film has {frames} frames, not {picture.total_frames}.", is_retryable=True
        )
    return joined


def copy_parts(parts: list[Path], out: Path, fps: int | Fraction) -> int:
    """copy_packets, removing the parts, so that the film is never on disk three times."""
    frames = copy_packets(parts, out, Fraction(fps))
    for part in parts:
        part.unlink()
    return frames


async def _render_sound(
    plan: FilmPlan,
    picture: PicturePlan,
    scratch: Path,
    rendering: Rendering,
) -> Loudness:
    infos = await rendering.silent().run(probe_all, [shot.clip for shot in plan.shots])
    rendering.progress(0.05)
    seconds = picture.total_frames / plan.fps
    mix = MixPlan(
        seconds=seconds,
        voices=tuple(Voice(line.audio, line.start_seconds) for shot in plan.shots for line in shot.lines),
        effects=_effects(plan, picture) if plan.effects else (),
        own_sounds=tuple(
            OwnSound(placed.clip, placed.start_frame / plan.fps, placed.frames / plan.fps)
            for placed, info in zip(picture.shots, infos, strict=True)
            if info.has_audio
        ),
        music=plan.music, music_volume=plan.music_volume, ducking=plan.ducking,
        music_fade_in_seconds=plan.music_fade_in_seconds, music_fade_out_seconds=plan.music_fade_out_seconds,
        film_fade_in_seconds=min(plan.fade_in_seconds, 0.1), film_fade_out_seconds=min(plan.fade_out_seconds, 0.25),
    )  # fmt: skip
    wav = scratch / "mix.wav"
    await rendering.part(0.05, 0.45).run(render_mix, mix, wav)
    loudness = await master(wav, scratch / "sound.m4a", rendering.part(0.5, 0.5), seconds=seconds)
    wav.unlink()
    return loudness


def probe_all(clips: list[Path]) -> list[MediaInfo]:
    """probe for many files in one call. Raises JobFailure INVALID_INPUT with the number of the clip."""
    infos = []
    for number, clip in enumerate(clips, 1):
        try:
            infos.append(probe(clip))
        except UnsupportedFileError as error:
            reason = f"The clip of shot {number} cannot be used. {error.message}"
            raise JobFailure(JobErrorCode.INVALID_INPUT, reason, is_retryable=False) from error
    return infos


def _effects(plan: FilmPlan, picture: PicturePlan) -> tuple[Effect, ...]:
    """Merges the effects of neighbouring shots, so that rain does not stop and restart at each cut."""
    spans: list[Effect] = []
    running: dict[str, int] = {}
    for number, (shot, placed) in enumerate(zip(plan.shots, picture.shots, strict=True)):
        start, end = placed.start_frame / plan.fps, (placed.start_frame + placed.frames) / plan.fps
        kept: dict[str, int] = {}
        for name in dict.fromkeys(shot.effects):
            if name in running and end - spans[running[name]].start_seconds <= 60:
                former = spans[running[name]]
                spans[running[name]] = Effect(name, former.start_seconds, end - former.start_seconds, former.seed)
                kept[name] = running[name]
            else:
                kept[name] = len(spans)
                spans.append(Effect(name, start, end - start, number))
        running = kept
    return tuple(spans)


_LANGUAGE_CODES = {"zh": "chi", "en": "eng", "ja": "jpn"}  # ISO 639-2/B, as MP4 players expect


async def _put_together(
    plan: FilmPlan, picture: Path, sound: Path, out: Path, seconds: float, rendering: Rendering
) -> None:
    language = _LANGUAGE_CODES.get(plan.language.split("-")[0].lower(), "und")
    inputs = ["-i", str(picture), "-i", str(sound)]
    maps = ["-map", "0:v:0", "-map", "1:a:0"]
    if plan.soft_subtitles and plan.cues:
        subtitles = out.with_name("subtitles.srt")
        await asyncio.to_thread(write_srt, plan.cues, subtitles)
        inputs += ["-i", str(subtitles)]
        maps += ["-map", "2:s:0", "-c:s", "mov_text", "-metadata:s:s:0", f"language={language}"]
    title = ["-metadata", f"title={plan.title}"] if plan.title else []
    await run_ffmpeg(
        [*inputs, *maps, "-c:v", "copy", "-c:a", "copy", "-metadata:s:a:0", f"language={language}", *title,
         "-movflags", "+faststart", "-f", "mp4", str(out)],
        rendering, expected_seconds=seconds,
    )  # fmt: skip

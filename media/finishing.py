"""Postprocesses a clip: adds its transition and sound."""

import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from errors import JobErrorCode, JobFailure, UnsupportedFileError
from media.camera import Move, View
from media.ffmpeg import run_ffmpeg
from media.frames import Encoding, Plane, Planes, VideoWriter, from_frame
from media.join import fitted_frames
from media.loudness import master
from media.mix import MixPlan, OwnSound, Voice, render_mix
from media.opening import input_arguments
from media.probe import MediaInfo, probe
from media.rendering import Rendering
from media.segments import PicturePlan, PictureShot, render_segment
from media.worker import report_progress

_FADE_SECONDS, _FADE_SHARE = 0.5, 1 / 5
_PUSH_IN = Move(View(0.5, 0.5, 1.0), View(0.5, 0.5, 1.12))
_MUSIC_FADES_SECONDS = (0.3, 1.0)  # in and out, shorter for short clips
_EDGE_SECONDS = 0.05  # avoids a click where a voice is cut off at the clip's end
_ENCODING = Encoding("veryfast", 18)  # a second encoding needs a higher quality than the first
_HIGHEST_RATE = 120


@dataclass(frozen=True)
class Finish:
    """The postprocessing of a clip.

    transition: NONE, KEN_BURNS (the camera comes slowly nearer from the first frame to the last) or FADE (from black
    and to black in half a second each, in a fifth of a short clip). ducking: the music is lower while the voice speaks.
    """

    transition: str = "NONE"
    voiceover: Path | None = None
    bgm: Path | None = None
    ducking: bool = True

    @property
    def has_sound(self) -> bool:
        return self.voiceover is not None or self.bgm is not None

    @property
    def is_nothing(self) -> bool:
        return self.transition == "NONE" and not self.has_sound


@dataclass(frozen=True)
class _Clip:
    """The probed clip, and the encoding settings where its picture is re-encoded."""

    path: Path
    info: MediaInfo
    rate: Fraction
    frames: int
    transition: str

    @property
    def needs_encoding(self) -> bool:
        is_plain = (self.info.video_codec, self.info.pixel_format) == ("h264", "yuv420p")
        return self.transition != "NONE" or not is_plain

    @property
    def seconds(self) -> float:
        return float(self.frames / self.rate)

    @property
    def fade_seconds(self) -> float:
        return min(_FADE_SECONDS, _FADE_SHARE * self.seconds) if self.transition == "FADE" else 0.0


async def finish_clip(
    clip: Path,
    out: Path,
    finish: Finish,
    rendering: Rendering,
) -> Path:
    """The clip with its transition and sound, written to `out`; `clip` itself where there is nothing to do.

    The voiceover begins with the clip and is cut at its end; the music is looped or cut to the clip's length; a sound
    of the clip's own lies low under both. The result is MP4 with its index in front: H.264, AAC 48 kHz stereo at
    -16 LUFS where sound was added, as many frames as before. A picture without a transition is copied as it is.

    Raises JobFailure: INVALID_INPUT with the file that cannot be used, else as media.ffmpeg does. `out` is only there
    when it is whole.
    """
    if finish.is_nothing:
        rendering.progress(1.0)
        return clip
    scratch = out.with_name(f"{out.stem}.parts")
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        looked = await rendering.silent().run(look, clip, finish)
        picture = await _picture(looked, scratch, rendering.part(0.0, 0.7))
        sound = None
        if finish.has_sound:
            sound = await _sound(_mix_plan(looked, finish), scratch, rendering.part(0.7, 0.25))
        whole = scratch / "whole.mp4"
        await run_ffmpeg(
            [*_together(looked, picture, sound), str(whole)],
            rendering.part(0.95, 0.05),
            expected_seconds=looked.seconds,
        )
        whole.replace(out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    rendering.progress(1.0)
    return out


def look(clip: Path, finish: Finish) -> _Clip:
    """Probes the clip and checks the sounds. Blocks. Raises JobFailure INVALID_INPUT, naming the file."""
    info = _probed(clip, "clip")
    for path, name in ((finish.voiceover, "voiceover"), (finish.bgm, "background music")):
        if path is not None and not _probed(path, name).has_audio:
            raise _unusable(name, "The file holds no sound.")
    if not info.has_video or not info.frame_count:
        raise _unusable("clip", "The file holds no film.")
    rate = Fraction(info.frame_rate or 0).limit_denominator(1001)
    frames = info.frame_count
    if not 1 <= rate <= _HIGHEST_RATE:  # the container has no usable rate
        rate = Fraction(24)
        frames = max(1, round(info.duration_seconds * rate))
    return _Clip(clip, info, rate, frames, finish.transition)


def _probed(path: Path, name: str) -> MediaInfo:
    try:
        return probe(path)
    except UnsupportedFileError as error:
        raise _unusable(name, error.message) from error


def _unusable(name: str, reason: str) -> JobFailure:
    message = f"The {name} cannot be used. {reason}"
    return JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=False)


async def _picture(clip: _Clip, scratch: Path, rendering: Rendering) -> Path:
    if not clip.needs_encoding:
        return clip.path
    out = scratch / "picture.mp4"
    await rendering.run(render_picture, clip, out)
    return out


def render_picture(clip: _Clip, out: Path) -> None:
    """Re-encodes the clip's picture, silent, with its transition. Blocks: run it in a worker process."""
    width, height = max(2, (clip.info.width or 0) // 2 * 2), max(2, (clip.info.height or 0) // 2 * 2)
    if clip.transition == "KEN_BURNS":
        _render_push_in(clip, out, width, height)
        return
    fade_frames = round(clip.fade_seconds * clip.rate)
    plan = PicturePlan(
        shots=(PictureShot(clip.path, 0, clip.frames),), width=width, height=height, fps=clip.rate, crossfade_frames=0,
        fade_in_frames=fade_frames, fade_out_frames=fade_frames, encoding=_ENCODING,
    )  # fmt: skip
    render_segment(plan, 0, clip.frames, out)


def _render_push_in(clip: _Clip, out: Path, width: int, height: int) -> None:
    with VideoWriter(out, width, height, clip.rate, _ENCODING) as writer:
        for number, frame in enumerate(fitted_frames(clip.path, width, height, clip.rate)):
            fraction = min(number / max(clip.frames - 1, 1), 1.0)
            view = _PUSH_IN.at(fraction, float(number / clip.rate))
            planes = from_frame(frame)
            writer.write_planes(Planes(_seen(planes.y, view), _seen(planes.u, view), _seen(planes.v, view)))
            if number % 24 == 0:
                report_progress(fraction)


def _seen(plane: Plane, view: View) -> Plane:
    """The part of a plane that a view shows, in the plane's own size. The box is in fractions of pixels: no jitter."""
    height, width = plane.shape
    image = Image.fromarray(plane)
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, box=view.box(width, height)))


def _mix_plan(clip: _Clip, finish: Finish) -> MixPlan:
    fade_in, fade_out = (min(seconds, _FADE_SHARE * clip.seconds) for seconds in _MUSIC_FADES_SECONDS)
    return MixPlan(
        seconds=clip.seconds,
        voices=(Voice(finish.voiceover, 0.0),) if finish.voiceover is not None else (),
        own_sounds=(OwnSound(clip.path, 0.0, clip.seconds),) if clip.info.has_audio else (),
        music=finish.bgm, music_fade_in_seconds=fade_in, music_fade_out_seconds=fade_out, ducking=finish.ducking,
        # Sound goes with the picture into black, but not so long that the first word is lost.
        film_fade_in_seconds=min(clip.fade_seconds, 0.1),
        film_fade_out_seconds=max(min(clip.fade_seconds, 0.25), _EDGE_SECONDS),
    )  # fmt: skip


async def _sound(plan: MixPlan, scratch: Path, rendering: Rendering) -> Path:
    mix, out = scratch / "mix.wav", scratch / "sound.m4a"
    await rendering.silent().run(render_mix, plan, mix)
    rendering.progress(0.3)
    await master(mix, out, rendering.part(0.3, 0.7), seconds=plan.seconds)
    return out


def _together(clip: _Clip, picture: Path, sound: Path | None) -> list[str]:
    """ffmpeg's arguments for picture and sound in one file. V is a film stream, v would be a cover picture too."""
    end = ["-c:v", "copy", "-movflags", "+faststart", "-f", "mp4"]
    if sound is not None:
        return [*input_arguments(picture), "-i", str(sound), "-map", "0:V:0", "-map", "1:a:0", "-c:a", "copy", *end]
    if not clip.info.has_audio:
        return [*input_arguments(picture), "-map", "0:V:0", *end]
    fade = clip.fade_seconds
    encoded = ["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2"]
    if fade:
        fades = f"afade=t=in:d={fade:.3f},afade=t=out:st={clip.seconds - fade:.3f}:d={fade:.3f}"
        encoded = ["-af", fades, *encoded]
    elif clip.info.audio_codec == "aac":
        encoded = ["-c:a", "copy"]
    return [*input_arguments(picture), *input_arguments(clip.path), "-map", "0:V:0", "-map", "1:a:0", *encoded, *end]

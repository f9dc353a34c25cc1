"""The film's sound as one track: voices, music that ducks under them, effects, and the clips' own sound.

Mixed in blocks, so that a long film takes no more memory than a short one. The levels are fixed in relation to the
voices; media.loudness sets the loudness of the whole afterwards.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errors import JobErrorCode, JobFailure
from media.effects import effect_samples
from media.samples import (
    SAMPLE_RATE,
    Samples,
    decode_blocks,
    gated_level,
    linear,
    read_samples,
    to_float,
    to_int16,
    write_wav,
)
from media.worker import report_progress

VOICE_DECIBELS = -20.0  # gated RMS of each voice; peaks stay under full scale
MUSIC_DECIBELS = -18.0  # at volume 1
EFFECT_DECIBELS = -33.0
OWN_SOUND_DECIBELS = -32.0
DUCK_DECIBELS = -9.0
_ATTACK_SECONDS, _RELEASE_SECONDS = 0.3, 0.8
_BRIDGE_SECONDS = 1.2  # the music stays down in pauses shorter than this
_BLOCK_SECONDS = 10
_LOOP_FADE_SECONDS = 2.0
_EDGE_SECONDS = 0.3  # fade-in and fade-out of effects and clips


@dataclass(frozen=True)
class Voice:
    """A spoken line: any sound file, and where in the film it begins."""

    path: Path
    start_seconds: float


@dataclass(frozen=True)
class Effect:
    """A synthesised sound (a name of media.effects.EFFECTS) over part of the film."""

    name: str
    start_seconds: float
    seconds: float
    seed: int = 0


@dataclass(frozen=True)
class OwnSound:
    """The own sound of a clip, mixed in at a low level."""

    path: Path
    start_seconds: float
    seconds: float


@dataclass(frozen=True)
class MixPlan:
    """music_volume: linear, 1 stands about as loud as the voices. Fades are the music's own; the film's sound follows
    the picture's fades (film_fade_*)."""

    seconds: float
    voices: tuple[Voice, ...] = ()
    effects: tuple[Effect, ...] = ()
    own_sounds: tuple[OwnSound, ...] = ()
    music: Path | None = None
    music_volume: float = 0.3
    music_fade_in_seconds: float = 2.0
    music_fade_out_seconds: float = 2.0
    ducking: bool = True
    film_fade_in_seconds: float = 0.0
    film_fade_out_seconds: float = 0.0


@dataclass(frozen=True)
class _Placed:
    start: int
    samples: Samples

    @property
    def end(self) -> int:
        return self.start + len(self.samples)


def render_mix(plan: MixPlan, out: Path) -> float:
    """Writes the mix as a 48 kHz stereo WAV of plan.seconds and returns that. Blocks: for a worker process.

    Raises JobFailure INVALID_INPUT where a sound cannot be read.
    """
    frames = round(plan.seconds * SAMPLE_RATE)
    if frames < 1:
        raise JobFailure(JobErrorCode.INVALID_INPUT, "A film needs a length.", is_retryable=False)
    spoken: list[tuple[float, float]] = []
    voices = [_load_voice(voice, spoken, plan.seconds) for voice in plan.voices]
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="music-") as scratch:
        music = _Music(plan.music, Path(scratch)) if plan.music is not None else None
        return write_wav(out, _blocks(plan, frames, voices, spoken, music))


def _load_voice(voice: Voice, spoken: list[tuple[float, float]], film_seconds: float) -> NDArray[np.int16]:
    samples = read_samples(voice.path, 1, film_seconds - voice.start_seconds)
    level = gated_level(samples)
    if level > 1e-5:
        samples = samples * min(linear(VOICE_DECIBELS) / level, linear(30))
    spoken.append((voice.start_seconds, voice.start_seconds + len(samples) / SAMPLE_RATE))
    return to_int16(np.clip(samples, -1, 1))  # as integers: an hour of speech is then 350 MB at most


def _blocks(
    plan: MixPlan,
    frames: int,
    voices: list[NDArray[np.int16]],
    spoken: list[tuple[float, float]],
    music: "_Music | None",
) -> Iterator[Samples]:
    duck_times, duck_gains = duck_curve(spoken)
    sounds: tuple[Effect | OwnSound, ...] = (*plan.effects, *plan.own_sounds)
    open_sounds: dict[Effect | OwnSound, _Placed] = {}
    size = _BLOCK_SECONDS * SAMPLE_RATE
    for first in range(0, frames, size):
        last = min(first + size, frames)
        block = np.zeros((last - first, 2), np.float32)
        times = np.arange(first, last, dtype=np.float64) / SAMPLE_RATE
        for voice, samples in zip(plan.voices, voices, strict=True):
            start = round(voice.start_seconds * SAMPLE_RATE)
            if start < last and start + len(samples) > first:
                part = to_float(samples[max(first - start, 0) : last - start])
                _lay(block, part, max(start - first, 0))
        for sound in sounds:
            start = round(sound.start_seconds * SAMPLE_RATE)
            if start >= last or start + round(sound.seconds * SAMPLE_RATE) <= first:
                open_sounds.pop(sound, None)
                continue
            if sound not in open_sounds:
                open_sounds[sound] = _Placed(start, _load_sound(sound))
            placed = open_sounds[sound]
            _lay(block, placed.samples[max(first - start, 0) : max(last - start, 0)], max(start - first, 0))
        if music is not None:
            gain = plan.music_volume * music.fade(times, plan)
            if plan.ducking and len(duck_times):
                gain = gain * 10 ** (np.interp(times, duck_times, duck_gains) / 20)
            block += music.read(first, last - first) * gain.astype(np.float32)[:, None]
        block *= _film_fade(times, plan).astype(np.float32)[:, None]
        # Half, so that voices and music together stay under full scale in the file; loudness comes after.
        yield block * np.float32(0.5)
        report_progress(last / frames)


def _lay(block: Samples, part: NDArray[np.float32], at: int) -> None:
    block[at : at + len(part)] += part[: max(0, len(block) - at)]


def _load_sound(sound: Effect | OwnSound) -> Samples:
    if isinstance(sound, Effect):
        samples = effect_samples(sound.name, sound.seconds, sound.seed) * linear(EFFECT_DECIBELS + 20)
    else:
        samples = read_samples(sound.path, 2, sound.seconds)
        level = gated_level(samples)
        samples = samples * min(linear(OWN_SOUND_DECIBELS) / max(level, 1e-6), 4.0)
    edge = min(round(_EDGE_SECONDS * SAMPLE_RATE), len(samples) // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32))[:, None]
    samples[:edge] *= ramp
    samples[len(samples) - edge :] *= ramp[::-1]
    return samples.astype(np.float32)


def duck_curve(spoken: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Times (seconds) and gains (decibels) of the music; the gain is linear between them.

    Since the times of all lines are known, the music is lowered before each voice begins, not after it as a
    compressor would do.
    """
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spoken):
        if joined and start - joined[-1][1] < _BRIDGE_SECONDS:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    times: list[float] = []
    gains: list[float] = []
    for start, end in joined:
        times += [start - _ATTACK_SECONDS, start, end, end + _RELEASE_SECONDS]
        gains += [0.0, DUCK_DECIBELS, DUCK_DECIBELS, 0.0]
    # A release may reach into the next attack (both are shorter than the bridge only in sum): keep time in order.
    for index in range(1, len(times)):
        times[index] = max(times[index], times[index - 1])
    return times, gains


def _film_fade(times: NDArray[np.float64], plan: MixPlan) -> NDArray[np.float64]:
    return _ramp(times, plan.film_fade_in_seconds) * _ramp(plan.seconds - times, plan.film_fade_out_seconds)


def _ramp(times: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    return np.clip(times / seconds, 0, 1) if seconds > 0 else np.ones_like(times)


class _Music:
    """A piece of any format and length, looped with a crossfade where it is too short; at MUSIC_DECIBELS."""

    def __init__(self, path: Path, scratch: Path) -> None:
        raw = scratch / "music.raw"
        with raw.open("wb") as file:
            for block in decode_blocks(path, 2):
                file.write(to_int16(block).tobytes())
        if not raw.stat().st_size:
            raise JobFailure(JobErrorCode.INVALID_INPUT, "The music is empty.", is_retryable=False)
        self.samples = np.memmap(raw, dtype="<i2", mode="r").reshape(-1, 2)
        self.length = len(self.samples)
        self.gain = self._gain()
        self.overlap = min(round(_LOOP_FADE_SECONDS * SAMPLE_RATE), self.length // 4)

    def _gain(self) -> float:
        # Ten seconds at a time, the louder half counts: an intro does not make the whole too loud.
        size = 10 * SAMPLE_RATE
        starts = range(0, self.length, size)
        levels = sorted(gated_level(to_float(self.samples[at : at + size])) for at in starts)
        louder = levels[len(levels) // 2 :]
        level = float(np.sqrt(np.mean(np.square(louder))))
        return min(linear(MUSIC_DECIBELS) / max(level, 1e-6), linear(30))

    def fade(self, times: NDArray[np.float64], plan: MixPlan) -> NDArray[np.float64]:
        return _ramp(times, plan.music_fade_in_seconds) * _ramp(plan.seconds - times, plan.music_fade_out_seconds)

    def read(self, first: int, count: int) -> Samples:
        """`count` frames from the film's frame `first` on."""
        period = self.length - self.overlap
        result = np.zeros((count, 2), np.float32)
        done = 0
        while done < count:
            turn, place = divmod(first + done, period)
            take = min(count - done, period - place)
            part = self.samples[place : place + take].astype(np.float32)
            if turn and place < self.overlap:  # the end of the turn before runs out under the beginning of this one
                both = min(take, self.overlap - place)
                angle = (np.arange(place, place + both, dtype=np.float32) / self.overlap * (np.pi / 2))[:, None]
                tail = self.samples[period + place : period + place + both].astype(np.float32)
                part[:both] = part[:both] * np.sin(angle) + tail * np.cos(angle)
            result[done : done + take] = part
            done += take
        return result * np.float32(self.gain / 32767)

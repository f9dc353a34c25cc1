"""Writes a piece of a style, a length and a seed to a file, in blocks, so that memory does not grow with length."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from media.music.instruments import play
from media.music.score import Note, write_score
from media.music.styles import Style, choose_style, style_seed
from media.samples import SAMPLE_RATE, Samples, write_wav
from media.synthesis import Mono
from media.worker import report_progress

_FFT = 1 << 19
_ROOM_SECONDS = 2.2
_ROOM_FRAMES = int(_ROOM_SECONDS * SAMPLE_RATE)
_BLOCK = _FFT - _ROOM_FRAMES  # what one transform can reverberate at once
_LONGEST_NOTE = 12 * SAMPLE_RATE
_CACHED_SAMPLES = 6_000_000  # 24 MB of repeated notes


def compose(
    style: str | None, seconds: float, seed: int, out: Path, hints: tuple[tuple[float, str], ...] = ()
) -> float:
    """Writes a piece as a 48 kHz stereo WAV of exactly `seconds`, and returns that. Blocks: for a worker process.

    style: words in English or Chinese (see media.music.styles); the same style, seconds, seed and hints give the same
    samples. hints: (second, mood words) in order of time, from which on the piece plays as strongly as that mood asks.
    Raises ValueError for a length below a tenth of a second.
    """
    if seconds < 0.1:
        raise ValueError("music needs at least a tenth of a second")
    chosen = choose_style(style, seed)
    energies = tuple((second, choose_style(mood, seed).energy) for second, mood in hints if mood.strip())
    notes = write_score(chosen, seconds, style_seed(style, seed), energies)
    return write_wav(out, _render(chosen, notes, round(seconds * SAMPLE_RATE)))


def _room(reverb: float) -> list[np.ndarray[tuple[int, ...], np.dtype[np.complex64]]]:
    """Spectra of a room's answer for left and right: decaying noise, darker as it decays."""
    spectra = []
    time = np.arange(_ROOM_FRAMES, dtype=np.float32) / SAMPLE_RATE
    for side in (1, 2):
        noise = np.random.default_rng(side).standard_normal(_ROOM_FRAMES).astype(np.float32)
        dark = np.convolve(noise, np.hanning(12).astype(np.float32) / 6, mode="same")
        share = np.exp(-time / 0.25)
        answer = (noise * share * 0.5 + dark * (1 - share * 0.5)) * np.exp(-time / (_ROOM_SECONDS / 5.5))
        answer[: int(0.012 * SAMPLE_RATE)] = 0
        answer *= reverb / np.sqrt(np.sum(np.square(answer)))
        spectra.append(np.fft.rfft(answer, _FFT).astype(np.complex64))
    return spectra


class _Notes:
    """A cache of notes as samples, keeping recently used ones."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int, float], Mono] = {}
        self.size = 0

    def get(self, note: Note) -> Mono:
        key = (note.instrument, note.pitch, round(note.seconds, 2))
        if (sound := self.kept.pop(key, None)) is None:
            sound = play(*key)[:_LONGEST_NOTE]
            self.size += len(sound)
            while self.size > _CACHED_SAMPLES and self.kept:
                self.size -= len(self.kept.pop(next(iter(self.kept))))
        self.kept[key] = sound
        return sound


def _render(style: Style, notes: list[Note], frames: int) -> Iterator[Samples]:
    sounds, room = _Notes(), _room(style.reverb)
    dry = np.zeros((2, _BLOCK + _LONGEST_NOTE), np.float32)
    echo = np.zeros((2, _ROOM_FRAMES), np.float32)
    remaining = iter(notes)
    note = next(remaining, None)
    for first in range(0, frames, _BLOCK):
        while note is not None and note.start * SAMPLE_RATE < first + _BLOCK:
            sound = sounds.get(note)
            at = round(note.start * SAMPLE_RATE) - first
            angle = (note.pan + 1) * np.pi / 4
            dry[0, at : at + len(sound)] += sound * np.float32(note.gain * np.cos(angle) * 1.414)
            dry[1, at : at + len(sound)] += sound * np.float32(note.gain * np.sin(angle) * 1.414)
            note = next(remaining, None)
        block = np.empty((_BLOCK, 2), np.float32)
        for side in (0, 1):
            wet = np.fft.irfft(np.fft.rfft(dry[side, :_BLOCK], _FFT) * room[side], _FFT).astype(np.float32)
            wet[:_ROOM_FRAMES] += echo[side]
            echo[side] = wet[_BLOCK:]
            block[:, side] = np.tanh(0.5 * (dry[side, :_BLOCK] + wet[:_BLOCK]))
        dry[:, :_LONGEST_NOTE] = dry[:, _BLOCK:]
        dry[:, _LONGEST_NOTE:] = 0
        yield _with_edges(block[: frames - first], first, frames)
        report_progress(min(first + _BLOCK, frames) / frames)


def _with_edges(block: Samples, first: int, frames: int) -> Samples:
    """Fades in over five milliseconds and out over half a second."""
    start, end = min(240, frames // 4), min(SAMPLE_RATE // 2, frames // 4)
    place = np.arange(first, first + len(block))
    gain = np.clip(place / start, 0, 1) * np.clip((frames - 1 - place) / end, 0, 1)
    return block * gain.astype(np.float32)[:, None]

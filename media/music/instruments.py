"""The instruments: one note as mono samples, by wavetables, decaying partials and shaped noise."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from media.music.score import frequency
from media.samples import SAMPLE_RATE
from media.synthesis import Mono, as_mono, colored_noise, envelope

_TABLE = 8192
_HIGHEST = 14_000.0  # Hz: no partial above it, so that nothing folds back


@functools.cache
def _sine() -> Mono:
    return as_mono(np.sin(2 * np.pi * np.arange(_TABLE) / _TABLE))


def _oscillate(table: Mono, cycles: Mono) -> Mono:
    return as_mono(table[(cycles * _TABLE).astype(np.int32) & (_TABLE - 1)])


def _cycles(pitch: float, frames: int, vibrato: float = 0.0, glide: float = 0.0, detune: float = 0.0) -> Mono:
    """Cycles passed at each sample. vibrato: depth of 5.3 Hz, of the pitch; glide: semitones from which it comes."""
    time = np.arange(frames, dtype=np.float64) / SAMPLE_RATE
    hertz = frequency(69) * 2 ** ((pitch - 69 + detune) / 12)
    passed = hertz * time
    if vibrato:
        depth = vibrato * hertz * np.clip((time - 0.25) / 0.5, 0, 1)
        passed = passed + depth / (2 * np.pi * 5.3) * np.sin(2 * np.pi * 5.3 * time)
    if glide:
        passed = passed - hertz * (1 - 2 ** (-glide / 12)) * 0.06 * (1 - np.exp(-time / 0.06))
    # Kept small before it becomes float32, whose 24 bits would else blur long notes.
    return as_mono(passed % 4096)


@functools.lru_cache(maxsize=512)
def _wavetable(kind: str, partials: int) -> Mono:
    number = np.arange(1, partials + 1)
    strengths = {
        "saw": 1 / number,
        "soft": 1 / number**1.8,
        "square": np.where(number % 2, 1 / number, 0),
        "hollow": np.where(number % 2, 1 / number**1.6, 0.15 / number**1.6),
        "brass": number**0.4 / (1 + (number / 4) ** 2.2),
        "bowed": (1 / number**1.1) * (1 + 0.6 * np.sin(number * 1.9)),
        "reed": (1 / number**0.9) * np.where(number % 3 == 0, 1.3, 0.8) * np.exp(-(((number - 5) / 9) ** 2)),
    }[kind]
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex64)
    spectrum[1 : partials + 1] = -0.5j * strengths * _TABLE
    table = np.fft.irfft(spectrum, _TABLE)
    return as_mono(table / np.sqrt(np.mean(np.square(table))))


def _partials(pitch: float, most: int) -> int:
    return int(max(1, min(most, _HIGHEST / frequency(round(pitch)))))


def _shape(frames: int, held: int, attack: float, release: float) -> Mono:
    """Rises, holds, and falls after `held` samples."""
    time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
    rise = np.clip(time / attack, 0, 1)
    fall = np.clip((frames / SAMPLE_RATE - time) / max((frames - held) / SAMPLE_RATE, release / 4), 0, 1)
    return as_mono(np.sin(rise * np.pi / 2) ** 2 * fall**1.5)


@dataclass(frozen=True)
class _Sustained:
    """A note that is held: a wavetable, several players slightly out of tune, an attack and a release in seconds."""

    table: str
    most: int
    attack: float
    release: float
    players: int = 1
    detune: float = 0.06
    vibrato: float = 0.0
    glide: float = 0.0
    gain: float = 1.0
    breath: float = 0.0
    octave: int = 0

    def play(self, pitch: int, seconds: float) -> Mono:
        held = int(seconds * SAMPLE_RATE)
        frames = held + int(self.release * SAMPLE_RATE)
        table = _wavetable(self.table, _partials(pitch + self.octave, self.most))
        sound = np.zeros(frames, np.float32)
        for player in range(self.players):
            offset = (player - (self.players - 1) / 2) * self.detune
            cycles = _cycles(pitch + self.octave, frames, self.vibrato, self.glide, offset)
            sound += _oscillate(table, cycles + np.float32(0.37 * player))
        sound /= self.players**0.6
        if self.breath:
            chance = np.random.default_rng(pitch)
            middle = frequency(pitch) * 2
            sound += self.breath * colored_noise(frames, chance, middle * 0.7, middle * 2, 0.3)
        return as_mono(0.22 * self.gain * sound * _shape(frames, held, self.attack, self.release))


@dataclass(frozen=True)
class _Struck:
    """A note that dies away: partials (ratio, strength), a decay in seconds at middle C, faster for higher ones."""

    partials: tuple[tuple[float, float], ...]
    decay: float
    damping: float
    gain: float = 1.0
    glide: float = 0.0
    noise: float = 0.0
    octave: int = 0
    longest: float = 3.5

    def play(self, pitch: int, seconds: float) -> Mono:
        pitch += self.octave
        decay = self.decay * 2 ** ((60 - pitch) / 24)
        frames = int(min(max(5 * decay, 0.2), self.longest) * SAMPLE_RATE)
        time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
        cycles = _cycles(pitch, frames, glide=self.glide)
        sound = np.zeros(frames, np.float32)
        for ratio, strength in self.partials:
            if ratio * frequency(pitch) > _HIGHEST:
                break
            sound += (
                strength
                * _oscillate(_sine(), cycles * np.float32(ratio))
                * np.exp(-time * np.float32((1 + self.damping * (ratio - 1)) / decay))
            )
        if self.noise:
            burst = min(frames, SAMPLE_RATE // 50)
            chance = np.random.default_rng(pitch)
            sound[:burst] += (
                self.noise * colored_noise(burst, chance, 800, 6000, 0.5) * envelope(burst, 0.001, 0, 0.004)
            )
        edge = min(frames, 120)
        sound[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
        tail = min(frames, SAMPLE_RATE // 10)
        sound[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
        return as_mono(0.42 * self.gain * sound)


def _string(count: int, slope: float, pick: float, stiffness: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Partials of a plucked or struck string: picked at `pick` of its length, stretched by its stiffness."""
    return tuple(
        (n * (1 + stiffness * n * n) ** 0.5, abs(np.sin(np.pi * n * pick)) / n**slope) for n in range(1, count + 1)
    )


_PITCHED: dict[str, _Sustained | _Struck] = {
    "strings": _Sustained("bowed", 14, 0.5, 0.9, players=4, vibrato=0.003, gain=0.75),
    "warm": _Sustained("soft", 10, 0.7, 1.1, players=3, detune=0.09, gain=0.9),
    "dark": _Sustained("hollow", 9, 0.8, 1.2, players=3, detune=0.16, octave=-12),
    "glass": _Sustained("soft", 5, 1.0, 1.6, players=3, detune=0.12, octave=12, gain=0.7),
    "open": _Sustained("soft", 8, 0.6, 1.2, players=3, detune=0.05, vibrato=0.002),
    "saw": _Sustained("saw", 16, 0.25, 0.5, players=5, detune=0.12, gain=0.6),
    "brass": _Sustained("brass", 16, 0.12, 0.4, players=3, detune=0.07, gain=0.75),
    "horn": _Sustained("brass", 9, 0.09, 0.3, players=2, detune=0.05, vibrato=0.003, gain=1.1),
    "violin": _Sustained("bowed", 18, 0.14, 0.35, players=2, detune=0.05, vibrato=0.006, glide=0.4, gain=0.8),
    "cello_lead": _Sustained("bowed", 16, 0.18, 0.45, vibrato=0.006, glide=0.5, gain=1.0),
    "cello": _Sustained("bowed", 12, 0.2, 0.5, players=2, detune=0.04, vibrato=0.003),
    "erhu": _Sustained("reed", 16, 0.10, 0.3, vibrato=0.009, glide=1.2, gain=0.85),
    "flute": _Sustained("soft", 5, 0.09, 0.25, vibrato=0.005, breath=0.05, gain=1.0),
    "whistle": _Sustained("soft", 3, 0.03, 0.12, vibrato=0.004, breath=0.03, octave=12, gain=0.65),
    "saw_lead": _Sustained("saw", 20, 0.01, 0.2, players=3, detune=0.1, vibrato=0.003, gain=0.7),
    "square": _Sustained("square", 12, 0.005, 0.12, gain=0.6),
    "bass": _Sustained("soft", 6, 0.012, 0.15, gain=1.2),
    "synth_bass": _Sustained("saw", 8, 0.006, 0.08, players=2, detune=0.06, gain=1.0),
    "piano": _Struck(_string(12, 1.3, 0.12, 0.0004), 0.8, 0.22, gain=1.1, noise=0.05),
    "harp": _Struck(_string(10, 1.5, 0.3), 0.7, 0.30),
    "ukulele": _Struck(_string(10, 1.3, 0.22), 0.24, 0.30, gain=1.1, noise=0.12),
    "pizzicato": _Struck(_string(9, 1.3, 0.25), 0.17, 0.45, gain=1.2, noise=0.1),
    "spiccato": _Struck(_string(14, 1.0, 0.12), 0.11, 0.12, gain=1.1, noise=0.2),
    "guzheng": _Struck(_string(14, 1.05, 0.09), 0.65, 0.17, gain=1.0, glide=0.35, noise=0.15),
    "celesta": _Struck(((1, 1.0), (2.76, 0.35), (5.4, 0.16), (8.9, 0.06)), 0.75, 0.25, octave=12, gain=0.8),
}


def _kick() -> Mono:
    time = np.arange(int(0.35 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    cycles = 48 * time + 110 * 0.035 * (1 - np.exp(-time / 0.035))
    return as_mono(1.1 * np.sin(2 * np.pi * cycles) * np.exp(-time / 0.11))


def _taiko() -> Mono:
    time = np.arange(int(1.1 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    cycles = 62 * time + 60 * 0.05 * (1 - np.exp(-time / 0.05))
    skin = np.sin(2 * np.pi * cycles) + 0.4 * np.sin(2 * np.pi * 1.59 * cycles) * np.exp(-time / 0.1)
    return as_mono(1.0 * skin * np.exp(-time / 0.28) + 0.12 * _hiss(len(time), 200, 2500, 0.02))


def _hiss(frames: int, low: float, high: float, decay: float) -> Mono:
    chance = np.random.default_rng(round(low))
    return as_mono(colored_noise(frames, chance, low, high, 0.2) * envelope(frames, 0.001, 0, decay))


def _block() -> Mono:
    time = np.arange(int(0.2 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    return as_mono(0.5 * np.sin(2 * np.pi * 920 * time) * np.exp(-time / 0.03))


def _snare() -> Mono:
    frames = int(0.35 * SAMPLE_RATE)
    time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
    return as_mono(0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.06) + 0.45 * _hiss(frames, 1200, 9000, 0.09))


_DRUMS: dict[str, Callable[[], Mono]] = {
    "kick": _kick,
    "taiko": _taiko,
    "drum": _taiko,
    "snare": _snare,
    "block": _block,
    "clap": lambda: as_mono(0.5 * _hiss(SAMPLE_RATE // 4, 900, 5000, 0.06)),
    "hat": lambda: as_mono(0.3 * _hiss(SAMPLE_RATE // 8, 6500, 14000, 0.03)),
    "shaker": lambda: as_mono(0.25 * _hiss(SAMPLE_RATE // 8, 4500, 11000, 0.035)),
    "tick": lambda: as_mono(0.3 * _hiss(SAMPLE_RATE // 10, 3000, 9000, 0.012)),
    "cymbal": lambda: as_mono(0.35 * _hiss(3 * SAMPLE_RATE, 3500, 13000, 0.7)),
}


def play(instrument: str, pitch: int, seconds: float) -> Mono:
    """One note at gain 1. Raises KeyError for an unknown instrument."""
    if instrument in _DRUMS:
        return _DRUMS[instrument]()
    return _PITCHED[instrument].play(pitch, seconds)

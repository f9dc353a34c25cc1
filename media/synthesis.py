"""Synthesis functions for effects and music: coloured noise, envelopes, slow random curves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from media.samples import SAMPLE_RATE

Mono = NDArray[np.float32]
_LONGEST_NOISE = 8 * SAMPLE_RATE


def as_mono(values: NDArray[Any]) -> Mono:
    return np.asarray(values, np.float32)


def colored_noise(frames: int, chance: np.random.Generator, low: float, high: float, slope: float) -> Mono:
    """Noise of RMS 1 between two frequencies (Hz) with soft edges, falling by frequency ** -slope between them.

    Shaped in the frequency domain. Longer noise is a loop of eight seconds whose ends meet by themselves, for the
    inverse transform is periodic.
    """
    size = min(frames, _LONGEST_NOISE)
    size += -size % 2
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE).astype(np.float32)
    positive = np.maximum(frequencies, 1)
    shape = positive**-slope / (1 + (low / positive) ** 6) ** 0.5 / (1 + (positive / high) ** 6) ** 0.5
    phases = chance.random(len(frequencies), dtype=np.float32) * np.float32(2 * np.pi)
    spectrum = (shape * np.exp(1j * phases)).astype(np.complex64)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, size).astype(np.float32)
    noise /= np.sqrt(np.mean(np.square(noise))) + 1e-12
    if frames > size:
        noise = np.roll(noise, int(chance.integers(size)))
    return as_mono(np.resize(noise, frames))


def slow_wander(frames: int, rate: float, chance: np.random.Generator) -> Mono:
    """A smooth random curve from 0 to 1 that turns about `rate` times a second."""
    count = max(4, int(frames / SAMPLE_RATE * rate * 2) + 3)
    points = chance.random(count)
    place = np.linspace(0, count - 1.001, frames, dtype=np.float32)
    left = place.astype(np.int32)
    part = place - left
    part = part * part * (3 - 2 * part)
    return as_mono(points[left] * (1 - part) + points[np.minimum(left + 1, count - 1)] * part)


def envelope(frames: int, attack: float, hold: float, decay: float) -> Mono:
    """Rises for `attack` seconds, holds, then decays to 1/e in `decay` seconds; zero at both ends."""
    time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
    shape = np.minimum(time / max(attack, 1e-4), 1) * np.exp(-np.maximum(time - attack - hold, 0) / max(decay, 1e-4))
    fade = min(frames, SAMPLE_RATE // 200)
    shape[frames - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return as_mono(shape)


def lowpass_sweep(frames: int, chance: np.random.Generator, low: float, high: float) -> Mono:
    """A creak: pulses whose rate wanders between two frequencies, rung by a few wooden resonances."""
    rate = low + (high - low) * slow_wander(frames, 2.5, chance)
    phase = np.cumsum(rate) / SAMPLE_RATE
    pulses = np.diff(np.floor(phase), prepend=0).astype(np.float32)
    time = np.arange(int(0.03 * SAMPLE_RATE)) / SAMPLE_RATE
    ring = sum(np.sin(2 * np.pi * f * time) * np.exp(-time / 0.006) for f in (640, 1130, 1870))
    size = 1 << (frames + len(time)).bit_length()
    rung = np.fft.irfft(np.fft.rfft(pulses, size) * np.fft.rfft(ring, size), size)[:frames]
    return as_mono(rung)

"""Joins spoken lines: those of one shot with pauses, and the whole film's voice on one track."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from media.samples import SAMPLE_RATE, Samples, read_samples, write_wav

_BLOCK_SECONDS = 10


def join_speech(paths: Sequence[Path], gap_seconds: float, out: Path) -> list[tuple[float, float]]:
    """Writes the recordings one after another into a 48 kHz mono WAV; (start, length) of each in seconds. Blocks."""
    pieces: list[Samples] = []
    places: list[tuple[float, float]] = []
    frames = 0
    pause = np.zeros((round(gap_seconds * SAMPLE_RATE), 1), np.float32)
    for number, path in enumerate(paths):
        if number:
            pieces.append(pause)
            frames += len(pause)
        samples = read_samples(path)
        places.append((frames / SAMPLE_RATE, len(samples) / SAMPLE_RATE))
        pieces.append(samples)
        frames += len(samples)
    write_wav(out, np.concatenate(pieces) if pieces else np.zeros((0, 1), np.float32))
    return places


def lay_track(entries: Sequence[tuple[Path, float]], total_seconds: float, out: Path) -> None:
    """Writes a mono WAV of total_seconds with each recording at its start; what lies beyond the end is cut. Blocks.

    Held in memory block by block, so an hour of film costs no more than its longest recording.
    """
    total = round(total_seconds * SAMPLE_RATE)
    waiting = sorted(entries, key=lambda entry: entry[1])

    def blocks() -> Iterator[Samples]:
        running: list[tuple[int, Samples]] = []
        size = _BLOCK_SECONDS * SAMPLE_RATE
        for start in range(0, total, size):
            stop = min(start + size, total)
            while waiting and round(waiting[0][1] * SAMPLE_RATE) < stop:
                path, at = waiting.pop(0)
                running.append((round(at * SAMPLE_RATE), read_samples(path, 1, total_seconds - at)))
            block = np.zeros((stop - start, 1), np.float32)
            for at, samples in running:
                first, last = max(at, start), min(at + len(samples), stop)
                if first < last:
                    block[first - start : last - start] += samples[first - at : last - at]
            running = [(at, samples) for at, samples in running if at + len(samples) > stop]
            yield block

    write_wav(out, blocks() if total else np.zeros((0, 1), np.float32))

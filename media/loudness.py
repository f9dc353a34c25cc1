"""Loudness after EBU R 128 / ITU-R BS.1770: measured by ffmpeg's ebur128, reached by gain and a limiter."""

import re
from dataclasses import dataclass
from pathlib import Path

from media.ffmpeg import run_ffmpeg
from media.rendering import Rendering

TARGET_LUFS = -16.0
HIGHEST_PEAK_DBTP = -1.0
_SILENT_LUFS = -65.0
_TOLERANCE = 0.4  # LU; the promise is 1
_PEAK_MARGIN = 0.2  # dB
_TRIES = 5
_PEAK_DETECTION_RATE = 192_000  # four times 48 kHz, as BS.1770-4 annex 2 measures true peaks


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness in LUFS and true peak in dBTP; silence is -70 and about -120."""

    integrated_lufs: float
    true_peak_dbtp: float


def parse_summary(text: str) -> Loudness:
    """Parses the summary that ebur128 prints at its end."""
    summary = text[text.rindex("Summary:") :]
    integrated = re.search(r"I:\s+(-?[\d.]+|-inf) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
    if integrated is None or peak is None:
        raise ValueError("no loudness summary")
    return Loudness(max(float(integrated[1]), -70.0), max(float(peak[1]), -120.0))


async def measure(path: Path, rendering: Rendering) -> Loudness:
    """The loudness of a sound or film file. Reports no progress."""
    said = await run_ffmpeg(
        ["-i", str(path), "-map", "0:a:0", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"],
        rendering,
    )
    return parse_summary(said)


async def master(mix: Path, out: Path, rendering: Rendering, *, seconds: float, bit_rate: str = "192k") -> Loudness:
    """Encodes the mix as AAC (48 kHz stereo, M4A) at TARGET_LUFS with peaks under HIGHEST_PEAK_DBTP; returns what
    the encoded file measures.

    Encoding shifts peaks and limiting lowers loudness, so the file itself is measured and encoded again with the
    difference corrected, until both are within tolerance. Silence stays silence.
    """
    found = await measure(mix, rendering)
    rendering.progress(0.2)
    is_silent = found.integrated_lufs <= _SILENT_LUFS
    gain = 0.0 if is_silent else TARGET_LUFS - found.integrated_lufs
    ceiling = HIGHEST_PEAK_DBTP - 0.8
    best: Loudness | None = None
    for attempt in range(_TRIES):
        candidate = out.with_name(f"{out.stem}.try.m4a")
        await run_ffmpeg(
            ["-i", str(mix), "-af",
             f"volume={gain:.3f}dB,aresample={_PEAK_DETECTION_RATE},"
             f"alimiter=limit={10 ** (ceiling / 20):.5f}:attack=4:release=80:level=false:latency=true,aresample=48000",
             "-c:a", "aac", "-b:a", bit_rate, "-ac", "2", "-t", f"{seconds:.6f}", "-f", "mp4", str(candidate)],
            rendering.silent(), expected_seconds=seconds,
        )  # fmt: skip
        found = await measure(candidate, rendering)
        if best is None or _distance(found) < _distance(best):
            candidate.replace(out)
            best = found
        else:
            candidate.unlink()
        rendering.progress(0.2 + 0.8 * (attempt + 1) / _TRIES)
        if is_silent or _distance(found) == 0:
            break
        gain += TARGET_LUFS - found.integrated_lufs
        ceiling -= max(found.true_peak_dbtp - (HIGHEST_PEAK_DBTP - _PEAK_MARGIN), 0.0)
    rendering.progress(1.0)
    assert best is not None
    return best


def _distance(found: Loudness) -> float:
    """The deviation of a measurement from the target, 0 within tolerance; a peak that is too high weighs more."""
    off = max(abs(found.integrated_lufs - TARGET_LUFS) - _TOLERANCE, 0.0)
    return off + 10 * max(found.true_peak_dbtp - (HIGHEST_PEAK_DBTP - _PEAK_MARGIN / 2), 0.0)

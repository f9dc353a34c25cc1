"""Measuring a film: its streams by PyAV, its loudness by ffmpeg, the energy of its voice."""

import math
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np


@dataclass(frozen=True)
class Measured:
    width: int
    height: int
    fps: float
    video_codec: str
    pixel_format: str
    audio_codec: str
    subtitle_codecs: list[str]
    seconds: float
    frames: int
    starts_with_its_index: bool


def measure(path: Path) -> Measured:
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        frames = sum(1 for _ in film.decode(video))
        assert film.duration is not None
        assert video.average_rate is not None
        return Measured(
            width=video.codec_context.width,
            height=video.codec_context.height,
            fps=float(video.average_rate),
            video_codec=video.codec_context.name,
            pixel_format=str(video.codec_context.pix_fmt),
            audio_codec=audio.codec_context.name,
            subtitle_codecs=[stream.codec_context.name for stream in film.streams.subtitles],
            seconds=film.duration / 1_000_000,
            frames=frames,
            starts_with_its_index=_starts_with_its_index(path.read_bytes()),
        )


def _starts_with_its_index(content: bytes) -> bool:
    """Whether the moov box comes before the mdat box (ISO/IEC 14496-12), so that a player can begin at once."""
    at, order = 0, []
    while at + 8 <= len(content):
        size, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16])
        order.append(name)
        at += size if size else len(content)
    return order.index(b"moov") < order.index(b"mdat")


def loudness(path: Path) -> tuple[float, float]:
    """(integrated loudness in LUFS, true peak in dBTP) by ffmpeg's ebur128 filter."""
    done = subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-hide_banner",
            "-nostats",
            "-i",
            str(path),
            "-map",
            "0:a",
            "-af",
            "ebur128=peak=true",
            "-f",
            "null",
            "-",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    summary = done.stderr.rsplit("Summary:", 1)[1]
    integrated = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
    assert integrated is not None
    assert peak is not None
    return float(integrated[1]), float(peak[1])


def sound(path: Path, rate: int = 16_000) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """The sound as one channel of samples from -1 to 1."""
    done = subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-i",
            str(path),
            "-map",
            "0:a:0",
            "-ac",
            "1",
            "-ar",
            str(rate),
            "-f",
            "f32le",
            "-",
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return np.frombuffer(done.stdout, dtype=np.float32)


def level_db(samples: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> float:
    """The RMS level in dB of full scale; -120 for silence."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return 10 * math.log10(max(power, 1e-12))


_TIME = re.compile(r"(\d+):(\d+):(\d+),(\d+) --> (\d+):(\d+):(\d+),(\d+)")


def cues(srt: str) -> list[tuple[float, float, str]]:
    """(start, end, text) of each cue of a SubRip file."""
    found = []
    for block in re.split(r"\n\s*\n", srt.strip().replace("\r\n", "\n")):
        _, times, *lines = block.split("\n")
        match = _TIME.fullmatch(times.strip())
        assert match is not None, times
        h1, m1, s1, f1, h2, m2, s2, f2 = (int(part) for part in match.groups())
        start, end = h1 * 3600 + m1 * 60 + s1 + f1 / 1000, h2 * 3600 + m2 * 60 + s2 + f2 / 1000
        found.append((start, end, "\n".join(lines)))
    return found

"""Sound as numpy arrays, from files of any kind and to WAV files: float32, shape (frames, channels), 48 kHz."""

import wave
from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from errors import EkonteError, JobErrorCode, JobFailure
from media.bounds import BOUNDS, check_sound
from media.opening import open_media

SAMPLE_RATE = 48_000
Samples = NDArray[np.float32]


def decibels(gain: float) -> float:
    """A linear gain in decibels; silence is -120."""
    return float(20 * np.log10(max(gain, 1e-6)))


def linear(decibels_: float) -> float:
    return float(10 ** (decibels_ / 20))


def decode_blocks(path: Path, channels: int) -> Iterator[Samples]:
    """The first sound stream of a file, in blocks. Raises JobFailure INVALID_INPUT where there is none."""
    layout = "mono" if channels == 1 else "stereo"
    try:
        with open_media(path) as container:
            if not container.streams.audio:
                raise JobFailure(JobErrorCode.INVALID_INPUT, "The file holds no sound.", is_retryable=False)
            context = container.streams.audio[0].codec_context
            check_sound(context.sample_rate, context.channels, BOUNDS)
            resampler = av.AudioResampler(format="flt", layout=layout, rate=SAMPLE_RATE)
            for frame in container.decode(container.streams.audio[0]):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().astype(np.float32, copy=False).reshape(-1, channels)
            for part in resampler.resample(None):
                yield part.to_ndarray().astype(np.float32, copy=False).reshape(-1, channels)
    except EkonteError as error:
        raise JobFailure(JobErrorCode.INVALID_INPUT, error.message, is_retryable=False) from error
    except (FFmpegError, ValueError, ArithmeticError) as error:  # PyAV's own errors for odd formats are ValueErrors
        reason = error.strerror if isinstance(error, FFmpegError) else str(error)
        raise JobFailure(
            JobErrorCode.INVALID_INPUT, f"The sound cannot be read: {reason}.", is_retryable=False
        ) from error


def read_samples(path: Path, channels: int = 1, most_seconds: float | None = None) -> Samples:
    """Decodes a sound file, at most its first most_seconds; use decode_blocks for long ones."""
    most = None if most_seconds is None else max(0, round(most_seconds * SAMPLE_RATE))
    blocks: list[Samples] = []
    frames = 0
    for block in decode_blocks(path, channels):
        blocks.append(block)
        frames += len(block)
        if most is not None and frames >= most:
            break
    samples = np.concatenate(blocks) if blocks else np.zeros((0, channels), np.float32)
    return samples[:most]


def resample(samples: NDArray[np.int16], rate: int) -> Samples:
    """Mono 16-bit samples of `rate` per second as 48 kHz float32, shape (frames, 1)."""
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    parts = [
        part.to_ndarray().astype(np.float32).reshape(-1, 1)
        for given in (frame, None)
        for part in resampler.resample(given)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)


def to_int16(samples: Samples) -> NDArray[np.int16]:
    return (np.clip(samples, -1, 1) * 32767).round().astype("<i2")


def to_float(samples: NDArray[np.int16]) -> Samples:
    return samples.astype(np.float32) * np.float32(1 / 32767)


def write_wav(path: Path, blocks: Samples | Iterable[Samples]) -> float:
    """Writes 16-bit PCM at 48 kHz and returns its length in seconds; beyond full scale is clipped."""
    frames = 0
    with wave.open(str(path), "wb") as file:
        for number, block in enumerate([blocks] if isinstance(blocks, np.ndarray) else blocks):
            if number == 0:
                file.setnchannels(block.shape[1])
                file.setsampwidth(2)
                file.setframerate(SAMPLE_RATE)
            file.writeframesraw(to_int16(block).tobytes())
            frames += len(block)
    return frames / SAMPLE_RATE


def gated_level(samples: Samples, block_seconds: float = 0.1, gate_decibels: float = -30) -> float:
    """RMS (linear) over the blocks that are less than gate_decibels under the loudest: pauses do not count."""
    size = int(block_seconds * SAMPLE_RATE)
    if len(samples) < size:
        return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    usable = samples[: len(samples) // size * size].reshape(-1, size * samples.shape[1])
    power = np.mean(np.square(usable), axis=1)
    loud = power[power > power.max() * 10 ** (gate_decibels / 10)]
    return float(np.sqrt(loud.mean())) if len(loud) else 0.0

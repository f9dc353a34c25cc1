"""Small real media for the tests."""

import math
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from media import slots
from media.ffmpeg import ffmpeg_path
from media.samples import SAMPLE_RATE, write_wav


def ffmpeg(*arguments: str | Path) -> None:
    command = [ffmpeg_path(), "-nostdin", "-y", "-loglevel", "error", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def tone(path: Path, seconds: float, frequency: float = 440, gain: float = 0.3, channels: int = 1) -> Path:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = (gain * np.sin(2 * math.pi * frequency * time)).astype(np.float32)
    write_wav(path, np.repeat(sound[:, None], channels, axis=1))
    return path


def clip(path: Path, seconds: float, color: str = "red", size: str = "160x90", rate: int = 24) -> Path:
    ffmpeg(
        "-f", "lavfi", "-i", f"color={color}:size={size}:rate={rate}:duration={seconds}", "-pix_fmt", "yuv420p", path
    )
    return path


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def brightness(frame: av.VideoFrame) -> float:
    return float(frame.to_ndarray(format="gray").mean())


def band_level(samples: np.ndarray, low: float, high: float) -> float:
    """RMS of the part of a mono signal between two frequencies."""
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    place = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    inside = spectrum[(place >= low) & (place < high)].sum()
    return math.sqrt(2 * inside) / len(samples)


@pytest.fixture(autouse=True)
def own_slots(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Render slots of this test alone: what else renders on the machine neither waits nor makes it wait."""
    folder = tmp_path_factory.mktemp("slots")
    monkeypatch.setattr(slots, "slot_folder", lambda: folder)
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image = Image.new("RGB", (320, 180), (40, 90, 160))
    draw = ImageDraw.Draw(image)
    for number in range(16):
        draw.rectangle((number * 20, 60 + number * 5, number * 20 + 10, 180), fill=(200 - number * 9, 120, 60))
    draw.ellipse((130, 50, 190, 110), fill=(240, 210, 180), outline=(10, 10, 10), width=2)
    path = tmp_path / "picture.png"
    image.save(path)
    return path


@pytest.fixture
def told() -> list[float]:
    return []


def wav_seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()

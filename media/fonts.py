"""Finds installed fonts that have all glyphs of a text, and draws subtitle cues into frames."""

import functools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from media.frames import Planes

_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/System/Library/Fonts",
    "/Library/Fonts", "~/Library/Fonts",
)  # fmt: skip
# Parts of the names of fonts with Chinese and Japanese characters, the best to read first.
_PREFERRED = (
    "notosanscjk", "notosanssc", "sourcehansans", "pingfang", "hiragino", "wqy-microhei", "wqy-zenhei", "msyh",
    "droidsansfallback", "simhei", "notoserifcjk", "unifont", "uming", "ukai", "ipagp", "ipag", "takao", "cjk",
    "dejavusans.ttf", "liberationsans-regular", "arial.ttf", "helvetica",
)  # fmt: skip
_SUFFIXES = {".ttf", ".ttc", ".otf"}
_UNASSIGNED = "\U0010fffe"  # every font draws it as "no such glyph"


def _listed() -> Iterator[Path]:
    """The fonts that fontconfig lists, if it is installed."""
    try:
        listing = subprocess.run(
            ["fc-list", "--format", "%{file}\n"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return
    yield from (Path(line) for line in listing.splitlines() if line)


def _found() -> Iterator[Path]:
    for folder in _FOLDERS:
        for root, _, names in os.walk(Path(folder).expanduser()):
            yield from (Path(root, name) for name in names)


@functools.cache
def _fonts() -> tuple[Path, ...]:
    files = {path for source in (_listed(), _found()) for path in source if path.suffix.lower() in _SUFFIXES}

    def rank(path: Path) -> tuple[int, bool, str]:
        name = path.name.lower().replace("_", "-")
        place = next((n for n, part in enumerate(_PREFERRED) if part in name), len(_PREFERRED))
        return place, not ("regular" in name or "-" not in name), str(path)

    return tuple(sorted(files, key=rank))


def can_draw(font: Path, text: str) -> bool:
    """Whether the font has a glyph for each visible character."""
    try:
        face = ImageFont.truetype(str(font), 24)
        missing = bytes(face.getmask(_UNASSIGNED)), face.getmask(_UNASSIGNED).size
        for character in set(text):
            if character.isspace():
                continue
            mask = face.getmask(character)
            if not mask.size[0] or (bytes(mask), mask.size) == missing:
                return False
    except (OSError, ValueError):
        return False
    return True


def find_cjk_font(text: str) -> Path | None:
    """A font file of this machine that has every character of `text`; None where there is none.

    Reads font files: call it in a worker or a thread.
    """
    return next((font for font in _fonts() if can_draw(font, text)), None)


class CaptionPainter:
    """Draws cues at the foot of frames of one size: white with a dark edge, centred."""

    def __init__(self, font: Path, width: int, height: int) -> None:
        self.width, self.height = width, height
        size = max(10, round(min(height * 0.055, width * 0.045)))
        self.face = ImageFont.truetype(str(font), size)
        self.edge = max(1, round(size / 12))
        self.margin = round(height * 0.06)
        self._text: str | None = None
        self._masks: tuple[NDArray[np.float32], ...] = ()
        self._top = 0

    def _prepare(self, text: str) -> None:
        if text == self._text:
            return
        probe = ImageDraw.Draw(Image.new("L", (1, 1)))
        options = {"font": self.face, "align": "center", "stroke_width": self.edge, "spacing": self.edge * 3}
        left, top, right, bottom = probe.multiline_textbbox((0, 0), text, **options)  # type: ignore[arg-type]
        tall = int(bottom - top) + 2
        tall += tall % 2
        self._top = max(0, (self.height - self.margin - tall) // 2 * 2)
        origin = ((self.width - (right - left)) / 2 - left, -top + 1)
        size = (self.width, min(tall, self.height - self._top))
        outline, fill = Image.new("L", size), Image.new("L", size)
        ImageDraw.Draw(outline).multiline_text(origin, text, fill=255, stroke_fill=255, **options)  # type: ignore[arg-type]
        ImageDraw.Draw(fill).multiline_text(origin, text, fill=255, stroke_fill=0, **options)  # type: ignore[arg-type]
        half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
        images = (outline, fill, outline.resize(half, Image.Resampling.BOX))
        self._masks = tuple(np.multiply(np.asarray(image, np.float32), np.float32(1 / 255)) for image in images)
        self._text = text

    def paint(self, planes: Planes, text: str) -> Planes:
        """A copy of the frame with the text."""
        self._prepare(text)
        edge, ink, small = self._masks
        y, u, v = planes.y.copy(), planes.u.copy(), planes.v.copy()
        rows = slice(self._top, self._top + edge.shape[0])
        y[rows] = (y[rows] * (1 - 0.9 * edge) + 0.9 * edge * 16) * (1 - ink) + ink * 235 + 0.5
        half_rows = slice(self._top // 2, self._top // 2 + small.shape[0])
        for plane in (u, v):
            plane[half_rows] = plane[half_rows] * (1 - small) + small * 128 + 0.5
        return Planes(y, u, v)

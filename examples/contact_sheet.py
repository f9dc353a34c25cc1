"""A contact sheet: thumbnails on one page, with captions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

CELL = (320, 180)
GAP = 12
CAPTION_HEIGHT = 26
PAPER, INK, FRAME = (24, 24, 27), (212, 212, 216), (63, 63, 70)
FONT_SIZE = 15


@dataclass(frozen=True)
class Print:
    """caption: ASCII text."""

    picture: Path
    caption: str


def write_contact_sheet(prints: Sequence[Print], path: Path, columns: int = 8) -> Path:
    """Writes a PNG with the pictures scaled into a grid, and returns its path. Blocking."""
    columns = max(1, min(columns, len(prints)))
    rows = max(1, -(-len(prints) // columns))
    step_x, step_y = CELL[0] + GAP, CELL[1] + CAPTION_HEIGHT + GAP
    sheet = Image.new("RGB", (columns * step_x + GAP, rows * step_y + GAP), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_SIZE)
    for number, one in enumerate(prints):
        left, top = GAP + number % columns * step_x, GAP + number // columns * step_y
        pen.rectangle((left, top, left + CELL[0] - 1, top + CELL[1] - 1), outline=FRAME)
        with Image.open(one.picture) as picture:
            small = ImageOps.contain(picture.convert("RGB"), CELL, Image.Resampling.LANCZOS)
        sheet.paste(small, (left + (CELL[0] - small.width) // 2, top + (CELL[1] - small.height) // 2))
        pen.text((left + 2, top + CELL[1] + 5), one.caption, fill=INK, font=font)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
    return path

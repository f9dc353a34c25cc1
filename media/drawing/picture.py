"""From an order to a PNG file: single pictures and grids."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from media.drawing.design import draw_design
from media.drawing.order import DrawingOrder
from media.drawing.shots.shot import draw_shot
from media.drawing.toning import tone_towards

# Level 1 takes a third of the time of the default and makes files about a sixth larger.
_PNG_COMPRESSION = 1


def _drawn(order: DrawingOrder) -> Image.Image:
    drawn = draw_design(order) if order.purpose == "DESIGN" else draw_shot(order)
    return tone_towards(drawn, order.references) if order.references else drawn


def draw_order(order: DrawingOrder, out: Path) -> None:
    """Writes an RGB PNG of exactly order.width x order.height pixels; the same order gives the same bytes."""
    _drawn(order).save(out, "PNG", compress_level=_PNG_COMPRESSION)


def draw_grid(cells: Sequence[DrawingOrder], rows: int, columns: int, out: Path) -> None:
    """Writes one PNG of rows x columns cells in reading order, without gutters.

    Each cell is pixel for pixel what draw_order gives for it. Raises ValueError where the number of cells is not
    rows x columns, or their sizes differ.
    """
    if rows < 1 or columns < 1 or len(cells) != rows * columns:
        raise ValueError(f"{len(cells)} cells do not fill a grid of {rows} x {columns}")
    width, height = cells[0].width, cells[0].height
    if any((cell.width, cell.height) != (width, height) for cell in cells):
        raise ValueError("all cells of a grid must have one size")
    sheet = Image.new("RGB", (columns * width, rows * height))
    for index, cell in enumerate(cells):
        sheet.paste(_drawn(cell), (index % columns * width, index // columns * height))
    sheet.save(out, "PNG", compress_level=_PNG_COMPRESSION)

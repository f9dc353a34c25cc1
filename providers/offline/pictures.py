"""The offline provider's image capability: media.drawing draws the pictures in worker processes."""

from pathlib import Path

from media.drawing import DrawingOrder, DrawnSubject, draw_grid, draw_order
from media.processes import run_in_worker
from providers.base import GridOrder, ImageOrder, Progress, ignore_progress

_PICTURE_SECONDS = 120.0


class OfflinePictures:
    """The image capability. render_limit: the most worker processes at once on this machine."""

    def __init__(self, render_limit: int) -> None:
        self.render_limit = render_limit

    async def draw(self, order: ImageOrder, into: Path, progress: Progress = ignore_progress) -> list[Path]:
        """Draws one picture; the same order gives the same bytes."""
        out = into / "drawn.png"
        await run_in_worker(draw_order, _drawing(order), out, limit=self.render_limit, timeout_seconds=_PICTURE_SECONDS)
        progress(1.0)
        return [out]

    async def draw_grid(self, order: GridOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        out = into / "grid.png"
        await run_in_worker(
            draw_grid,
            [_drawing(cell) for cell in order.cells],
            order.rows,
            order.columns,
            out,
            limit=self.render_limit,
            timeout_seconds=_PICTURE_SECONDS * len(order.cells),
        )
        progress(1.0)
        return out


def _drawing(order: ImageOrder) -> DrawingOrder:
    return DrawingOrder(
        prompt=order.prompt,
        width=order.width,
        height=order.height,
        purpose=order.purpose,
        style=order.style,
        seed=order.seed,
        subjects=tuple(
            DrawnSubject(subject.type, subject.name, subject.description, subject.reference)
            for subject in order.subjects
        ),
        references=order.references,
    )

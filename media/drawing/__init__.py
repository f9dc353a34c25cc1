"""The offline picture maker: draws shots and designs as an anime storyboard, from words alone, without network."""

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.picture import draw_grid, draw_order

__all__ = ["DrawingOrder", "DrawnSubject", "draw_grid", "draw_order"]

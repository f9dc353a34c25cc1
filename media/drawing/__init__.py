"""Draws shots and designs in the style of an anime storyboard from prompts, without network."""

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.picture import draw_grid, draw_order

__all__ = ["DrawingOrder", "DrawnSubject", "draw_grid", "draw_order"]

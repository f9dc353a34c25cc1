"""Draws any prop at a pen."""

from media.drawing.pen import Pen
from media.drawing.props.held import HELD
from media.drawing.props.household import HOUSEHOLD
from media.drawing.props.kinds import Prop
from media.drawing.props.standing import STANDING

_DRAWERS = HELD | HOUSEHOLD | STANDING


def draw_prop(pen: Pen, prop: Prop) -> None:
    """Draws the prop at the pen's origin, one unit high."""
    _DRAWERS[prop.kind](pen, prop)

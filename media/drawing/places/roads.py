"""Pavements of streets."""

from media.drawing.colour import Colour, mix
from media.drawing.places.elements import SNOW, is_snowy
from media.drawing.places.view import View


def road_colour(view: View) -> Colour:
    base = {"CHINESE": (204, 192, 170), "EUROPEAN": (182, 172, 160), "MODERN": (112, 114, 124)}[view.era]
    return mix(base, SNOW, 0.75 if is_snowy(view) else 0.0)

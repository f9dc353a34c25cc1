"""Backgrounds: one painter for each kind of place that a prompt can name."""

from collections.abc import Callable

from media.drawing.places import indoors, landmarks, nature, town, transport, water
from media.drawing.places.view import View

PAINTERS: dict[str, Callable[[View], None]] = {
    "STREET": town.paint_street,
    "CITY": town.paint_city,
    "VILLAGE": town.paint_village,
    "HOUSE": town.paint_house,
    "POLICE": landmarks.paint_police_post,
    "PALACE": landmarks.paint_palace,
    "GARDEN": nature.paint_garden,
    "FOREST": nature.paint_forest,
    "MOUNTAIN": nature.paint_mountain,
    "FIELD": nature.paint_field,
    "SNOWLAND": nature.paint_snowland,
    "DESERT": nature.paint_desert,
    "SKY": nature.paint_sky_only,
    "SPACE": nature.paint_space,
    "OPEN": nature.paint_open,
    "RIVER": water.paint_river,
    "SEA": water.paint_sea,
    "LIGHTHOUSE": water.paint_lighthouse,
    "HARBOUR": water.paint_harbour,
    "BRIDGE": water.paint_bridge,
    "STATION": transport.paint_station,
    "ROOM": indoors.paint_room,
    "SHOP": indoors.paint_shop,
    "OFFICE": indoors.paint_office,
    "SCHOOL": indoors.paint_school,
}

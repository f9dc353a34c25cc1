"""The scale of a shot's figures and the height of their feet, by framing and by what else must be visible."""

from dataclasses import dataclass

from media.drawing.shots.composition import Composition
from media.drawing.shots.framing import GROWN_METRES, SEAT_METRES

_MOST_SPREAD = 0.94  # of the picture's width
# A grown body's height in the units of a framing by heads, where there is no head to measure by.
_BODIES_BY_HEAD = {"MEDIUM": 0.8, "POINT_OF_VIEW": 0.8, "OVER_THE_SHOULDER": 0.8}
_GROUP_VIEWS = ("MEDIUM", "POINT_OF_VIEW")


@dataclass(frozen=True)
class Scale:
    """metre: the pixels of a metre where the figures stand; feet: how far down the picture they stand, in pixels."""

    metre: float
    feet: float


def scale_of(shot: Composition) -> Scale:
    """By the main head where the framing is one of heads and somebody is there, else by a grown body."""
    if shot.members and shot.framing.head:
        return scale_by_head(shot)
    return scale_by_body(shot)


def scale_by_head(shot: Composition) -> Scale:
    """The head of the main one, or of the tallest, has the framing's height and place."""
    heights = [member.head_metres for member in shot.members]
    anchor = shot.main if shot.is_close_up else heights.index(max(heights))
    look = shot.members[anchor].look
    metre = shot.framing.head * shot.unit / (look.head_share * look.height * GROWN_METRES)
    metre = _with_room_for_all(metre, shot)
    apart = max(heights) - min(heights)
    if anchor != shot.main or apart > 0.3:
        # The lowest head stays in the picture too.
        metre = min(metre, shot.height * 0.5 / max(apart, 0.1))
    lift = SEAT_METRES if shot.is_riding else 0.0
    return Scale(metre, shot.height * (shot.framing.at + shot.jitter) + (heights[anchor] + lift) * metre)


def _with_room_for_all(metre: float, shot: Composition) -> float:
    """Reduces the scale where a group side by side would be cut off."""
    spread = len(shot.members) * 0.62 * metre
    if shot.reading.shot_type in _GROUP_VIEWS and spread > shot.width * _MOST_SPREAD:
        return metre * (shot.width * _MOST_SPREAD / spread)
    return metre


def scale_by_body(shot: Composition) -> Scale:
    """A grown body has the framing's height, less where others or a cart need room."""
    count = len(shot.members)
    body = shot.framing.body or _BODIES_BY_HEAD.get(shot.reading.shot_type, 1.2)
    metre = body * shot.unit / GROWN_METRES
    if count > 1:
        metre = min(metre, shot.width * _MOST_SPREAD / (count * 0.95))
    metre = _with_room_for_things(metre, shot)
    if count == 1 and shot.reading.shot_type == "FULL":
        metre /= max(0.72, shot.members[0].look.height)
    at = shot.framing.at + shot.jitter * 0.6 if shot.framing.body else 0.93
    return Scale(metre, shot.height * at)


def _with_room_for_things(metre: float, shot: Composition) -> float:
    """Room for the cart beside the figures, but not so much that they become tiny."""
    bulky = max((prop.wide * prop.metres for prop in shot.things if not prop.is_held), default=0.0)
    if not bulky:
        return metre
    return max(metre * 0.5, min(metre, shot.width * 0.95 / (len(shot.members) * 0.85 + bulky * 0.9)))

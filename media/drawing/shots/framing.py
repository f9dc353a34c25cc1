"""Framings by shot type, and the placed figures and things of a staged shot."""

from dataclasses import dataclass

from media.drawing.people.look import Look
from media.drawing.people.poses import Pose
from media.drawing.props.kinds import Prop

GROWN_METRES = 1.7
# Where the head of a figure lies that sleeps on a bed, in its own height: above the ground, and to the side.
FLAT_HEAD, FLAT_REACH = 0.34, 0.4
SEAT_METRES = 0.38  # of a rickshaw, above what a figure that sits has below it


@dataclass(frozen=True)
class Framing:
    """All lengths in shares of the picture's unit (its height, less for narrow pictures) unless said otherwise.

    body: a grown figure's height; or head: the main head's height, then the head's middle lies at `at` of the height.
    at: for body framings where the feet stand. eye: metres. focal: longer lenses narrow the background. blur: of it.
    """

    body: float = 0.0
    head: float = 0.0
    at: float = 0.9
    eye: float = 1.5
    focal: float = 1.0
    blur: float = 0.0


FRAMINGS: dict[str, Framing] = {
    "EXTREME_LONG": Framing(body=0.13, at=0.83, eye=3.6, focal=0.8),
    "LONG": Framing(body=0.4, at=0.88, eye=1.75, focal=0.95),
    "FULL": Framing(body=0.74, at=0.93, eye=1.25, focal=1.15),
    "MEDIUM": Framing(head=0.28, at=0.34, eye=1.4, focal=1.45, blur=0.0022),
    "CLOSE_UP": Framing(head=0.52, at=0.45, eye=1.5, focal=1.9, blur=0.007),
    "EXTREME_CLOSE_UP": Framing(head=1.2, at=0.46, eye=1.5, focal=2.4, blur=0.014),
    "OVER_THE_SHOULDER": Framing(head=0.3, at=0.4, eye=1.45, focal=1.6, blur=0.005),
    "POINT_OF_VIEW": Framing(head=0.25, at=0.36, eye=1.5, focal=1.3, blur=0.002),
}
# A low camera looking up at somebody who towers.
LOW_FRAMING = Framing(body=1.02, at=1.04, eye=0.3, focal=1.0)


@dataclass(frozen=True)
class Placed:
    """A figure at x metres from the middle and `z` metres away; it faces right unless `is_mirrored`."""

    look: Look
    pose: Pose
    action: str
    mood: str
    x: float
    z: float
    is_mirrored: bool
    held: Prop | None = None
    lifted: float = 0.0  # metres above the ground: on a seat
    is_from_behind: bool = False
    shade: float = 0.0  # 0 to 1: how much it is a dark silhouette
    is_asleep: bool = False
    is_talking: bool = False


@dataclass(frozen=True)
class PlacedProp:
    prop: Prop
    x: float
    z: float
    is_mirrored: bool
    metres: float


@dataclass(frozen=True)
class Stage:
    """Where everything is; horizon, vanish_x and focal in pixels."""

    figures: tuple[Placed, ...]
    props: tuple[PlacedProp, ...]
    over_shoulder: Look | None
    over_shoulder_side: int
    horizon: float
    vanish_x: float
    focal: float
    eye: float
    blur: float
    insert: Prop | None  # a thing shown by itself, large
    insert_hand: Look | None
    own_hands: Look | None = None  # of the viewer in a point-of-view shot, where the hands do something

"""Assigns roles to the figures of a shot: puller, rider, holder, seen from behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from media.drawing.props.kinds import Prop, props_in
from media.drawing.reading.actors import Actor
from media.drawing.reading.vocabulary import CAMERAS
from media.drawing.reading.words import first_of
from media.drawing.shots.composition import WHEELED, Composition

_PULLER = (("PULLER", "车夫 马夫 拉车 rickshaw coachman driver puller"),)
# Actions that leave no hand free.
_HANDS_FULL = ("CRY", "PULL", "RUN", "LIE")


@dataclass(frozen=True)
class Roles:
    """Indices of members; None: nobody. wheels: the cart that somebody may pull or ride in."""

    wheels: Prop | None = None
    puller: int | None = None
    rider: int | None = None
    held: Prop | None = None
    holder: int | None = None
    backs: frozenset[int] = frozenset()


def roles_of(shot: Composition) -> Roles:
    """The roles that the words give to the members."""
    actors = [member.actor for member in shot.members]
    wheels = next((prop for prop in shot.things if prop.kind in WHEELED), None)
    held = next((prop for prop in shot.things if prop.is_held), None)
    puller = puller_of(actors) if wheels else None
    return Roles(
        wheels=wheels,
        puller=puller,
        rider=rider_of(actors, puller) if wheels else None,
        held=held,
        holder=holder_of(actors, held, shot.main) if held else None,
        backs=backs_of(shot),
    )


def puller_of(actors: Sequence[Actor]) -> int | None:
    """The first who moves the cart."""
    return next((index for index, actor in enumerate(actors) if pulls(actor)), None)


def pulls(actor: Actor) -> bool:
    """Whether the figure moves the cart; walking beside it does not count."""
    is_moving = actor.action in ("RUN", "WALK") and first_of(_PULLER, actor.subject.name.lower()) is not None
    return actor.action == "PULL" or is_moving


def rider_of(actors: Sequence[Actor], puller: int | None) -> int | None:
    """The first who sits and does not pull."""
    return next((index for index, actor in enumerate(actors) if index != puller and actor.action == "SIT"), None)


def holder_of(actors: Sequence[Actor], held: Prop, main: int) -> int | None:
    """The holder of the thing: the figure said to hold it, else the one who acts; None where no hand is free."""
    told = (index for index, actor in enumerate(actors) if any(prop.kind == held.kind for prop in props_in(actor.told)))
    holder = next(told, main)
    return holder if holder < len(actors) and actors[holder].action not in _HANDS_FULL else None


def backs_of(shot: Composition) -> frozenset[int]:
    """The figures seen from behind; among several, only those that the words say so of. Never in close shots."""
    if shot.reading.camera not in ("LOW", "BEHIND") or shot.is_near:
        return frozenset()
    if len(shot.members) == 1:
        return frozenset([0])
    told = (index for index, member in enumerate(shot.members) if first_of(CAMERAS, member.actor.told) is not None)
    return frozenset(told)

"""Selects the props of a shot: given ones and those named by the action, if they are visible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media.drawing.props.kinds import Prop, is_recognised, props_in, recognise_prop
from media.drawing.reading.prompt import Reading
from media.drawing.reading.vocabulary import HANDLING
from media.drawing.reading.words import first_of

_MOST = 4
# Furniture belongs to the room that is painted.
_FURNITURE = ("TABLE", "CHAIR")
_WIDE = ("EXTREME_LONG", "LONG", "FULL")


@dataclass(frozen=True)
class Sight:
    """The conditions of visibility. spoken_of: kinds that the action names; is_handled: a word says something is held.

    has_room: the picture has room beside its figures. is_macro: it shows one thing very near. is_peopled: somebody is
    in the shot.
    """

    spoken_of: frozenset[str]
    is_handled: bool
    has_room: bool
    is_macro: bool
    is_peopled: bool


def things_in(reading: Reading) -> tuple[Prop, ...]:
    """Given props first, then those named by the action; each kind once, only recognised kinds, at most 4."""
    given = [recognise_prop(subject.name, subject.description) for subject in reading.props]
    named = _named(reading, given)
    sight = _sight(reading, named)
    return each_kind_once(prop for prop in (*given, *named) if is_seen(prop, sight))[:_MOST]


def is_seen(prop: Prop, sight: Sight) -> bool:
    """Whether the thing is in the picture. A hand-held thing is visible only where the words say that it is held."""
    if not is_recognised(prop):
        return False
    if not sight.is_peopled:
        return True  # alone in the picture it is what the shot is about
    if not prop.is_held:
        return sight.has_room
    return sight.is_macro or (sight.is_handled and prop.kind in sight.spoken_of)


def each_kind_once(props: Iterable[Prop]) -> tuple[Prop, ...]:
    """The first of each kind; a cart beside a rickshaw is the rickshaw."""
    kinds: dict[str, Prop] = {}
    for prop in props:
        kind = "RICKSHAW" if prop.kind == "CART" and "RICKSHAW" in kinds else prop.kind
        kinds.setdefault(kind, prop)
    return tuple(kinds.values())


def _named(reading: Reading, given: Sequence[Prop]) -> list[Prop]:
    """The props named by the action, as given: the words keep a thing's name even if its design has changed."""
    named = [prop for prop in props_in(_without_actors(reading)) if prop.kind not in _FURNITURE]
    for subject, prop in zip(reading.props, given, strict=True):
        named_kind = recognise_prop(subject.name).kind
        named = [prop if other.kind == named_kind else other for other in named]
    return named


def _sight(reading: Reading, named: Sequence[Prop]) -> Sight:
    # Near figures leave no room for a cart that is only spoken of; half a wheel at the edge is not recognisable.
    is_ridden = any(actor.action == "SIT" for actor in reading.actors)
    return Sight(
        spoken_of=frozenset(prop.kind for prop in named),
        is_handled=first_of(HANDLING, _without_actors(reading)) is not None,
        has_room=is_ridden or reading.shot_type in _WIDE or not reading.actors,
        is_macro=reading.shot_type == "EXTREME_CLOSE_UP",
        is_peopled=bool(reading.actors),
    )


def _without_actors(reading: Reading) -> str:
    """The action without the actors' names, which may contain the word for a thing: 车夫 is not a cart."""
    told = reading.action_text
    for actor in reading.actors:
        told = told.replace(actor.subject.name.lower(), " ")
    return told

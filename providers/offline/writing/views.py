"""Chooses the shot type of a take and the people in view: wide for new places, close for emotion."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.design import Design
from providers.offline.writing.looks import props_in
from providers.offline.writing.pacing import Take
from providers.offline.writing.scenes import Scene

_MAX_IN_VIEW = 3
_TALKING_VIEWS = ("MEDIUM", "OVER_THE_SHOULDER", "CLOSE_UP", "OVER_THE_SHOULDER")
_ACTING_VIEWS = ("MEDIUM", "FULL", "MEDIUM", "LONG")
_MOTION = {
    "zh": re.compile(r"走|跑|追|逃|冲|骑|飞|过来|上路|前进"),
    "en": re.compile(
        r"\b(?:walk\w*|ran|run\w*|rode|fled|chas\w*|journey\w*|went|set out|carried|flew|drove)\b", re.IGNORECASE
    ),
}

Choices = tuple[str, ...]


@dataclass(frozen=True)
class Moment:
    """A take in context. index: in its scene, from 0; number: of the scene, from 1; views: of the previous shots."""

    take: Take
    scene: Scene
    design: Design
    index: int = 0
    number: int = 1
    previous: Take | None = None
    views: Sequence[str] = ()


def view_of(moment: Moment) -> str:
    """The shot type: the first suitable one that was not just used."""
    if moment.index == 0 and (not moment.take.speech or moment.take.narration):
        return opening_view(moment)
    choices = next(found for rule in _RULES if (found := rule(moment)) is not None)
    views = moment.views
    recent = views[-1:] if moment.take.speech else views[-2:]
    fresh = next((view for view in choices if view not in recent), None)
    if fresh is not None:
        return fresh
    if not views or views[-1] != choices[0]:
        return choices[0]
    return "MEDIUM" if choices[0] != "MEDIUM" else "FULL"


def opening_view(moment: Moment) -> str:
    """The opening shot of a scene: long, extreme long for a chapter's first scene, limited by walls indoors."""
    if moment.scene.place.is_inside:
        return "FULL"
    return "EXTREME_LONG" if moment.number == 1 or moment.scene.opens_chapter else "LONG"


def talking(moment: Moment) -> Choices | None:
    """Shot types for talk: close for shouts and lone voices, over the shoulder for answers, varied for long ones."""
    take, previous = moment.take, moment.previous
    if not take.speech:
        return None
    if re.search(r"[！!]", take.speech) or len(take.people) < 2:
        return "CLOSE_UP", "MEDIUM"
    if previous is not None and previous.speaker not in (None, take.speaker):
        return "OVER_THE_SHOULDER", "CLOSE_UP", "MEDIUM"
    turns = sum(1 for view in moment.views if view in _TALKING_VIEWS)
    return _TALKING_VIEWS[turns % len(_TALKING_VIEWS)], "MEDIUM", "CLOSE_UP"


def silent(moment: Moment) -> Choices | None:
    if moment.take.narration:
        return None
    return ("CLOSE_UP", "MEDIUM") if moment.take.people else ("LONG", "FULL")


def looking(moment: Moment) -> Choices | None:
    found = _lexicon(moment.design).LOOKING.search(moment.take.narration)
    return ("POINT_OF_VIEW", "MEDIUM") if found else None


def unpeopled(moment: Moment) -> Choices | None:
    """Shot types without people: a thing fills the picture, a place is shown from afar."""
    take, design = moment.take, moment.design
    if take.people:
        return None
    has_prop = bool(props_in(take.narration, design.props, design.cast.language))
    return ("EXTREME_CLOSE_UP", "FULL") if has_prop else ("LONG", "FULL")


def feeling(moment: Moment) -> Choices | None:
    found = _lexicon(moment.design).EMOTION_WORDS.search(moment.take.narration)
    return ("CLOSE_UP", "MEDIUM") if found else None


def thinking(moment: Moment) -> Choices | None:
    is_inner = _lexicon(moment.design).INNER_WORDS.search(moment.take.narration)
    return ("CLOSE_UP", "EXTREME_CLOSE_UP", "MEDIUM") if len(moment.take.people) == 1 and is_inner else None


def moving(moment: Moment) -> Choices | None:
    found = _MOTION[moment.design.cast.language].search(moment.take.narration)
    return ("FULL", "LONG", "MEDIUM") if found else None


def acting(moment: Moment) -> Choices:
    """Shot types for other actions, alternating between near and far."""
    return _ACTING_VIEWS[moment.index % len(_ACTING_VIEWS)], "MEDIUM", "FULL"


_RULES: tuple[Callable[[Moment], Choices | None], ...] = (
    talking,
    silent,
    looking,
    unpeopled,
    feeling,
    thinking,
    moving,
    acting,
)


def in_view(take: Take, view: str, present: tuple[str, ...], design: Design) -> tuple[str, ...]:
    """The names of the people in the shot. present: the people previously in view, to whom "they" refers."""
    narrator = design.cast.narrator.name if design.cast.narrator else None
    people = [name for name in take.people if name in design.cast.by_name]
    if view == "POINT_OF_VIEW":
        looker = _looker(take, design)
        return tuple(name for name in people if name not in (narrator, looker))[:_MAX_IN_VIEW]
    if view == "EXTREME_CLOSE_UP":
        return tuple(people[:1])
    if take.speaker and view == "CLOSE_UP":
        return (take.speaker,)
    if (
        not people
        and take.narration
        and present
        and design.cast.language == "en"
        and re.search(r"\b(?:they|all three|both)\b", take.narration)
    ):
        return present
    return tuple(people[:_MAX_IN_VIEW])


def _looker(take: Take, design: Design) -> str | None:
    """The viewer of a point-of-view shot: the person named before the verb of looking, else the first mentioned."""
    look = _lexicon(design).LOOKING.search(take.narration)
    if look is None or not take.people:
        return None
    before = design.cast.mentions(take.narration[: look.start()])
    if not before:
        return None
    named = [mention.person for mention in before if mention.person]
    if named:
        return named[-1]
    return next((name for name in take.people if design.cast.fits(name, before[-1].pronoun or "")), None)


def _lexicon(design: Design) -> ModuleType:
    return lexicon_zh if design.cast.language == "zh" else lexicon_en

"""Reads the setting of a shot from its words: place, inside or outside, time of day, season, weather."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.reading.redesign import changed_design, written_time
from media.drawing.reading.vocabulary import INSIDE_OR_OUTSIDE, PLACES, SEASONS, TIMES, WEATHERS
from media.drawing.reading.words import first_of, word_pattern

INDOORS = frozenset({"ROOM", "SHOP", "OFFICE", "SCHOOL"})
_BUILT_OUTSIDE = {"ROOM": "HOUSE", "SHOP": "STREET", "OFFICE": "CITY", "SCHOOL": "HOUSE"}
_BUILT_INSIDE = {"POLICE": "OFFICE"}
# Places that look the same inside, or that are no buildings: a station, a ship in space.
_SIDELESS = frozenset({"SPACE", "STATION", "PALACE", "BRIDGE"})


@dataclass(frozen=True)
class SceneWords:
    """The words of an order about its scene, in lower case.

    told: the prompt's label; designed: names and descriptions of the SCENE subjects; changed: what a person changed
    in them since their script wrote them; written_time: of vocabulary.TIMES, as that script wrote it; action: the
    action without the characters' names; key: the name of the scene.
    """

    told: str = ""
    designed: str = ""
    changed: str = ""
    written_time: str | None = None
    action: str = ""
    key: str = ""

    @property
    def surroundings(self) -> str:
        return self.changed or f"{self.told} {self.designed}".strip()


def scene_words(order: DrawingOrder, parts: Mapping[str, str]) -> SceneWords:
    """The order's words for the scene. parts: of labels.prompt_parts."""
    scenes = [subject for subject in order.subjects if subject.type == "SCENE"]
    told, action = parts["scene"], parts["action"]
    return SceneWords(
        told=told,
        designed=" ".join(f"{scene.name} {scene.description}".lower() for scene in scenes),
        changed=_changed(scenes, told, order.style),
        written_time=first_of(TIMES, *(written_time(scene.description.lower()) for scene in scenes)),
        action=_without_names(action, order.subjects),
        key=scenes[0].name if scenes else told or first_of(PLACES, action) or "",
    )


def place_of(words: SceneWords) -> tuple[str, bool]:
    """The value of vocabulary.PLACES (OPEN where no word names one), and whether it is inside a building."""
    changed = first_of(PLACES, _without_sides(words.changed))
    place = changed or first_of(PLACES, _without_sides(words.told), _without_sides(words.designed), words.action)
    side = first_of(INSIDE_OR_OUTSIDE, words.changed)
    if side is None and changed is None:
        # Another place decides by itself: a beach is outside though the house was inside.
        side = first_of(INSIDE_OR_OUTSIDE, words.told, words.designed)
    return on_side(place or "OPEN", side)


def on_side(place: str, side: str | None) -> tuple[str, bool]:
    """The place as seen from inside or outside: a house from inside is a room, a shop from outside a street."""
    is_indoors = place in INDOORS
    if side == "OUTSIDE" and is_indoors:
        return _BUILT_OUTSIDE[place], False
    if side == "INSIDE" and not is_indoors and place not in _SIDELESS:
        return _BUILT_INSIDE.get(place, "ROOM"), True
    return place, is_indoors


def time_of(words: SceneWords) -> str:
    """The value of vocabulary.TIMES; NOON where no word names one."""
    time = first_of(TIMES, words.told)
    # A shot at another time of day than its scene keeps its own; day alone is too unspecific.
    if words.changed and time in (None, words.written_time or "NOON"):
        time = first_of(TIMES, words.changed) or time
    return time or first_of(TIMES, words.action, words.designed) or "NOON"


def weather_of(words: SceneWords) -> str | None:
    """The value of vocabulary.WEATHERS; a changed scene does not keep its old weather."""
    return first_of(WEATHERS, words.changed, words.told, words.action, "" if words.changed else words.designed)


def season_of(words: SceneWords) -> str:
    """The value of vocabulary.SEASONS; where no word names one, winter if it snows, else summer."""
    season = first_of(SEASONS, words.surroundings, words.told, words.action)
    return season or ("WINTER" if weather_of(words) == "SNOW" else "SUMMER")


def _changed(scenes: Sequence[DrawnSubject], told: str, style: str | None) -> str:
    """The changed words of the scene; none where the shot itself names another place."""
    for scene in scenes:
        name = scene.name.lower()
        of_name, of_told = (first_of(PLACES, _without_sides(text)) for text in (name, told))
        if told and name not in told and of_name != of_told:
            continue
        if changed := changed_design(name, scene.description.lower(), style):
            return changed
    return ""


def _without_names(text: str, subjects: Sequence[DrawnSubject]) -> str:
    """The words without the characters' names: Dawn is no time of day, and 林远 no wood."""
    for subject in subjects:
        if subject.type == "CHARACTER":
            name = subject.name.lower()
            text = re.sub(rf"\b{re.escape(name)}(?!\w)" if name.isascii() else re.escape(name), " ", text)
    return text


def _without_sides(text: str) -> str:
    """The words of a scene without inside and outside: 室外 contains no room."""
    for _, words in INSIDE_OR_OUTSIDE:
        text = word_pattern(words).sub(" ", text)
    return text

"""Reads from a prompt (labelled or free, Chinese or English) what to draw."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.reading.actors import Actor, actors_of
from media.drawing.reading.labels import prompt_parts
from media.drawing.reading.scene import SceneWords, place_of, scene_words, season_of, time_of, weather_of
from media.drawing.reading.vocabulary import CAMERAS, ERAS, MOODS, SHOT_TYPES, STYLES
from media.drawing.reading.words import first_of

_STYLE_WORDS = re.compile(r"([\w-]+(?:[ -][\w-]+)?)[ -]style|([\u4e00-\u9fff]{2,4})(?:风格|画风)")
_CJK = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Reading:
    """The content of a prompt. Values are those of the tables in vocabulary.py; text is lower case."""

    shot_type: str
    place: str
    is_indoors: bool
    time: str
    weather: str | None
    season: str
    era: str
    mood: str
    style: str | None
    actors: tuple[Actor, ...]
    props: tuple[DrawnSubject, ...]
    scene_key: str  # the same for all shots of one scene: their background has the same houses
    scene_text: str
    action_text: str
    camera: str | None = None  # of vocabulary.CAMERAS


def read_order(order: DrawingOrder) -> Reading:
    """Reads the order's prompt and subjects."""
    parts = prompt_parts(order.prompt)
    scene = scene_words(order, parts)
    place, is_indoors = place_of(scene)
    return Reading(
        shot_type=_shot_type(parts),
        place=place,
        is_indoors=is_indoors,
        time=time_of(scene),
        weather=weather_of(scene),
        season=season_of(scene),
        era=_era(order, parts, scene),
        mood=first_of(MOODS, scene.action, scene.told) or "CALM",
        style=first_of(STYLES, (order.style or "").lower(), parts["style"], _told_style(parts["action"])),
        actors=actors_of(order, parts),
        props=tuple(subject for subject in order.subjects if subject.type == "PROP"),
        scene_key=scene.key,
        scene_text=scene.surroundings or parts["action"],
        action_text=parts["action"],
        camera=first_of(CAMERAS, parts["action"]),
    )


def _shot_type(parts: Mapping[str, str]) -> str:
    """The shot type; in a labelled prompt only from the label: "a long way" is no long shot."""
    is_labelled = bool(parts["scene"] or parts["shot"])
    return first_of(SHOT_TYPES, parts["shot"], "" if is_labelled else parts["action"]) or "MEDIUM"


def _era(order: DrawingOrder, parts: Mapping[str, str], scene: SceneWords) -> str:
    """The era by any word of the order; else by its language."""
    prompt = " ".join((parts["shot"], parts["scene"], parts["action"], parts["style"]))
    subjects = " ".join(f"{subject.name} {subject.description}".lower() for subject in order.subjects)
    is_chinese = _CJK.search(order.prompt + scene.designed) is not None
    return first_of(ERAS, f"{prompt} {scene.designed} {subjects}") or ("CHINESE" if is_chinese else "EUROPEAN")


def _told_style(text: str) -> str:
    """The words before "style" in free words: elsewhere "dark" or "soft" do not describe the drawing."""
    return " ".join(word for pair in _STYLE_WORDS.findall(text) for word in pair)

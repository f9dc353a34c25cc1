"""Finds in a prompt, labelled or free, in Chinese or English, what there is to draw."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.reading import vocabulary
from media.drawing.reading.redesign import changed_design, written_time

_LABELS = {
    "shot": ("shot", "shot type", "framing", "景别", "镜头"),
    "scene": ("scene", "place", "setting", "location", "场景", "地点"),
    "character": ("characters", "character", "人物", "角色"),
    "action": ("action", "动作", "画面", "情节"),
    "style": ("style", "风格"),
    "props": ("props", "prop", "道具"),
}
_PART_BY_LABEL = {label: part for part, labels in _LABELS.items() for label in labels}
_LABEL_PATTERN = re.compile(
    r"(?:^|(?<=[.。;；,，\n]))\s*(" + "|".join(sorted(_PART_BY_LABEL, key=len, reverse=True)) + r")\s*[:：]\s*",
    re.IGNORECASE,
)
_BETWEEN_NAMES = re.compile(r"\s*(?:[,，、;；/&]|\band\b|\bwith\b|和|与|跟)\s*", re.IGNORECASE)
_STYLE_WORDS = re.compile(r"([\w-]+(?:[ -][\w-]+)?)[ -]style|([\u4e00-\u9fff]{2,4})(?:风格|画风)")
_SEEING = re.compile(
    r"眼见|看见|瞧见|望见|只见|梦见|想起|记得|"
    r"\b(?:saw|sees|see|watched|heard|dreamt|remembered|imagined) (?=that|the|a|an|how|her|him|them)"
)
_DONE_TO = re.compile(
    r"(?:扶|搀|抱|拉|推|打|追|看|望|对|向|问|给|和|跟|近)(?:着|了|起)?(?:那|这)?$|"
    r"\b(?:supports?|helps?|holding|hugs?|chas\w+|to|at) (?:the |her |his )?$"
)
_IN_BED = re.compile(r"in bed|躺在床上")
_SOMEBODY = re.compile(r"一个人|有人|某人|\b(?:somebody|someone|a (?:man|woman|person))\b")
_EMPTY_VIEW = re.compile(r"空镜|四下无人|no one in view|an empty view")
_NOBODY = {"", "none", "no one", "nobody", "无", "没有", "无人", "-"}


INDOORS = frozenset({"ROOM", "SHOP", "OFFICE", "SCHOOL"})


@dataclass(frozen=True)
class Actor:
    """A character in the shot with what it does and feels."""

    subject: DrawnSubject
    action: str
    mood: str
    told: str = ""  # the words about this one
    worn: str = ""  # what the prompt says beside its name, for this shot alone


@dataclass(frozen=True)
class Reading:
    """What a prompt shows. Values are those of the tables in vocabulary.py; text is lower case."""

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


@functools.lru_cache(maxsize=1024)
def word_pattern(words: str) -> re.Pattern[str]:
    """Finds any of a table's words."""
    parts = []
    for word in words.split():
        spaced = word.rstrip("|").replace("~", " ")
        if spaced.isascii() or "é" in spaced:
            parts.append(rf"\b{re.escape(spaced)}" + (r"\b" if word.endswith("|") else ""))
        else:
            parts.append(re.escape(spaced))
    return re.compile("|".join(parts))


def first_of(table: vocabulary.Table, *texts: str) -> str | None:
    """The first value of the table whose words stand in the first of the texts that has any."""
    for text in texts:
        for value, words in table:
            if text and word_pattern(words).search(text):
                return value
    return None


def last_of(table: vocabulary.Table, *texts: str) -> str | None:
    """The value whose words stand last in the first of the texts that has any; words within longer ones do not count.

    What is added to a description comes after it, so that it takes the place of what was said before.
    """
    for text in texts:
        hits = [
            (match.start(), match.end(), value)
            for value, words in table
            for match in word_pattern(words).finditer(text)
        ]
        if hits:
            last = max(hits, key=lambda hit: hit[1])
            # The longest of those that end there; of equals, the first of the table.
            return min((hit for hit in hits if hit[1] == last[1]), key=lambda hit: hit[0])[2]
    return None


def found_in_order(table: vocabulary.Table, text: str) -> list[str]:
    """The values whose words stand in `text`, in the order of the text; words within longer found ones do not count."""
    hits = [
        (match.start(), -match.end(), rank, value)
        for rank, (value, words) in enumerate(table)
        for match in word_pattern(words).finditer(text)
    ]
    values: list[str] = []
    reached = 0
    for start, negative_end, _, value in sorted(hits):
        if start >= reached:
            reached = -negative_end
            if value not in values:
                values.append(value)
    return values


def prompt_parts(prompt: str) -> dict[str, str]:
    """Labelled parts in lower case; unlabelled words are the action."""
    pieces = _LABEL_PATTERN.split(prompt.strip())
    parts = dict.fromkeys(_LABELS, "")
    parts["action"] = pieces[0].strip().lower()
    for label, text in zip(pieces[1::2], pieces[2::2], strict=True):
        part = _PART_BY_LABEL[label.lower()]
        parts[part] = " ".join((parts[part], text.strip(" .。\n").lower())).strip()
    return parts


def read_order(order: DrawingOrder) -> Reading:
    parts = prompt_parts(order.prompt)
    is_labelled = bool(parts["scene"] or parts["shot"])
    action = parts["action"]
    scene_subjects = [subject for subject in order.subjects if subject.type == "SCENE"]
    scene_words = " ".join(f"{subject.name} {subject.description}".lower() for subject in scene_subjects)
    nameless = _without_names(action, order.subjects)
    changed = _changed_scene(scene_subjects, parts["scene"], order.style)
    whole = " ".join((parts["shot"], parts["scene"], action, parts["style"]))
    told_scene, told_words = _without_sides(parts["scene"]), _without_sides(scene_words)
    surroundings = changed or f"{parts['scene']} {scene_words}".strip()
    scene_time = first_of(vocabulary.TIMES, parts["scene"])
    # A shot at another time of day than the scene's own keeps it; day alone says little.
    if changed and scene_time in (None, _written_time(scene_subjects) or "NOON"):
        scene_time = first_of(vocabulary.TIMES, changed) or scene_time
    everything = f"{whole} {scene_words} " + " ".join(
        f"{subject.name} {subject.description}".lower() for subject in order.subjects
    )
    if scene_subjects:
        scene_key = scene_subjects[0].name
    else:
        scene_key = parts["scene"] or first_of(vocabulary.PLACES, action) or ""
    weather = first_of(vocabulary.WEATHERS, changed, parts["scene"], nameless, "" if changed else scene_words)
    is_chinese = re.search(r"[\u4e00-\u9fff]", order.prompt + scene_words) is not None
    changed_place = first_of(vocabulary.PLACES, _without_sides(changed))
    place, is_indoors = _place_and_side(
        changed_place or first_of(vocabulary.PLACES, told_scene, told_words, nameless) or "OPEN",
        first_of(vocabulary.INSIDE_OR_OUTSIDE, changed)
        # Another place has a side of its own: a beach is outside though the house was not.
        or (None if changed_place else first_of(vocabulary.INSIDE_OR_OUTSIDE, parts["scene"], scene_words)),
    )
    return Reading(
        shot_type=first_of(vocabulary.SHOT_TYPES, parts["shot"], "" if is_labelled else action) or "MEDIUM",
        place=place,
        is_indoors=is_indoors,
        time=scene_time or first_of(vocabulary.TIMES, nameless, scene_words) or "NOON",
        weather=weather,
        season=first_of(vocabulary.SEASONS, surroundings, parts["scene"], nameless)
        or ("WINTER" if weather == "SNOW" else "SUMMER"),
        era=first_of(vocabulary.ERAS, everything) or ("CHINESE" if is_chinese else "EUROPEAN"),
        mood=first_of(vocabulary.MOODS, nameless, parts["scene"]) or "CALM",
        style=first_of(vocabulary.STYLES, (order.style or "").lower(), parts["style"], _told_style(action)),
        actors=_actors(order.subjects, parts, order.references),
        props=_props(order.subjects),
        scene_key=scene_key,
        scene_text=surroundings or action,
        action_text=action,
        camera=first_of(vocabulary.CAMERAS, action),
    )


def _changed_scene(scenes: Sequence[DrawnSubject], told: str, style: str | None) -> str:
    """The new words for the scene that a shot is in; none where the shot itself speaks of another place."""
    for scene in scenes:
        name = scene.name.lower()
        of_name, of_told = (first_of(vocabulary.PLACES, _without_sides(text)) for text in (name, told))
        if told and name not in told and of_name != of_told:
            continue
        if changed := changed_design(name, scene.description.lower(), style):
            return changed
    return ""


def _written_time(scenes: Sequence[DrawnSubject]) -> str | None:
    """The time of the scene as its script wrote it: a shot at another time of day keeps its own."""
    return first_of(vocabulary.TIMES, *(written_time(scene.description.lower()) for scene in scenes))


def _without_names(text: str, subjects: Sequence[DrawnSubject]) -> str:
    """The words but for the characters' own names: Dawn is no time of day, and 林远 no wood."""
    for subject in subjects:
        if subject.type == "CHARACTER":
            name = subject.name.lower()
            text = re.sub(rf"\b{re.escape(name)}(?!\w)" if name.isascii() else re.escape(name), " ", text)
    return text


_BUILT_OUTSIDE = {"ROOM": "HOUSE", "SHOP": "STREET", "OFFICE": "CITY", "SCHOOL": "HOUSE"}
_BUILT_INSIDE = {"POLICE": "OFFICE"}
# Places that look the same from within, or that are no building: a station, a ship in space.
_SIDELESS = frozenset({"SPACE", "STATION", "PALACE", "BRIDGE"})


def _without_sides(text: str) -> str:
    """The words of a scene but for inside and outside: the room in 室外 is no room."""
    for _, words in vocabulary.INSIDE_OR_OUTSIDE:
        text = word_pattern(words).sub(" ", text)
    return text


def _place_and_side(place: str, side: str | None) -> tuple[str, bool]:
    """The place from the side that the words tell: a house from inside is a room, a shop from outside a street."""
    is_indoors = place in INDOORS
    if side == "OUTSIDE" and is_indoors:
        return _BUILT_OUTSIDE[place], False
    if side == "INSIDE" and not is_indoors and place not in _SIDELESS:
        return _BUILT_INSIDE.get(place, "ROOM"), True
    return place, is_indoors


def _told_style(text: str) -> str:
    """What stands before the word style in free words: elsewhere "dark" or "soft" say nothing of the drawing."""
    return " ".join(word for pair in _STYLE_WORDS.findall(text) for word in pair)


def _props(subjects: Sequence[DrawnSubject]) -> tuple[DrawnSubject, ...]:
    return tuple(subject for subject in subjects if subject.type == "PROP")


def _actors(subjects: Sequence[DrawnSubject], parts: dict[str, str], references: Sequence[Path]) -> tuple[Actor, ...]:
    """Given characters; else those that the label names; else the people whom the words mention."""
    action = parts["action"]
    people = [subject for subject in subjects if subject.type == "CHARACTER"]
    if not people and parts["character"] not in _NOBODY:
        names = [name for name in _BETWEEN_NAMES.split(parts["character"].rstrip(".。")) if name]
        people = [DrawnSubject("CHARACTER", name) for name in names[:6]]
    is_told_empty = _EMPTY_VIEW.search(action) is not None or (
        bool(parts["shot"]) and any(subject.type == "SCENE" for subject in subjects)
    )
    if not people and parts["character"] == "" and not is_told_empty:
        people = [DrawnSubject("CHARACTER", word) for word in found_in_order(vocabulary.PEOPLE, action)[:3]]
    if not subjects:
        dressed = zip(people, references, strict=False)
        people[: len(references)] = [replace(person, reference=reference) for person, reference in dressed]
    told_of = _told_of(people, action)
    actors: list[Actor] = []
    for index, person in enumerate(people):
        is_alone = len(people) == 1
        # One who is not spoken of listens.
        own = told_of.get(index, "")
        heard = own or (action if is_alone or (not told_of and index == 0) else "")
        worn = _worn(person, parts["character"])
        deed = first_of(vocabulary.ACTIONS, _own_deed(heard), _own_deed(action) if is_alone else "") or "STAND"
        if deed == "LIE" and _SOMEBODY.search(heard) and not _places_of(person, heard):
            deed = "STAND"  # somebody else falls
        if _IN_BED.search(worn):
            deed = "LIE"
        elif deed == "SUPPORT" and any(actor.action == "SUPPORT" for actor in actors):
            deed = "WALK" if "走" in heard or "walk" in heard else "STAND"  # the one who is held
        actors.append(
            Actor(
                person,
                deed,
                first_of(vocabulary.MOODS, heard, action if is_alone else "") or "CALM",
                heard,
                worn,
            )
        )
    return tuple(actors)


def _told_of(people: Sequence[DrawnSubject], action: str) -> dict[int, str]:
    """The words about each of the people who are named: from a name to the next one.

    Words before the first name ("fallen is an old woman") go to that one. What follows an object ("speaks to Tom,
    smiling") goes on about the one who does it, and so do words before it: "supports the old woman" is another's deed.
    """
    places = sorted((place, index) for index, person in enumerate(people) for place in _places_of(person, action))
    if not places:
        return {}
    named = {index for _, index in places}
    unnamed = [index for index in range(len(people)) if index not in named]
    told: dict[int, str] = {}
    doer: int | None = unnamed[0] if unnamed else None
    for rank, (start, index) in enumerate(places):
        end = places[rank + 1][0] if rank + 1 < len(places) else len(action)
        is_object = _DONE_TO.search(action[:start]) is not None
        if rank == 0:
            leading = doer if is_object and doer is not None else index
            told[leading] = action[:start]
        if not is_object or doer is None:
            doer = index
        told[doer] = f"{told.get(doer, '')} {action[start:end]}"
    return told


def _own_deed(text: str) -> str:
    """What somebody does, without what that one sees, remembers or dreams of others."""
    seen = _SEEING.search(text)
    return text if seen is None else f"{text[: seen.start()]} 看 look"


def _worn(person: DrawnSubject, label: str) -> str:
    """The words in brackets behind the name in the label of the characters."""
    found = re.search(rf"{re.escape(person.name.lower())}\s*[（(]([^）)]*)[）)]", label)
    return found.group(1) if found else ""


def _places_of(person: DrawnSubject, text: str) -> list[int]:
    """Where the text names the person: by the whole name, else by its last word or two characters."""
    name = person.name.lower()
    forms = [name]
    if not name.isascii() and len(name) > 2:
        forms.append(name[-2:])
    if name.isascii() and " " in name:
        forms.append(name.split()[-1])
    for form in forms:
        # A single letter is a name only where it stands alone: the narrator's I.
        pattern = rf"\b{re.escape(form)}\b" if form.isascii() else re.escape(form)
        if form and (places := [match.start() for match in re.finditer(pattern, text)]):
            return places
    return []

"""Reads the characters of a prompt with their actions, moods and clothes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.reading.vocabulary import ACTIONS, MOODS, PEOPLE
from media.drawing.reading.words import first_of, found_in_order

_BETWEEN_NAMES = re.compile(r"\s*(?:[,，、;；/&]|\band\b|\bwith\b|和|与|跟)\s*", re.IGNORECASE)
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
_MOST_LABELLED, _MOST_MENTIONED = 6, 3


@dataclass(frozen=True)
class Actor:
    """A character in the shot with what it does and feels."""

    subject: DrawnSubject
    action: str
    mood: str
    told: str = ""  # the words about this character
    worn: str = ""  # the words in brackets after its name, for this shot only


@dataclass(frozen=True)
class Heard:
    """The words about one person. told: those about this person; of_all: the whole action, where there is only one."""

    person: DrawnSubject
    told: str
    of_all: str = ""
    worn: str = ""


def actors_of(order: DrawingOrder, parts: Mapping[str, str]) -> tuple[Actor, ...]:
    """The characters of a shot with their actions and moods. parts: of labels.prompt_parts."""
    actors: list[Actor] = []
    for heard in _heard(people_of(order, parts), parts):
        deed = deed_of(heard)
        if deed == "SUPPORT" and any(actor.action == "SUPPORT" for actor in actors):
            deed = _deed_of_the_held(heard)
        actors.append(Actor(heard.person, deed, mood_of(heard), heard.told, heard.worn))
    return tuple(actors)


def people_of(order: DrawingOrder, parts: Mapping[str, str]) -> list[DrawnSubject]:
    """The given characters; else those named by the label; else the people mentioned in the words."""
    people = [subject for subject in order.subjects if subject.type == "CHARACTER"]
    people = people or labelled_people(parts["character"])
    if not people and parts["character"] == "" and not _is_told_empty(order, parts):
        people = mentioned_people(parts["action"])
    return people if order.subjects else _dressed(people, order.references)


def labelled_people(label: str) -> list[DrawnSubject]:
    """The characters named by the label, at most six: "Anna and Tom"."""
    if label in _NOBODY:
        return []
    names = [name for name in _BETWEEN_NAMES.split(label.rstrip(".。")) if name]
    return [DrawnSubject("CHARACTER", name) for name in names[:_MOST_LABELLED]]


def mentioned_people(action: str) -> list[DrawnSubject]:
    """The kinds of people in free words, at most three."""
    return [DrawnSubject("CHARACTER", word) for word in found_in_order(PEOPLE, action)[:_MOST_MENTIONED]]


def _is_told_empty(order: DrawingOrder, parts: Mapping[str, str]) -> bool:
    if _EMPTY_VIEW.search(parts["action"]):
        return True
    return bool(parts["shot"]) and any(subject.type == "SCENE" for subject in order.subjects)


def _dressed(people: Sequence[DrawnSubject], references: Sequence[Path]) -> list[DrawnSubject]:
    """Assigns the references to the first people, in order."""
    dressed = zip(people, references, strict=False)
    return [*(replace(person, reference=reference) for person, reference in dressed), *people[len(references) :]]


def _heard(people: Sequence[DrawnSubject], parts: Mapping[str, str]) -> Iterable[Heard]:
    action = parts["action"]
    told = told_of(people, action)
    of_all = action if len(people) == 1 else ""
    for index, person in enumerate(people):
        # A person without words listens; where nobody is named, the words are about the first.
        other = action if not told and index == 0 else of_all
        yield Heard(person, told.get(index, "") or other, of_all, _worn(person, parts["character"]))


def deed_of(heard: Heard) -> str:
    """The person's value of vocabulary.ACTIONS; STAND where no word names one."""
    if _IN_BED.search(heard.worn):
        return "LIE"
    deed = first_of(ACTIONS, _own_deed(heard.told), _own_deed(heard.of_all)) or "STAND"
    is_of_another = deed == "LIE" and _SOMEBODY.search(heard.told) and not _places_of(heard.person, heard.told)
    return "STAND" if is_of_another else deed


def mood_of(heard: Heard) -> str:
    """The person's value of vocabulary.MOODS; CALM where no word names one."""
    return first_of(MOODS, heard.told, heard.of_all) or "CALM"


def _deed_of_the_held(heard: Heard) -> str:
    """Of two people who support each other, the second one is held."""
    return "WALK" if "走" in heard.told or "walk" in heard.told else "STAND"


def told_of(people: Sequence[DrawnSubject], action: str) -> dict[int, str]:
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
    """The action of a person, without what the person sees, remembers or dreams of others."""
    seen = _SEEING.search(text)
    return text if seen is None else f"{text[: seen.start()]} 看 look"


def _worn(person: DrawnSubject, label: str) -> str:
    """The words in brackets after the name in the label of the characters."""
    found = re.search(rf"{re.escape(person.name.lower())}\s*[（(]([^）)]*)[）)]", label)
    return found.group(1) if found else ""


def _places_of(person: DrawnSubject, text: str) -> list[int]:
    """The positions of the person's name in the text: whole, else its last word or two characters."""
    for form in _forms_of(person.name.lower()):
        # A single letter is a name only where it stands alone: the narrator's I.
        pattern = rf"\b{re.escape(form)}\b" if form.isascii() else re.escape(form)
        if form and (places := [match.start() for match in re.finditer(pattern, text)]):
            return places
    return []


def _forms_of(name: str) -> list[str]:
    if not name.isascii() and len(name) > 2:
        return [name, name[-2:]]
    if name.isascii() and " " in name:
        return [name, name.split()[-1]]
    return [name]

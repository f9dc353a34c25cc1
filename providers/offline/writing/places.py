"""Finds the place of a narration, and decides when two words mean the same place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from providers.offline.writing import lexicon_en, lexicon_zh

_ZH_PLACE = re.compile("|".join(sorted(map(re.escape, lexicon_zh.PLACES), key=lambda word: (-len(word), word))))
_ZH_BEFORE_PLACE = re.compile(r"(?:巡警|警察|荣国|宁国|[\u3400-\u9fff]{2}(?=寺|庙|客栈|酒楼|茶馆|酒店))$")
_EN_PLACE = re.compile(
    r"(?P<lead>\b(?:(?:in|into|inside|entered|at|to|reached|through|across|along|down|up|near|beside|on|upon|"
    r"towards?|onto|under|by|outside|passing|left|round|around|in front of)\s+))?"
    r"(?:(?P<owner>(?:the|his|her|my|their|our)\s+)?(?P<who>(?<![A-Za-z-])[A-Za-z-]{1,30})[’']s\s+|(?P<article>the|a|an|his|her|my|their|our|this|that)\s+)"
    r"(?P<words>(?:[a-z-]+\s+){0,2}?)(?P<place>"
    + "|".join(sorted(lexicon_en.PLACES, key=len, reverse=True))
    + r")(?![\w’'-])",
    re.IGNORECASE,
)
_OPEN_GROUND = frozenset({"road", "wood", "water", "mountain", "field", "city", "village", "space", "yard", "home"})
_BARE_ZH = re.compile("大道|道路|街道|马路|小路|屋子|房间|房子|院子|树林|林子|村子|小屋")
HYPOTHETICAL = re.compile(r"\b(?:if|until|till|unless)\b[^,.;]*", re.IGNORECASE)
_STOP_WORDS = frozenset(
    [
        "same",
        "very",
        "whole",
        "other",
        "own",
        "more",
        "most",
        "and",
        "or",
        "of",
        "in",
        "great",
        "little",
        "old",
        "good",
        "public",
        "whole",
        "still",
    ]
)
_NO_OWNERS = ("it", "that", "there", "he", "she", "what")
_BESIDE = ("near", "beside", "outside", "towards", "toward")


@dataclass(frozen=True, slots=True)
class Place:
    """A place. name: the word of the text, if it has one. words: all words of the scene for it."""

    name: str
    category: str
    is_inside: bool


def is_same(place: Place, other: Place | None) -> bool:
    """Whether a person at the other place is already at this place."""
    if other is None or (place.is_inside and not other.is_inside):
        return False
    return place.name == other.name or (place.category == other.category and place.category in _OPEN_GROUND)


def settled(place: Place, known: Mapping[str, Place]) -> Place:
    """The known place of the story that a bare word such as 路上 or "the room" refers to."""
    other = known.get(place.category)
    if other is not None and _is_bare(place.name):
        return replace(other, is_inside=place.is_inside)
    return place


def _is_bare(name: str) -> bool:
    """Whether a place's word may mean any such place: 路上, 屋里, room; not 休眠舱, grandmother's house."""
    return name[-1] in "上里中内边" or bool(_BARE_ZH.fullmatch(name)) or (name.isascii() and " " not in name)


def find_place(text: str, language: str) -> tuple[Place | None, bool]:
    """The place of a narration, and whether the people are said to be there (in, into, 到, 在 …)."""
    return _zh_place(text) if language == "zh" else _en_place(text)


@dataclass(frozen=True)
class _Mention:
    """A word for a place in a text. is_strong: the context says that somebody is there."""

    place: Place
    is_strong: bool


def _zh_place(text: str) -> tuple[Place | None, bool]:
    mentions = [mention for match in _ZH_PLACE.finditer(text) if (mention := _zh_mention(match, text)) is not None]
    if not mentions:
        return None, False
    strong = next((mention for mention in mentions if mention.is_strong), None)
    chosen = (strong or mentions[0]).place
    alike = [mention.place.name for mention in mentions if mention.place.category == chosen.category]
    return replace(chosen, name=_fullest(chosen.name, alike)), strong is not None


def _zh_mention(match: re.Match[str], text: str) -> _Mention | None:
    word, start, end = match.group(), match.start(), match.end()
    if len(word) == 1 and not _is_place_by_itself(start, end, text):
        return None
    category, inside = lexicon_zh.PLACES[word]
    prefix = _ZH_BEFORE_PLACE.search(text[max(0, start - 4) : start])
    stem = lexicon_zh.PLACE_STEM.sub("", word)
    name = (prefix.group() if prefix else "") + (stem if len(stem) > 1 or prefix else word)
    before, after = text[max(0, start - 14) : start], text[end : end + 14]
    if prefix:
        before = before[: len(before) - len(prefix.group())]
    is_outside = inside and lexicon_zh.OUTSIDE_WORDS.search(text) is not None
    return _Mention(Place(name, category, inside and not is_outside), _zh_arrives(before, after))


def _is_place_by_itself(start: int, end: int, text: str) -> bool:
    """Whether a single character is a place: followed by a side (屋里), and within a phrase."""
    has_side = re.match(r"里|上|中|头|道", text[end : end + 1]) is not None
    return has_side and re.search(r"[\u3400-\u9fff]$", text[:start][-1:]) is not None


def _zh_arrives(before: str, after: str) -> bool:
    """Whether the context says that somebody is at the place, not that somebody leaves it."""
    arrives = lexicon_zh.ARRIVAL_BEFORE.search(before) or lexicon_zh.ARRIVAL_AFTER.match(after)
    return arrives is not None and re.search(r"从[^，。]{0,3}$", before) is None


def _fullest(name: str, alike: list[str]) -> str:
    """The name, or the longest of those for the same kind of place where it is only a side or one character."""
    names = [other for other in alike if other[-1:] not in "上里中边" and len(other) > 1]
    return max(names, key=len, default=name) if name not in names or len(name) < 2 else name


def _en_place(text: str) -> tuple[Place | None, bool]:
    text = HYPOTHETICAL.sub(" ", text)
    weak: Place | None = None
    for match in _EN_PLACE.finditer(text):
        place = _en_named(match)
        if place is None:
            continue
        if _en_arrives(match, text):
            return replace(place, is_inside=place.is_inside and not _is_before_door(match, text)), True
        if weak is None and not text[match.end() : match.end() + 4].startswith(" of"):
            weak = place
    return weak, False


def _en_named(match: re.Match[str]) -> Place | None:
    """The place with its owner and last descriptive adjective: grandmother's house, dark wood."""
    owner, word = match.group("who"), match.group("place").lower()
    if owner and owner.lower() in _NO_OWNERS:
        return None
    category, inside = lexicon_en.PLACES[word]
    adjectives = [
        part
        for part in match.group("words").split()
        if part.lower() not in _STOP_WORDS and not part.lower().endswith("ly")
    ]
    return Place(" ".join([f"{owner}'s"] * bool(owner) + adjectives[-1:] + [word]), category, inside)


def _lead(match: re.Match[str]) -> str:
    return (match.group("lead") or "").strip().lower()


def _en_arrives(match: re.Match[str], text: str) -> bool:
    """Whether the preposition says that somebody is there; the way to a place is not the place."""
    lead = _lead(match)
    if not lead or lead == "by":
        return False
    is_way = re.search(r"\b(?:way|path|road)\s+to\s+$", text[: match.start("lead") + 3][-14:]) is not None
    return not (lead == "to" and is_way)


def _is_before_door(match: re.Match[str], text: str) -> bool:
    """Whether the people are near a building, not inside."""
    before = re.search(r"knocked at|before the door|on the roof|round the house|in front of", text)
    return _lead(match) in _BESIDE or before is not None

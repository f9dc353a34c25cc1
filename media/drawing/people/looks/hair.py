"""A character's hair: style and colour by the words, else random."""

import random
import re
from dataclasses import dataclass

from media.drawing.colour import Colour
from media.drawing.people.looks.near import colour_near
from media.drawing.people.looks.person import Person
from media.drawing.people.looks.told import Told
from media.drawing.reading.vocabulary import Table

_HAIRS: Table = (
    ("BALD", "光头 秃 和尚 bald shaven"),
    ("BUN", "发髻 盘发 髻 奶奶 老女人 老妇 bun| hair~up chignon"),
    ("TOPKNOT", "束发 剑客 侠 道士 古装 topknot samurai"),
    ("TWIN", "双马尾 双辫 twin pigtails twintails"),
    ("PONY", "马尾 ponytail"),
    ("BRAID", "辫 braid plait"),
    ("LONG", "长发 long~hair long~black~hair long~brown~hair long~blonde~hair long~red~hair long-haired "
        "flowing~hair"),
    ("BOB", "短发女 齐耳 bob|"),
    ("CURLY", "卷发 curly curls| wavy"),
    ("SPIKY", "刺猬头 spiky messy"),
    ("SHORT", "短发 平头 寸头 short~hair crew~cut crop"),
)  # fmt: skip
_HAIR_WORDS = re.compile(r"hair|braid|ponytail|头发|发|辫")
_BEARD_WORDS = re.compile(r"beard|胡子|胡须|长须")
_NAMED_HAIR = (
    (re.compile(r"blond|golden hair|金发|金色头发"), (226, 190, 106)),
    (re.compile(r"花白|grizzled"), (176, 176, 180)),
    (re.compile(r"grey.?hair|gray.?hair|灰白|灰发"), (160, 162, 170)),
    (re.compile(r"white.?hair|白发|银发|silver.?hair"), (222, 224, 230)),
    (re.compile(r"red.?hair|ginger|红发"), (176, 76, 42)),
    (re.compile(r"brown.?hair|棕发|褐发"), (104, 70, 48)),
    (re.compile(r"black.?hair|黑发|乌发"), (44, 42, 56)),
)
_NATURAL_HAIR: tuple[Colour, ...] = (
    (44, 42, 56), (54, 44, 48), (66, 50, 46), (92, 62, 46), (124, 84, 54), (60, 56, 84), (150, 108, 66), (88, 50, 52),
)  # fmt: skip
_GREY_HAIR: tuple[Colour, ...] = ((176, 176, 182), (206, 206, 210), (150, 150, 158))
# Some appear twice, and so are twice as likely.
_STYLES = {
    "FEMALE": ("LONG", "BOB", "PONY", "BUN", "BRAID", "CURLY", "LONG"),
    "MALE": ("SHORT", "PARTED", "SPIKY", "SHORT", "PARTED"),
}
_OLD_STYLES = {"FEMALE": "BUN", "MALE": "SHORT"}


@dataclass(frozen=True)
class Hair:
    """style: a value of the table of styles, or PARTED."""

    style: str
    colour: Colour


def hair_of(person: Person, chance: random.Random) -> Hair:
    """The hair by the words; else random for such a person."""
    drawn = drawn_hair(person, chance)
    return Hair(person.told.pick(_HAIRS) or drawn.style, told_hair_colour(person.told) or drawn.colour)


def drawn_hair(person: Person, chance: random.Random) -> Hair:
    """Random hair: dark for a Chinese name, grey and of one style for the old."""
    style = chance.choice(_STYLES[person.gender])
    colour = chance.choice(_NATURAL_HAIR[:3] if person.told.is_chinese else _NATURAL_HAIR)
    if person.age != "OLD":
        return Hair(style, colour)
    return Hair(_OLD_STYLES[person.gender], chance.choice(_GREY_HAIR))


def told_hair_colour(told: Told) -> Colour | None:
    """The colour named last; else that of the word for hair, else of the beard."""
    hits = [(match.end(), colour) for words, colour in _NAMED_HAIR for match in words.finditer(told.text)]
    if hits:
        return max(hits, key=lambda hit: hit[0])[1]
    return colour_near(told.text, _HAIR_WORDS, 6) or colour_near(told.text, _BEARD_WORDS, 6)

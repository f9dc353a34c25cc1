"""A character's body: skin, eyes, build and height, by words, else random."""

import random
import re

from media.drawing.colour import Colour
from media.drawing.people.looks.near import colour_near
from media.drawing.people.looks.person import Person
from media.drawing.people.looks.told import Told
from media.drawing.reading.vocabulary import Table

_BUILDS: Table = (
    ("STOUT", "胖 肥 魁梧 壮 fat| stout plump burly heavy~set portly"),
    ("SLIM", "瘦 纤细 苗条 thin| slim slender lean| skinny gaunt"),
)
_SKINS: tuple[Colour, ...] = ((252, 226, 204), (248, 216, 190), (242, 206, 176), (232, 192, 160))
_DARK_SKIN = re.compile(
    r"dark.?skin|brown.?skin|black man|black woman|黝黑|黑脸|tanned|晒黑|车夫|紫色的圆脸|farmer|农民"
)
_EYE_WORDS = re.compile(r"eye|眼|眸")
_EYES: tuple[Colour, ...] = ((104, 66, 44), (86, 62, 52), (112, 78, 40), (58, 84, 124), (66, 104, 84), (92, 60, 88))
_BUILD_SHARES = {"STOUT": 1.22, "SLIM": 0.88}
_HEIGHTS = {"CHILD": 0.68, "TEEN": 0.94, "OLD": 0.93}


def skin_of(told: Told, chance: random.Random) -> Colour:
    """The skin colour: brown where the words name it or outdoor work."""
    return (214, 168, 132) if _DARK_SKIN.search(told.text) else chance.choice(_SKINS)


def eyes_of(told: Told, chance: random.Random) -> Colour:
    """The eye colour by the words; else random, brown for a Chinese name."""
    return colour_near(told.text, _EYE_WORDS, 3) or chance.choice(_EYES[:3] if told.is_chinese else _EYES)


def build_of(told: Told, chance: random.Random) -> float:
    """Breadth relative to the usual one. Always draws one random number, so that later draws do not depend on words."""
    drawn = chance.uniform(0.95, 1.06)
    return _BUILD_SHARES.get(told.pick(_BUILDS) or "", drawn)


def height_of(person: Person, chance: random.Random) -> float:
    """Height as a share of a grown person's 1.7 m."""
    return _HEIGHTS.get(person.age, 1.0) * (0.95 if person.is_female else 1.0) * chance.uniform(0.98, 1.02)

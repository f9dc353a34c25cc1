"""A character's hat and its colour."""

import re

from media.drawing.colour import Colour, darker
from media.drawing.people.looks.near import colour_near
from media.drawing.people.looks.person import Person
from media.drawing.people.looks.told import Told
from media.drawing.reading.vocabulary import Table

_HATS: Table = (
    ("POLICE_CAP", "巡警 警察 警帽 军帽 policeman policewoman police~officer constable officer"),
    ("HELMET", "头盔 骑士 士兵 helmet knight"),
    ("STRAW_HAT", "草帽 斗笠 农民 straw~hat farmer bamboo~hat"),
    ("NIGHTCAP", "睡帽 nightcap night-cap mob-cap"),
    ("HUNTING_HAT", "猎人 猎户 huntsman hunter| woodcutter woodman"),
    ("FELT_CAP", "毡帽 瓜皮帽 棉帽 车夫 帽 rickshaw cap| beanie felt~cap bonnet"),
    ("HAT", "礼帽 top~hat fedora bowler hat"),
)
_CAP_WORDS = re.compile(r"cap\b|hat\b|hood\b|bonnet|帽")
# Kinds that the word for a cap means for a woman.
_WOMENS_CAPS = {"OLD": "NIGHTCAP", "CHILD": "BONNET", "TEEN": "BONNET"}
_PLAIN: dict[str | None, Colour] = {
    "FELT_CAP": (118, 96, 74),
    "NIGHTCAP": (240, 234, 226),
    "HUNTING_HAT": (62, 92, 62),
}


def hat_of(person: Person) -> str | None:
    """The kind of hat by the words. The word for an occupation alone gives a woman no felt cap."""
    hat = person.told.pick(_HATS)
    if hat != "FELT_CAP" or not person.is_female:
        return hat
    if person.age in _WOMENS_CAPS:
        return _WOMENS_CAPS[person.age]
    return hat if "帽" in person.told.text or "cap" in person.told.text else None


def hat_colour(told: Told, hat: str | None, top: Colour, trim: Colour) -> Colour:
    """The colour by the word for a cap; else the kind's own, else a dark tint of the trim. A uniform has one colour."""
    if hat == "POLICE_CAP":
        return top
    return colour_near(told.text, _CAP_WORDS) or _PLAIN.get(hat) or darker(trim, 0.2)

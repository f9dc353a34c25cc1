"""Kinds of animal characters: recognised by name, with fur, ears and head; bodies stand upright."""

# ruff: noqa: E501  (word tables read better in long lines)

import re
from dataclasses import dataclass

from media.drawing.colour import Colour


@dataclass(frozen=True)
class Beast:
    """Lengths in head heights; `height` of a grown person's as 1; ears: POINTED, ROUND, LONG, FLOPPY, SMALL or NONE."""

    fur: Colour
    pale: Colour
    dark: Colour
    eyes: Colour = (214, 166, 60)
    ears: str = "POINTED"
    muzzle: float = 0.5
    height: float = 0.8
    build: float = 1.0
    tail: str = "BUSHY"  # BUSHY, THIN, PUFF, FEATHERS or NONE
    tufts: bool = False
    whiskers: bool = False
    mane: Colour | None = None
    beak: Colour | None = None
    snout: bool = False
    stripes: bool = False
    horns: bool = False
    fangs: bool = False


_GREY, _BROWN = (116, 120, 132), (150, 108, 72)
BEASTS: dict[str, Beast] = {
    "WOLF": Beast(_GREY, (214, 212, 210), (74, 76, 90), height=1.02, build=1.08, muzzle=0.62, tufts=True, fangs=True),
    "FOX": Beast((214, 112, 52), (250, 238, 222), (92, 52, 44), muzzle=0.58, height=0.82, build=0.9, tufts=True),
    "DOG": Beast((190, 146, 96), (240, 224, 200), (110, 76, 54), (92, 62, 44), "FLOPPY", 0.46, 0.72, tail="THIN"),
    "BEAR": Beast((118, 80, 56), (196, 156, 116), (82, 54, 42), (64, 44, 36), "ROUND", 0.4, 1.1, 1.3, "PUFF"),
    "CAT": Beast(
        (222, 164, 96), (250, 240, 226), (170, 108, 60), (104, 160, 88), muzzle=0.16, height=0.62, build=0.88,
        tail="THIN", whiskers=True, stripes=True,
    ),
    "TIGER": Beast(
        (232, 150, 60), (250, 240, 226), (60, 42, 40), ears="ROUND", muzzle=0.3, height=1.0, build=1.15, tail="THIN",
        whiskers=True, stripes=True, fangs=True,
    ),
    "LION": Beast(
        (222, 176, 104), (244, 224, 186), (120, 78, 44), ears="ROUND", muzzle=0.34, height=1.08, build=1.18,
        tail="THIN", whiskers=True, mane=(158, 92, 44),
    ),
    "RABBIT": Beast(
        (232, 226, 220), (252, 248, 244), (190, 170, 164), (176, 66, 78), "LONG", 0.14, 0.58, 0.92, "PUFF",
        whiskers=True,
    ),
    "MOUSE": Beast(
        (160, 156, 160), (226, 218, 214), (110, 104, 112), (52, 42, 50), "ROUND", 0.36, 0.44, 0.9, "THIN",
        whiskers=True,
    ),
    "PIG": Beast(
        (240, 178, 172), (248, 204, 196), (206, 132, 132), (72, 58, 66), "SMALL", 0.2, 0.74, 1.25, "THIN", snout=True
    ),
    "MONKEY": Beast((140, 98, 68), (236, 200, 166), (96, 64, 48), (84, 56, 40), "ROUND", 0.22, 0.78, 0.9, "THIN"),
    "HORSE": Beast(
        (156, 104, 66), (206, 168, 128), (74, 48, 40), (60, 42, 38), "SMALL", 0.66, 1.08, 1.1, "THIN",
        mane=(74, 48, 40),
    ),
    "COW": Beast(
        (226, 214, 204), (242, 216, 204), (92, 68, 60), (60, 44, 40), "FLOPPY", 0.44, 1.0, 1.2, "THIN", snout=True,
        horns=True,
    ),
    "SHEEP": Beast((240, 234, 222), (232, 208, 190), (150, 126, 112), (80, 62, 50), "FLOPPY", 0.3, 0.74, 1.15, "PUFF"),
    "FROG": Beast(
        (108, 160, 84), (206, 220, 150), (66, 112, 62), (222, 186, 66), "NONE", 0.08, 0.46, 1.05, "NONE"
    ),
    "TORTOISE": Beast(
        (140, 156, 96), (206, 206, 150), (92, 96, 60), (60, 50, 40), "NONE", 0.12, 0.5, 1.2, "NONE"
    ),
    "CROW": Beast(
        (54, 54, 70), (84, 84, 104), (36, 36, 48), (226, 190, 90), "NONE", 0, 0.5, 0.95, "FEATHERS", beak=(78, 76, 84)
    ),
    "OWL": Beast(
        (140, 108, 78), (226, 206, 172), (92, 70, 54), (240, 186, 60), "POINTED", 0, 0.5, 1.15, "FEATHERS",
        beak=(206, 160, 70),
    ),
    "HEN": Beast(
        (238, 226, 206), (250, 244, 232), (196, 60, 54), (70, 46, 40), "NONE", 0, 0.5, 1.15, "FEATHERS",
        beak=(236, 176, 66), mane=None,
    ),
    "BIRD": Beast(
        (92, 140, 190), (236, 226, 206), (56, 90, 138), (50, 40, 48), "NONE", 0, 0.4, 0.95, "FEATHERS",
        beak=(238, 170, 62),
    ),
}  # fmt: skip

_NAMES: dict[str, str] = {
    "WOLF": "狼 wolf wolves", "FOX": "狐狸 狐 fox vixen", "DOG": "狗 犬 dog hound puppy", "BEAR": "熊 狗熊 bear",
    "CAT": "猫 cat kitten", "TIGER": "老虎 虎 tiger", "LION": "狮子 狮 lion lioness", "RABBIT": "兔子 兔 rabbit hare bunny",
    "MOUSE": "老鼠 鼠 mouse rat", "PIG": "猪 pig piglet sow", "MONKEY": "猴子 猴 monkey ape",
    "HORSE": "马儿 马驹 horse donkey ass pony", "COW": "牛 奶牛 cow ox bull calf", "SHEEP": "羊 山羊 绵羊 sheep lamb goat ram kid",
    "FROG": "青蛙 蛙 蛤蟆 frog toad", "TORTOISE": "乌龟 龟 tortoise turtle", "CROW": "乌鸦 crow raven jackdaw",
    "OWL": "猫头鹰 owl", "HEN": "母鸡 公鸡 鸡 hen cock rooster chicken duck goose",
    "BIRD": "小鸟 鸟儿 鸟 麻雀 燕子 鹤 鹰 bird swallow sparrow nightingale stork crane eagle dove swan",
}  # fmt: skip
_BY_NAME = {word: kind for kind, words in _NAMES.items() for word in words.split()}
_ZH_ANIMAL = re.compile(
    r"(?:大|小|老|灰|白|黑|花|红|母|公|野|饿|坏|的|一只|那只|这只)*("
    + "|".join(sorted((word for word in _BY_NAME if not word.isascii()), key=len, reverse=True))
    + r")(?:先生|太太|妈妈|爸爸|姑娘|大哥|大王|王|精)?"
)
_EN_DESCRIBED = re.compile(
    r"^(?:a|an|the) (?:(?:big|little|old|young|grey|gray|white|black|bad|sly|wicked) )*([a-z]+)\b"
)


def beast_of(name: str, description: str) -> str | None:
    """The kind of animal that a character is, by its name ("wolf", "大灰狼"), else by "a wolf" that opens its words."""
    plain = name.lower().strip()
    if plain.isascii():
        words = re.findall(r"[a-z]+", plain)
        # A girl may be called Fox or Robin: a capitalised name is ignored, the description counts.
        if words and words[-1] in _BY_NAME and (name == plain or len(words) > 1 or not description):
            return _BY_NAME[words[-1]]
        told = _EN_DESCRIBED.match(description.lower())
        return _BY_NAME.get(told.group(1)) if told else None
    match = _ZH_ANIMAL.fullmatch(plain)
    return _BY_NAME[match.group(1)] if match else None

"""A character's clothes: kind, colours and accessories."""

# ruff: noqa: E501  (word tables read better in long lines)

import random
import re
from dataclasses import dataclass

from media.drawing.colour import Colour, darker, from_hls, lighter, luminance, mix
from media.drawing.people.looks.hats import hat_colour, hat_of
from media.drawing.people.looks.near import colour_near
from media.drawing.people.looks.person import Person
from media.drawing.people.looks.told import Told
from media.drawing.reading.vocabulary import Table
from media.drawing.reading.words import first_of

_OUTFITS: Table = (
    ("SCHOOL", "校服 学生 school~uniform student schoolgirl schoolboy"),
    ("UNIFORM", "巡警 警察 制服 军官 军装 士兵 保安 列车员 police constable uniform officer soldier guard"),
    ("ARMOUR", "盔甲 铠甲 骑士 armour armor knight"),
    ("JACKET", "车夫 猎人 猎户 樵夫 棉袄 短衫 短褂 工人 农民 苦力 乞丐 破棉 棉背心 背心 闰土 rickshaw labourer laborer worker "
        "huntsman hunter| woodcutter woodman peasant farmer beggar vest waistcoat "
               "jacket hoodie"),
    ("GOWN", "长衫 皮袍 袍 道士 和尚 长袍 汉服 和服 剑客 侠 古装 gown robe monk wizard hanfu kimono scholar "
        "priest"),
    ("COAT", "大衣 外套 风衣 斗篷 coat cloak cape overcoat"),
    ("DRESS", "裙 旗袍 公主 dress skirt frock princess queen"),
    ("SUIT", "西装 西服 商人 经理 律师 suit| businessman lawyer banker gentleman mr| tie|"),
    ("SHIRT", "衬衫 毛衣 t恤 shirt sweater blouse jumper"),
)  # fmt: skip
_EXTRAS: Table = (
    ("GLASSES", "眼镜 glasses spectacles"), ("SCARF", "围巾 scarf muffler"),
    ("BEARD", "大胡子 胡须 长须 胡子 老头 老翁 爷爷 beard"), ("MOUSTACHE", "八字胡 小胡子 moustache mustache"),
    ("PATCHES", "破烂 破旧 破 补丁 褴褛 ragged patched tattered rags beggar worn"), ("APRON", "围裙 apron maid "
        "waiter"),
    ("TOWEL", "毛巾 汗巾 车夫 towel rickshaw"), ("BOW", "蝴蝶结 ribbon bow|"), ("FRECKLES", "雀斑 freckle"),
    ("SCAR", "刀疤 伤疤 scar|"), ("EARRINGS", "耳环 耳坠 earring"),
)  # fmt: skip
# Cloth of gowns and working clothes as people of few means wear them.
_SOBER: tuple[Colour, ...] = ((62, 72, 96), (84, 80, 78), (70, 88, 92), (92, 78, 70), (58, 62, 72))
_CLOTHES_WORDS = re.compile(
    r"coat|dress|gown|robe|jacket|suit|shirt|uniform|cloak|skirt|vest|sweater|clothes|wearing|衣|衫|袍|袄|裙|服|褂|背心|大衣"
)
_SCARF_WORDS = re.compile(r"scarf|muffler|围巾")
_DRAWN_OUTFITS = {"FEMALE": ("DRESS", "COAT", "SHIRT", "JACKET"), "MALE": ("COAT", "SHIRT", "SUIT", "JACKET")}
_OUTFIT_COLOURS: dict[str, Colour] = {
    "UNIFORM": (52, 62, 92), "SUIT": (66, 68, 84), "SCHOOL": (44, 54, 92), "ARMOUR": (168, 178, 192),
}  # fmt: skip
_OF_ONE_CLOTH = ("UNIFORM", "SUIT", "ARMOUR")
_HUNTERS_TOP, _HUNTERS_TRIM = (72, 98, 66), (196, 170, 120)


@dataclass(frozen=True)
class Clothes:
    """outfit, hat and extras: values of the tables of words; the rest colours."""

    outfit: str
    top: Colour
    trim: Colour
    bottom: Colour
    hat: str | None
    hat_colour: Colour
    extras: frozenset[str]


def clothes_of(person: Person, chance: random.Random) -> Clothes:
    """The clothes by the words; unspecified parts are random."""
    told = person.told
    hue = chance.random()
    outfit = outfit_of(person, chance)
    cloth = drawn_cloth(person, outfit, hue, chance)
    extras = extras_of(person, chance)
    top = top_colour(told, outfit, cloth, is_patched="PATCHES" in extras)
    trim = trim_colour(told, top)
    bottom = drawn_bottom(hue, chance)
    if outfit in _OF_ONE_CLOTH:
        bottom = top
    hat = hat_of(person)
    if hat == "HUNTING_HAT" and told_cloth(told) is None:
        top, trim = _HUNTERS_TOP, _HUNTERS_TRIM
    return Clothes(outfit, top, trim, bottom, hat, hat_colour(told, hat, top, trim), extras)


def outfit_of(person: Person, chance: random.Random) -> str:
    """The kind of clothes by the words; else a random one that suits the person."""
    drawn = chance.choice(_DRAWN_OUTFITS[person.gender])
    if person.age == "CHILD" and drawn == "SUIT":
        drawn = "SHIRT"
    if person.is_female and person.age in ("CHILD", "OLD") and not person.told.is_chinese:
        drawn = "DRESS"
    return person.told.pick(_OUTFITS) or drawn


def drawn_cloth(person: Person, outfit: str, hue: float, chance: random.Random) -> Colour:
    """A random cloth colour of this hue (0 to 1); men's gowns are sober."""
    cloth = from_hls(hue, chance.uniform(0.38, 0.58), chance.uniform(0.28, 0.5))
    return chance.choice(_SOBER) if outfit == "GOWN" and not person.is_female else cloth


def drawn_bottom(hue: float, chance: random.Random) -> Colour:
    """A dark colour for legs that goes with a top of this hue (0 to 1)."""
    return mix(from_hls(hue + chance.choice((0.08, 0.45, 0.55)), 0.32, 0.2), (60, 60, 74), 0.4)


def told_cloth(told: Told) -> Colour | None:
    """The colour that the words give to clothes."""
    return colour_near(told.text, _CLOTHES_WORDS)


def top_colour(told: Told, outfit: str, cloth: Colour, *, is_patched: bool) -> Colour:
    """The colour by the words; else the outfit's own, else the cloth. Working clothes and rags are faded."""
    named = told_cloth(told)
    top = named or _OUTFIT_COLOURS.get(outfit) or cloth
    if outfit == "JACKET" and named is None:
        top = mix(top, (92, 96, 112), 0.3)
    return mix(top, (128, 116, 104), 0.55) if is_patched else top


def trim_colour(told: Told, top: Colour) -> Colour:
    """The scarf's colour by the words; else one that stands out from the top."""
    return colour_near(told.text, _SCARF_WORDS) or (lighter(top, 0.6) if luminance(top) < 110 else darker(top, 0.4))


def extras_of(person: Person, chance: random.Random) -> frozenset[str]:
    """The accessories by the words; a woman has no beard, an old man usually has one."""
    told = {value for value, words in _EXTRAS if first_of(((value, words),), person.told.text)}
    if person.is_female:
        return frozenset(told - {"BEARD", "MOUSTACHE"})
    if person.age == "OLD" and chance.random() < 0.6:
        told.add("BEARD")
    return frozenset(told)

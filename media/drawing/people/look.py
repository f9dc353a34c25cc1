"""What a character looks like, from its name and description alone, so that it is the same in every picture."""

# ruff: noqa: E501, SIM905  (word tables read better in long lines and as words)

import colorsys
import hashlib
import random
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from media.drawing.animals.beasts import BEASTS, beast_of
from media.drawing.colour import Colour, darker, from_hls, lighter, luminance, mix, named_colours
from media.drawing.order import DrawnSubject
from media.drawing.reading.naming import telling_name, without_name
from media.drawing.reading.vocabulary import Table
from media.drawing.reading.words import first_of, last_of, word_pattern

_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety"
).split()
_AGES: Table = (
    ("OLD", "老女人 老妇 老太 老人 老头 老汉 老翁 奶奶 爷爷 婆婆 花白 白发 年迈 老者 老 old elderly aged| "
        "grandmother grandfather granny "
            "grey-haired gray-haired grey~hair gray~hair white~hair"),
    ("TEEN", "少年 少女 学生 姑娘 青年 teen student youth young schoolgirl"),
    ("CHILD", "小女孩 小男孩 女孩 男孩 孩子 小孩 儿童 孩 童 child kid| little~girl little~boy girl boy| toddler"),
)  # fmt: skip
_GENDERS: Table = (
    ("FEMALE", "女 妇 母亲 妈 奶奶 婆 妻 姐 妹 娘 姨 嫂 公主 皇后 female woman women girl lady mother "
        "wife sister aunt grandmother queen "
               "princess actress widow mrs| miss| ms| madam daughter granny"),
    ("MALE", "男 少年 小伙 胡子 胡须 beard moustache mustache 父亲 爸 爷 先生 车夫 巡警 警察 兄 弟 叔 伯 汉 "
        "王子 国王 male man| men| boy father husband "
        "brother uncle grandfather king| "
             "prince| mr| sir| gentleman policeman son| fellow squire"),
)  # fmt: skip
_PRONOUNS: Table = (("FEMALE", "伊 她 she| her|"), ("MALE", "他 he| his|"))
_GROWN: Table = (
    ("ADULT", "男人 女人 男子 女子 妇人 大汉 中年 woman| women| man| men| lady| gentleman| middle-aged grown-up"),
)
# What makes one noun phrase of an age and a person: "old and very tall man", but not "elderly female, a man".
_PHRASE_END = re.compile(r"[,.;:，。；：、]|\b(?:a|an|the|with|who)\b")
_YEARS = re.compile(r"\b(\d+|" + "|".join(_NUMBERS) + r")(?:[ -]years?)(?:[ -]old)?\b|(\d+|[一二三四五六七八九十]+)岁")
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
_HATS: Table = (
    ("POLICE_CAP", "巡警 警察 警帽 军帽 policeman policewoman police~officer constable officer"),
    ("HELMET", "头盔 骑士 士兵 helmet knight"),
    ("STRAW_HAT", "草帽 斗笠 农民 straw~hat farmer bamboo~hat"),
    ("NIGHTCAP", "睡帽 nightcap night-cap mob-cap"),
    ("HUNTING_HAT", "猎人 猎户 huntsman hunter| woodcutter woodman"),
    ("FELT_CAP", "毡帽 瓜皮帽 棉帽 车夫 帽 rickshaw cap| beanie felt~cap bonnet"),
    ("HAT", "礼帽 top~hat fedora bowler hat"),
)
_EXTRAS: Table = (
    ("GLASSES", "眼镜 glasses spectacles"), ("SCARF", "围巾 scarf muffler"),
    ("BEARD", "大胡子 胡须 长须 胡子 老头 老翁 爷爷 beard"), ("MOUSTACHE", "八字胡 小胡子 moustache mustache"),
    ("PATCHES", "破烂 破旧 破 补丁 褴褛 ragged patched tattered rags beggar worn"), ("APRON", "围裙 apron maid "
        "waiter"),
    ("TOWEL", "毛巾 汗巾 车夫 towel rickshaw"), ("BOW", "蝴蝶结 ribbon bow|"), ("FRECKLES", "雀斑 freckle"),
    ("SCAR", "刀疤 伤疤 scar|"), ("EARRINGS", "耳环 耳坠 earring"),
)  # fmt: skip
_BUILDS: Table = (
    ("STOUT", "胖 肥 魁梧 壮 fat| stout plump burly heavy~set portly"),
    ("SLIM", "瘦 纤细 苗条 thin| slim slender lean| skinny gaunt"),
)
_NARRATOR_NAMES = re.compile(r"我|i")
_NARRATOR_WORDS = re.compile(r"第一人称叙述者|first-person narrator")
# A description and a design order that only repeats it: nobody has asked for another look since it was written.
_UNCHANGED = re.compile(
    r"(?P<told>.+?)\s+(?:character design:|人物设定：)[\s\w’'.-]*[,，]\s*(?P=told)"
    r"(?:, full figure, front view, plain background|，全身立像，正面，纯色背景)",
    re.DOTALL,
)
_ORDER_WORDS = re.compile(r"人物设定|全身立像|正面|纯色背景|character design|full figure|front view|plain background")
_SMALL_NAME = re.compile(r"little |小(?!姐|伙|贩)")
_CAP_WORDS = re.compile(r"cap\b|hat\b|hood\b|bonnet|帽")
_CJK = re.compile(r"[\u3400-\u9fff]")
# Cloth of gowns and working clothes as people of few means wear them.
_SOBER: tuple[Colour, ...] = ((62, 72, 96), (84, 80, 78), (70, 88, 92), (92, 78, 70), (58, 62, 72))
_HAIR_WORDS = re.compile(r"hair|braid|ponytail|头发|发|辫")
_EYE_WORDS = re.compile(r"eye|眼|眸")
_CLOTHES_WORDS = re.compile(
    r"coat|dress|gown|robe|jacket|suit|shirt|uniform|cloak|skirt|vest|sweater|clothes|wearing|衣|衫|袍|袄|裙|服|褂|背心|大衣"
)
_APART = re.compile(r"[,.;，。；]|\b(?:and|with|wearing|in|a|an)\b")
_BEARD_WORDS = re.compile(r"beard|胡子|胡须|长须")
_SCARF_WORDS = re.compile(r"scarf|muffler|围巾")
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
_SKINS: tuple[Colour, ...] = ((252, 226, 204), (248, 216, 190), (242, 206, 176), (232, 192, 160))
_DARK_SKIN = re.compile(
    r"dark.?skin|brown.?skin|black man|black woman|黝黑|黑脸|tanned|晒黑|车夫|紫色的圆脸|farmer|农民"
)


@dataclass(frozen=True)
class Look:
    """Colours and kinds of one character; `height`: of a grown person's 1.7 m as 1."""

    gender: str
    age: str
    build: float
    height: float
    skin: Colour
    hair: Colour
    hair_style: str
    fringe: int
    eyes: Colour
    outfit: str
    top: Colour
    trim: Colour
    bottom: Colour
    shoes: Colour
    hat: str | None
    hat_colour: Colour
    extras: frozenset[str]
    jaw: float
    eye_size: float
    species: str | None = None  # of beasts.BEASTS, for animals

    @property
    def is_female(self) -> bool:
        return self.gender == "FEMALE"

    @property
    def head_share(self) -> float:
        """The head's height (chin to crown) in the body's."""
        if self.species is not None:
            return 0.22 if self.height > 0.9 else 0.28
        return {"CHILD": 0.228, "TEEN": 0.184, "OLD": 0.178}.get(self.age, 0.17)


def _near(text: str, words: re.Pattern[str], reach: int = 12) -> Colour | None:
    """The colour of the last of the words that one leads into, else the colour word closest before or just after."""
    best: tuple[int, Colour] | None = None
    colours, found = named_colours(text), list(words.finditer(text))
    for match in reversed(found):
        for _, end, colour in reversed(colours):
            between = text[end : match.start()]
            if end <= match.start() and len(between) <= reach and not _APART.search(between):
                return colour
    for start, end, colour in colours:
        for match in found:
            gap = match.start() - end if match.start() >= end else (start - match.end()) + 4
            if -1 <= gap <= reach and (best is None or gap < best[0]):
                best = (gap, colour)
    return best[1] if best else None


def _named_hair(text: str) -> Colour | None:
    """The hair's colour that is named last."""
    hits = [(match.end(), colour) for words, colour in _NAMED_HAIR for match in words.finditer(text)]
    return max(hits, key=lambda hit: hit[0])[1] if hits else None


def _age(name: str, described: str) -> str:
    """The age that is told last; a man or woman of whom no age is told in the same breath is grown."""
    for text in (described, name):
        text = _YEARS.sub(_age_of_years, text)
        age = last_of(_AGES, text)
        grown = last_of(_GROWN, text)
        if age is None and grown is None:
            continue
        if age is None or grown is None:
            return age or "ADULT"
        places = [match.end() for _, words in _AGES for match in word_pattern(words).finditer(text)]
        noun = list(word_pattern(_GROWN[0][1]).finditer(text))[-1]
        between = text[max(places) : noun.start()]
        return age if max(places) >= noun.start() or not _PHRASE_END.search(between) else "ADULT"
    return "ADULT"


def _age_of_years(match: re.Match[str]) -> str:
    """ "six years old" and 六岁 as the word for such an age."""
    word = match.group(1) or match.group(2)
    digits = "零一二三四五六七八九"
    if word.isdigit():
        years = int(word)
    elif word in _NUMBERS:
        place = _NUMBERS.index(word)
        years = place if place <= 20 else (place - 18) * 10
    else:
        tens, _, ones = word.rpartition("十")
        years = (max(digits.find(tens), 1) * 10 if "十" in word else 0) + max(digits.find(ones), 0)
    return " child " if years < 13 else " teen " if years < 20 else " middle-aged " if years < 60 else " elderly "


def described_person(text: str) -> str:
    """The words but for those of a design order, which are told of nobody."""
    return _ORDER_WORDS.sub(" ", text)


def character_look(subject: DrawnSubject) -> Look:
    """The look that words decide where they say anything, and a draw from the name and description elsewhere."""
    name = telling_name(subject.name)
    described = without_name(subject.description, subject.name).lower()
    pick = first_of if _UNCHANGED.fullmatch(described.strip()) else last_of
    # What is said last wins: a description's addition over its beginning, and any of it over the name.
    text = f"{name} {described}"
    digest = hashlib.sha256(f"{subject.name}\n{subject.description}".encode()).digest()
    rng = random.Random(digest)
    seeded_gender = rng.choice(("FEMALE", "MALE"))
    told = described_person(described)
    gender = last_of(_GENDERS, told, name) or last_of(_PRONOUNS, told) or seeded_gender
    is_narrator = _NARRATOR_NAMES.fullmatch(subject.name.lower()) or _NARRATOR_WORDS.search(described)
    if is_narrator and not last_of(_GENDERS, told) and not last_of(_PRONOUNS, told):
        # Unless told, one who says I is a grown man: the default narrator's voice is a man's.
        gender = "MALE"
    is_female = gender == "FEMALE"
    age = _age(name, told)
    if _SMALL_NAME.match(subject.name.lower()) and age == (_age(name, "") if not told else "TEEN"):
        age = "CHILD"
    style_choices = (
        ("LONG", "BOB", "PONY", "BUN", "BRAID", "CURLY", "LONG")
        if is_female
        else ("SHORT", "PARTED", "SPIKY", "SHORT", "PARTED")
    )
    seeded_style = rng.choice(style_choices)
    is_chinese = _CJK.search(subject.name) is not None
    seeded_hair = rng.choice(_NATURAL_HAIR[:3] if is_chinese else _NATURAL_HAIR)
    if age == "OLD":
        seeded_hair = rng.choice(((176, 176, 182), (206, 206, 210), (150, 150, 158)))
        seeded_style = "BUN" if is_female else "SHORT"
    hair = _named_hair(text) or _near(text, _HAIR_WORDS, 6) or _near(text, _BEARD_WORDS, 6) or seeded_hair
    skin = (214, 168, 132) if _DARK_SKIN.search(text) else rng.choice(_SKINS)
    hue = rng.random()
    outfit_choices = ("DRESS", "COAT", "SHIRT", "JACKET") if is_female else ("COAT", "SHIRT", "SUIT", "JACKET")
    seeded_outfit = rng.choice(outfit_choices)
    if age == "CHILD" and seeded_outfit == "SUIT":
        seeded_outfit = "SHIRT"
    if is_female and age in ("CHILD", "OLD") and not is_chinese:
        seeded_outfit = "DRESS"
    outfit = pick(_OUTFITS, text) or seeded_outfit
    seeded_top = from_hls(hue, rng.uniform(0.38, 0.58), rng.uniform(0.28, 0.5))
    if outfit == "GOWN" and not is_female:
        seeded_top = rng.choice(_SOBER)
    by_outfit: dict[str, Colour] = {
        "UNIFORM": (52, 62, 92), "SUIT": (66, 68, 84), "SCHOOL": (44, 54, 92), "ARMOUR": (168, 178, 192),
    }  # fmt: skip
    top = _near(text, _CLOTHES_WORDS) or by_outfit.get(outfit) or seeded_top
    extras = {value for value, words in _EXTRAS if first_of(((value, words),), text)}
    if outfit == "JACKET":
        top = mix(top, (92, 96, 112), 0.3) if _near(text, _CLOTHES_WORDS) is None else top
    if "PATCHES" in extras:
        top = mix(top, (128, 116, 104), 0.55)
    if is_female:
        extras -= {"BEARD", "MOUSTACHE"}
    elif age == "OLD" and rng.random() < 0.6:
        extras.add("BEARD")
    hat = pick(_HATS, text)
    if is_female and age == "OLD" and hat == "FELT_CAP":
        hat = "NIGHTCAP"
    elif is_female and age in ("CHILD", "TEEN") and hat == "FELT_CAP":
        hat = "BONNET"
    if is_female and hat == "FELT_CAP" and "帽" not in text and "cap" not in text:
        hat = None
    trim = _near(text, _SCARF_WORDS) or (lighter(top, 0.6) if luminance(top) < 110 else darker(top, 0.4))
    bottom = mix(from_hls(hue + rng.choice((0.08, 0.45, 0.55)), 0.32, 0.2), (60, 60, 74), 0.4)
    bottom = top if outfit in ("UNIFORM", "SUIT", "ARMOUR") else bottom
    eye_colours = ((104, 66, 44), (86, 62, 52), (112, 78, 40), (58, 84, 124), (66, 104, 84), (92, 60, 88))
    eyes = _near(text, _EYE_WORDS, 3) or rng.choice(eye_colours[:3] if is_chinese else eye_colours)
    if hat == "HUNTING_HAT" and _near(text, _CLOTHES_WORDS) is None:
        top, trim = (72, 98, 66), (196, 170, 120)
    build = {"STOUT": 1.22, "SLIM": 0.88}.get(pick(_BUILDS, text) or "", rng.uniform(0.95, 1.06))
    height = (
        {"CHILD": 0.68, "TEEN": 0.94, "OLD": 0.93}.get(age, 1.0)
        * (0.95 if is_female else 1.0)
        * rng.uniform(0.98, 1.02)
    )
    look = Look(
        gender=gender, age=age, build=build, height=height, skin=skin, hair=hair,
        hair_style=pick(_HAIRS, text) or seeded_style, fringe=rng.randrange(1 << 16), eyes=eyes, outfit=outfit,
        top=top, trim=trim, bottom=bottom, shoes=mix((58, 46, 44), bottom, 0.2), hat=hat,
        hat_colour=_hat_colour(text, hat, top, trim),
        extras=frozenset(extras), jaw=rng.uniform(-1, 1), eye_size=rng.uniform(0.94, 1.06),
    )  # fmt: skip
    species = beast_of(subject.name, subject.description)
    if species is not None:
        look = _furred(look, species)
    return _dressed_from(look, subject.reference) if subject.reference else look


def _furred(look: Look, species: str) -> Look:
    """The same character as an animal: fur instead of skin and clothes."""
    beast = BEASTS[species]
    return replace(
        look, species=species, age="ADULT", skin=beast.fur, hair=beast.dark, hair_style="BALD", outfit="FUR",
        top=beast.fur, trim=beast.pale, bottom=beast.fur, shoes=beast.dark, eyes=beast.eyes, build=beast.build,
        height=beast.height, extras=look.extras & {"GLASSES", "SCARF", "APRON"},
    )  # fmt: skip


def with_worn(look: Look, words: str) -> Look:
    """The look with what a shot's own words add: a nightcap on a wolf."""
    if first_of((("CAP", "nightcap 睡帽 grandmother's~cap her~cap 奶奶的帽 外婆的帽"),), words.lower()):
        return replace(look, hat="NIGHTCAP", hat_colour=(240, 234, 226))
    return look


def _hat_colour(text: str, hat: str | None, top: Colour, trim: Colour) -> Colour:
    if hat == "POLICE_CAP":
        return top
    named = _near(text, _CAP_WORDS)
    plain: dict[str | None, Colour] = {
        "FELT_CAP": (118, 96, 74),
        "NIGHTCAP": (240, 234, 226),
        "HUNTING_HAT": (62, 92, 62),
    }
    return named or plain.get(hat) or darker(trim, 0.2)


def _dressed_from(look: Look, reference: Path) -> Look:
    """The same character in the colours of a picture: hair from the top's dark tones, clothes from the lower "
    "part."""
    with Image.open(reference) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB").resize((48, 48), Image.Resampling.BOX)
    upper = _dominant(picture.crop((12, 0, 36, 16)))
    lower = _dominant(picture.crop((10, 22, 38, 48)))
    hair = min(upper, key=luminance)
    vivid = sorted(lower, key=lambda colour: colorsys.rgb_to_hls(*(c / 255 for c in colour))[2], reverse=True)
    return replace(look, hair=hair, top=lower[0], trim=vivid[0] if vivid[0] != lower[0] else vivid[-1])


def _dominant(picture: Image.Image, count: int = 4) -> list[Colour]:
    """The main colours, most frequent first."""
    reduced = picture.quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.asarray(reduced.getpalette() or [], dtype=int).reshape(-1, 3)
    ranked = sorted(reduced.getcolors() or [], reverse=True)
    return [(int(palette[i][0]), int(palette[i][1]), int(palette[i][2])) for _, i in ranked if isinstance(i, int)]

"""The age of a character by its words: an old man, a girl of six, 二十岁."""

# ruff: noqa: E501, SIM905  (word tables read better in long lines and as words)

import re

from media.drawing.people.looks.told import Told
from media.drawing.reading.vocabulary import Table
from media.drawing.reading.words import last_of, word_pattern

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
_GROWN: Table = (
    ("ADULT", "男人 女人 男子 女子 妇人 大汉 中年 woman| women| man| men| lady| gentleman| middle-aged grown-up"),
)
# Text between an age and a person in one noun phrase: "old and very tall man", but not "elderly female, a man".
_PHRASE_END = re.compile(r"[,.;:，。；：、]|\b(?:a|an|the|with|who)\b")
_YEARS = re.compile(r"\b(\d+|" + "|".join(_NUMBERS) + r")(?:[ -]years?)(?:[ -]old)?\b|(\d+|[一二三四五六七八九十]+)岁")
_SMALL_NAME = re.compile(r"little |小(?!姐|伙|贩)")


def age_of(told: Told) -> str:
    """CHILD, TEEN, ADULT or OLD. "Little" in a name means a child, if the person is young or of unknown age."""
    age = _told_age(told.name, told.person)
    is_small = _SMALL_NAME.match(told.own_name.lower()) is not None
    return "CHILD" if is_small and (age == "TEEN" or not told.person) else age


def _told_age(name: str, described: str) -> str:
    """The last age named; a man or woman without an age in the same phrase is an adult."""
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
    """The age word for an age in years, such as "six years old" or 六岁."""
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

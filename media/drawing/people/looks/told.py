"""The name and description of a character, prepared for the rules that search them for words."""

import functools
import re
from dataclasses import dataclass

from media.drawing.order import DrawnSubject
from media.drawing.reading.naming import telling_name, without_name
from media.drawing.reading.vocabulary import Table
from media.drawing.reading.words import first_of, last_of

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
_NARRATOR_NAMES = re.compile(r"我|i")
_NARRATOR_WORDS = re.compile(r"第一人称叙述者|first-person narrator")
# A description and a design order that only repeats it: no other look was requested since.
_UNCHANGED = re.compile(
    r"(?P<told>.+?)\s+(?:character design:|人物设定：)[\s\w’'.-]*[,，]\s*(?P=told)"
    r"(?:, full figure, front view, plain background|，全身立像，正面，纯色背景)",
    re.DOTALL,
)
_ORDER_WORDS = re.compile(r"人物设定|全身立像|正面|纯色背景|character design|full figure|front view|plain background")
_CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Told:
    """The words for a character, in lower case but for own_name, which is the name as it stands.

    name: the descriptive words of the name. described: the description without the name.
    """

    own_name: str
    name: str
    described: str

    @property
    def text(self) -> str:
        return f"{self.name} {self.described}"

    @functools.cached_property
    def person(self) -> str:
        """The description without the words of a design order, which describe nobody."""
        return _ORDER_WORDS.sub(" ", self.described)

    @property
    def is_narrator(self) -> bool:
        by_name = _NARRATOR_NAMES.fullmatch(self.own_name.lower())
        return by_name is not None or _NARRATOR_WORDS.search(self.described) is not None

    @property
    def is_chinese(self) -> bool:
        return _CJK.search(self.own_name) is not None

    @functools.cached_property
    def _is_as_written(self) -> bool:
        return _UNCHANGED.fullmatch(self.described.strip()) is not None

    def pick(self, table: Table) -> str | None:
        """The last value named, since additions follow what they change; for unchanged words the first of the table."""
        return (first_of if self._is_as_written else last_of)(table, self.text)


def told_of(subject: DrawnSubject) -> Told:
    """The words of a subject, without proper names: Bob has no bob, Rose is not pink."""
    described = without_name(subject.description, subject.name).lower()
    return Told(subject.name, telling_name(subject.name), described)


def told_gender(told: Told) -> str | None:
    """FEMALE or MALE; None where no word says.

    A first-person narrator is a man by default, because the default narrator voice is male.
    """
    pronoun = last_of(_PRONOUNS, told.person)
    if told.is_narrator and pronoun is None and last_of(_GENDERS, told.person) is None:
        return "MALE"
    return last_of(_GENDERS, told.person, told.name) or pronoun

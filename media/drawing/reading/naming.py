"""Extracts descriptive words from a subject's name, and removes proper names from texts (Bob has no bob)."""

# ruff: noqa: E501, SIM905  (word tables read better in long lines and as words)

import re

# Descriptive words within a capitalised English name; its other words are only a name.
_TELLING_EN = frozenset(
    "mr mrs miss ms sir lady lord madam old little young grandmother grandfather granny grandma grandpa mother father aunt uncle "
    "sister brother king queen prince princess captain officer policeman policewoman constable sergeant inspector doctor "
    "professor teacher woman man girl boy child puller rickshaw driver huntsman woodcutter farmer beggar soldier monk priest "
    "wizard witch sailor fisherman merchant lawyer judge banker gentleman maid waiter widow wife husband daughter son".split()
)  # fmt: skip
_WORN_NAME = re.compile(r"\b(?:red|green|blue|white|black)[ -](?:riding[ -])?(?:cap|hood)\b|[红绿蓝白黑]帽")
# Descriptive words within a Chinese name: 红 of 阿红 is not a colour.
_TELLING_ZH = re.compile(
    r"车夫|巡警|警察|警官|军官|士兵|骑士|猎人|猎户|樵夫|农民|工人|苦力|乞丐|闰土|道士|道长|和尚|剑客|侠|学生|商人|经理|律师|保安|列车员|"
    r"老女人|老妇|老太|老人|老头|老汉|老翁|老者|奶奶|爷爷|婆婆|少年|少女|姑娘|青年|小女孩|小男孩|女孩|男孩|孩子|小孩|孩|童|女|妇|"
    r"母亲|妈|婆|妻|姐|妹|娘|姨|嫂|公主|皇后|小伙|父亲|爸|爷|先生|兄|弟|叔|伯|汉|王子|国王|车把|^老"
)


def telling_name(name: str) -> str:
    """The descriptive words of a name, in lower case; a name without a capital is descriptive as a whole."""
    lowered = name.lower()
    if name.isascii():
        if name == lowered:
            return lowered
        words = [word for word in re.findall(r"[a-z]+", lowered) if word in _TELLING_EN]
    else:
        words = _TELLING_ZH.findall(name)
    return " ".join([*words, *_WORN_NAME.findall(lowered)])


def without_name(text: str, name: str) -> str:
    """The text without a proper name and its parts as written; a name that is a common word stays."""
    if name.isascii():
        parts = [name, *name.split()] if name != name.lower() else []
        parts = [part for part in parts if part[:1].isupper() and part.strip(".").lower() not in _TELLING_EN]
    else:
        parts = [] if _TELLING_ZH.search(name) else [name]
    for part in parts:
        # In lower case alone it is the word: Rose wears a rose.
        text = re.sub(rf"\b{re.escape(part)}(?!\w)" if part.isascii() else re.escape(part), " ", text)
    return text

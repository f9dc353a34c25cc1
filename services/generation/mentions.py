"""References in prompts: `@name` stands for the picture or film of that name. Pure functions of texts.

`@@` is a plain @, and an address such as kim@example.com is plain text. Of names that begin alike the longest is meant.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

MAX_NAME_CHARACTERS = 40

_NAME_MARKS = "_-·・"
_MARK = re.compile(r"[@＠]")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
# Thai, Lao, Myanmar and Khmer: scripts without spaces whose characters are not wide.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


@dataclass(frozen=True)
class Words:
    """A part of a prompt that is plain text."""

    text: str


@dataclass(frozen=True)
class Mention:
    """A part of a prompt that stands for a reference. name: the reference's; None: there is none of the name `said`."""

    said: str
    name: str | None


def normalised_name(name: str) -> str:
    """The name in the form that is stored and compared (Unicode NFC)."""
    return unicodedata.normalize("NFC", name)


def is_name(name: str) -> bool:
    """Whether it can be a reference's name: 1 to 40 letters and digits of any script, and - _ · between them."""
    is_short = 1 <= len(name) <= MAX_NAME_CHARACTERS
    return is_short and all(_is_of_name(char) for char in name) and any(char.isalnum() for char in name)


def parts_of(prompt: str, names: Collection[str]) -> list[Words | Mention]:
    """The prompt as texts and mentions, in order. names: of the references, in NFC.

    A mention may follow any character and be followed by any that cannot continue the name: in scripts with spaces a
    letter or digit does (@dan is not in "@dance"), in others, such as Chinese, words follow without a space.
    """
    text = unicodedata.normalize("NFC", prompt)
    by_length = sorted(names, key=len, reverse=True)
    addresses = {found.start() + found.group().index("@") for found in _ADDRESS.finditer(text)}
    parts: list[Words | Mention] = []
    words, at = "", 0
    while (found := _MARK.search(text, at)) is not None:
        begin, end = found.span()
        words += text[at:begin]
        if text[end : end + 1] == found.group():  # written twice
            words, at = words + found.group(), end + 1
            continue
        name = None if begin in addresses else next((each for each in by_length if _is_said(text, end, each)), None)
        said = name or ("" if begin in addresses else _run(text, end))
        if not said:
            words, at = words + found.group(), end
            continue
        if words:
            parts.append(Words(words))
        parts.append(Mention(said, name))
        words, at = "", end + len(said)
    words += text[at:]
    return [*parts, Words(words)] if words else parts


def mentioned(parts: Collection[Words | Mention]) -> Iterator[Mention]:
    return (part for part in parts if isinstance(part, Mention))


def _is_said(text: str, at: int, name: str) -> bool:
    if not text.startswith(name, at):
        return False
    following = text[at + len(name) : at + len(name) + 1]
    return not (_is_of_spaced_word(name[-1]) and _is_of_spaced_word(following))


def _run(text: str, at: int) -> str:
    """The characters from there on that a name can have."""
    end = at
    while end < len(text) and _is_of_name(text[end]):
        end += 1
    said = text[at:end]
    return said if any(char.isalnum() for char in said) else ""


def _is_of_name(char: str) -> bool:
    return char in _NAME_MARKS or unicodedata.category(char)[0] in "LMN"


def _is_of_spaced_word(char: str) -> bool:
    """Whether it belongs to words that are written with spaces between them."""
    is_letter = bool(char) and (char == "_" or unicodedata.category(char)[0] in "LMN")
    return is_letter and unicodedata.east_asian_width(char) not in "WF" and _UNSPACED.match(char) is None

"""Cleans a text of artefacts of its file format and typing."""

import re

from media.documents.plain import without_marks

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufff9-\ufffc]"
)
_TRAILING = re.compile(r"(?<![ \t\u3000\xa0])[ \t\u3000\xa0]++(?=\n|$)")
_INDENT = re.compile(r"^[\u3000\t\xa0 ]*[\u3000\t\xa0][\u3000\t\xa0 ]*", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{4,}")


def clean_text(text: str) -> str:
    """As clean_characters; links to the web become their words, and marks of Markdown lists go."""
    return clean_characters(without_marks(clean_characters(text)))


def clean_characters(text: str) -> str:
    """Newlines as \\n, no byte order mark, control or bidi characters, no paragraph indents; form feeds break lines."""
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\x85", "\n")
        .replace("\u2029", "\n\n")
        .replace("\u2028", "\n")
    )
    text = text.replace("\f", "\n\n").replace("\v", "\n").replace("\xad", "")
    text = _CONTROLS.sub("", text)
    text = _INDENT.sub("", text)
    text = _TRAILING.sub("", text.replace("\xa0", " ").replace("\u3000", " "))
    return _BLANK_LINES.sub("\n\n\n", text).strip()

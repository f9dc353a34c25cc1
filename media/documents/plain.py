"""Reads plain text and Markdown: removes Markdown marks except headings."""

import re

# Every repetition is bounded or takes no character back, so that no text takes time beyond its length.
_HEADING = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)
_SIGNS = (
    re.compile(r"\[[^\[\]\n]{1,500}+\]\([^)\s]{1,2000}+(?:\s{1,20}+\"[^\"]{0,500}+\")?\)"),
    re.compile(r"(?<!\*)\*\*[^*\n]+\*\*(?!\*)"),
    re.compile(r"^(?:```|~~~)", re.MULTILINE),
    re.compile(r"^\s{0,3}(?:[-*+]|\d+\.)\s+\S", re.MULTILINE),
    re.compile(r"^>\s", re.MULTILINE),
)
# Three of the same in a row are a scene break, not a list.
_LIST_MARK = re.compile(r"^[ \t]*(?:[*+-]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(?=[^\s*+-])", re.MULTILINE)
_STARRED = re.compile(r"^[ \t]*[*+][ \t]+(?=[^\s*+-])", re.MULTILINE)
_WEB_LINK = re.compile(
    r"!?\[([^\]\n]{0,500}+)\]\((?:https?://|www\.|mailto:|#|\.{0,2}/)[^)\s]{0,2000}+(?:\s{1,20}+\"[^\"\n]{0,500}+\")?\)"
)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_FENCE = re.compile(r"^(?:```|~~~).*$\n?", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\]\n]{0,500}+)\]\([^)\n]{0,2000}+\)")
_LINK = re.compile(r"\[([^\]\n]{1,500}+)\]\([^)\n]{0,2000}+\)")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]\n]+\]:\s+\S+.*$\n?", re.MULTILINE)
_EMPHASIS = re.compile(
    r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]+?)(?<=\S)\1(?!\w)|(?<!\w)(_{1,3})(?=\S)([^_\n]+?)(?<=\S)\3(?!\w)"
)
_CODE = re.compile(r"`([^`\n]+)`")
_QUOTE = re.compile(r"^\s{0,3}>\s?", re.MULTILINE)
_HTML = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>|<!--.{0,5000}?-->", re.DOTALL)
_SETEXT = re.compile(r"^(\S[^\n]*)\n(=+|-{3,})[ \t]*$", re.MULTILINE)
_CLOSING_MARKS = re.compile(r"^(#{1,6}[ \t]+.{0,300}?)[ \t]{1,20}+#++[ \t]{0,20}+$", re.MULTILINE)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!>-])")


def is_markdown(text: str) -> bool:
    """Whether the text has headings and another sign, or two kinds of signs, of Markdown."""
    sample = text[:200_000]
    signs = sum(1 for sign in _SIGNS if sign.search(sample))
    headings = len(_HEADING.findall(sample))
    return headings >= 2 or (headings == 1 and bool(re.match(r"\s*#", sample) or signs)) or signs >= 3


def strip_markdown(text: str) -> tuple[str, str | None]:
    """(text with headings as # lines, title of the front matter or of a single first-level heading at the top)."""
    title: str | None = None
    if front := _FRONT_MATTER.match(text):
        if named := re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", front.group(1), re.MULTILINE):
            title = named.group(1)
        text = text[front.end() :]
    text = _SETEXT.sub(lambda found: ("# " if found.group(2)[0] == "=" else "## ") + found.group(1), text)
    text = _FENCE.sub("", _CLOSING_MARKS.sub(r"\1", text))
    text = _REFERENCE.sub("", _LINK.sub(r"\1", _IMAGE.sub("", text)))
    text = _LIST_MARK.sub("", _QUOTE.sub("", _HTML.sub("", _CODE.sub(r"\1", text))))
    text = _EMPHASIS.sub(lambda found: found.group(2) or found.group(4), text)
    text = _ESCAPE.sub(r"\1", text)
    first_level = re.findall(r"^# +(.+)$", text, re.MULTILINE)
    first_line = text.lstrip().split("\n", 1)[0]
    if len(first_level) == 1 and first_line == f"# {first_level[0]}":
        title = title or first_level[0].strip()
        text = text.replace(first_line, first_level[0].strip(), 1)
    return text, title


def without_marks(text: str) -> str:
    """Pasted text without links to the web, and without the marks of lists where it clearly is Markdown."""
    text = _WEB_LINK.sub(lambda found: "" if found.group().startswith("!") else found.group(1), text)
    if is_markdown(text):
        return _LIST_MARK.sub("", text)
    return _STARRED.sub("", text) if len(_STARRED.findall(text[:200_000])) > 1 else text

"""Parses a text into title, author, chapter headings, breaks and paragraphs, joining hard-wrapped lines."""

import re
from dataclasses import dataclass

from providers.offline.writing.language import join, split_sentences

_LONG_PARAGRAPH = 3000  # characters
HEADING, PARAGRAPH, BREAK = "heading", "paragraph", "break"


@dataclass(frozen=True, slots=True)
class Block:
    kind: str
    text: str


@dataclass(frozen=True)
class Story:
    """The structure of a text: title, author and blocks."""

    title: str
    author: str | None
    blocks: tuple[Block, ...]


_GUTENBERG_START = re.compile(r"\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG EBOOK[^\n]*\n")
_GUTENBERG_END = re.compile(r"\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG EBOOK")
_ZH_NUMBER = "[零〇一二三四五六七八九十百千万两0-9０-９]"
_HEADING = re.compile(
    rf"^(?:#{{1,6}}\s+\S.*|第{_ZH_NUMBER}{{1,7}}[章回节卷幕部折集篇](?:$|[\s　：:、.]).{{0,40}}|"
    rf"第{_ZH_NUMBER}{{1,7}}[章回节卷][^，。！？；]{{0,25}}|"
    rf"(?:楔子|序章|序幕|尾声|终章|引子|番外)(?:$|[\s　：:].{{0,30}})|{_ZH_NUMBER}{{1,3}}[、.．]?|"
    r"(?i:chapter|part|book|act|section)\s+(?:[0-9]+|[ivxlc]+|[a-z]+)\b[^a-z]?.{0,60}|[IVXLC]{1,7}\.?|(?i:prologue|epilogue)\b.{0,40}|"
    r"[0-9]{1,3}\.?)$"
)
_BREAK = re.compile(r"^[\s*＊·•◇◆○●~～=＝_—\-–#※☆★…]{1,40}$")
_ENDS_SENTENCE = re.compile(r"[。！？!?….：:；;][”’」』）)\"']*$|[”」』]$")
_STRAY_MARKS = re.compile(r"[*_]{1,3}(?=\S)(.+?)(?<=\S)[*_]{1,3}")
_AUTHOR = re.compile(
    r"^(?:by|written by|author\s*:|作者\s*[：:]|\[[^\]]{1,6}\]|（[^）]{1,6}）)\s*(?P<a>.{1,60})$|"
    r"^(?P<b>.{1,30}?)\s*[著作]$",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"translated|translator|source\s*:|edition|copyright|public domain|project gutenberg|first published|^from\b|"
    r"译者|译$|出处|选自|来源|发表于|收入|版权|原载",
    re.IGNORECASE,
)
_DATE_LINE = re.compile(
    r"^[（(]?(?:[一二三四五六七八九十〇零○0-9]{2,4}\s*年(?:.{0,14}[月日])?.{0,8}|(?:january|february|march|april|may|june|july|august|"
    r"september|october|november|december)?\s*[0-9]{0,2},?\s*[0-9]{4})[。.）)]?$",
    re.IGNORECASE,
)
_END_LINE = re.compile(
    r"^[（(【\[*\s]*(?:完|全文完|全书完|本章完|终|剧终|the end|finis|end)[)）】\]*\s.。]*$", re.IGNORECASE
)
_LABELLED_TITLE = re.compile(r"^(?:title|标题|书名|题目)\s*[：:]\s*(.+)$", re.IGNORECASE)


def read_story(text: str, language: str) -> Story:
    """Title, author and blocks of a cleaned text (newlines are \\n, no control characters)."""
    start = _GUTENBERG_START.search(text)
    end = _GUTENBERG_END.search(text)
    text = text[start.end() if start else 0 : end.start() if end else len(text)]
    blocks = _blocks(text, language)
    title, author, first = _front_matter(blocks, language)
    body = blocks[first:]
    while body and body[-1].kind != HEADING and _is_closing_line(body[-1].text):
        body.pop()
    return Story(title or _title_from(body, language), author, tuple(body))


def _is_closing_line(text: str) -> bool:
    return bool(not text or _BREAK.match(text) or _END_LINE.match(text) or (len(text) < 40 and _DATE_LINE.match(text)))


def _blocks(text: str, language: str) -> list[Block]:
    blocks: list[Block] = []
    for group in re.split(r"\n[ \t]*\n", text):
        lines = [line.strip() for line in group.split("\n") if line.strip()]
        for paragraph in _join_wrapped(lines, language):
            if _BREAK.match(paragraph):
                blocks.append(Block(BREAK, ""))
            elif _HEADING.match(paragraph) and len(paragraph) < 90:
                blocks.append(Block(HEADING, paragraph.lstrip("# ").strip()))
            else:
                plain = _STRAY_MARKS.sub(r"\1", paragraph)
                blocks.extend(Block(PARAGRAPH, piece) for piece in _shortened(plain, language))
    return blocks


def _shortened(paragraph: str, language: str) -> list[str]:
    """Splits a paragraph of a text without line breaks between sentences, outside of quotations if possible."""
    if len(paragraph) <= _LONG_PARAGRAPH:
        return [paragraph]
    pieces: list[list[str]] = [[]]
    size = opened = 0
    for sentence in split_sentences(paragraph, language):
        for part in (sentence[at : at + _LONG_PARAGRAPH] for at in range(0, len(sentence), _LONG_PARAGRAPH)):
            is_open = opened > 0 and size < 2 * _LONG_PARAGRAPH
            if pieces[-1] and size + len(part) > _LONG_PARAGRAPH // 2 and not is_open:
                pieces.append([])
                size = opened = 0
            pieces[-1].append(part)
            size += len(part)
            straight = part.count('"') % 2
            opened += part.count("“") + part.count("「") - part.count("”") - part.count("」")
            opened += straight if opened <= 0 else -straight
    return [join(piece, language) for piece in pieces]


def _join_wrapped(lines: list[str], language: str) -> list[str]:
    """Joins lines wrapped at a fixed width; lines that each end a sentence stay separate paragraphs."""
    if len(lines) < 2:
        return lines
    inner = [line for line in lines[:-1] if not _HEADING.match(line)]
    ended = sum(1 for line in inner if _ENDS_SENTENCE.search(line))
    widths = [len(line) for line in inner]
    is_wrapped = bool(inner) and ended <= 0.6 * len(inner) and max(widths) <= (100 if language == "en" else 60)
    if language == "zh" and is_wrapped:
        is_wrapped = min(widths) > 0.7 * max(widths) and max(widths) >= 15
    if not is_wrapped:
        return lines
    joined: list[str] = []
    for line in lines:
        if joined and not _HEADING.match(line) and not _HEADING.match(joined[-1]) and not _BREAK.match(line):
            joined[-1] += line if language == "zh" else " " + line
        else:
            joined.append(line)
    return joined


@dataclass
class _Front:
    """The front matter of a story read so far."""

    title: str | None = None
    author: str | None = None


def _front_matter(blocks: list[Block], language: str) -> tuple[str | None, str | None, int]:
    """Title, author and the index of the first block of the story itself."""
    front = _Front()
    position = 0
    while position < min(len(blocks), 8):
        block = blocks[position]
        is_last = position + 1 >= len(blocks)
        if block.kind != BREAK and not _read_front(block, front, language, is_first=position == 0, is_last=is_last):
            break
        position += 1
    if position >= len(blocks):
        return None, None, 0
    return front.title, front.author, position


def _read_front(block: Block, front: _Front, language: str, *, is_first: bool, is_last: bool) -> bool:
    """Records a title or author; returns whether the block is front matter and not part of the story."""
    text = block.text
    if labelled := _LABELLED_TITLE.match(text):
        front.title = labelled.group(1).strip()
    elif author := None if is_first else _labelled_author(text):
        front.author = author
    elif not is_first and _is_credit(text, language):
        pass
    elif block.kind == HEADING and (front.title or not is_first or _is_chapter(text)):
        return False
    elif front.title is None and not is_last and _is_short(text, language):
        front.title = text.strip('《》<>"“” ')
    elif front.title is not None and front.author is None and _is_name_line(text, language):
        front.author = text
    else:
        return False
    return True


def _labelled_author(text: str) -> str | None:
    found = _AUTHOR.match(text) if len(text) <= 60 else None
    return (found.group("a") or found.group("b")).strip() if found else None


def _is_credit(text: str, language: str) -> bool:
    """Whether the text is a credit of a translator, publisher or digitiser."""
    return len(text) <= 200 and _CREDIT.search(text) is not None and len(split_sentences(text, language)) <= 2


def _is_short(text: str, language: str) -> bool:
    """Whether the text is as short as a title and neither a sentence nor a speech."""
    is_line = len(text) <= (40 if language == "zh" else 90)
    return is_line and not _ENDS_SENTENCE.search(text) and not re.search(r"[“「『\"]", text)


def _is_chapter(text: str) -> bool:
    return bool(
        re.match(
            rf"第{_ZH_NUMBER}+[章回节卷幕]|(?i:chapter|part|book)\s|{_ZH_NUMBER}{{1,3}}[、.．]?$|[IVXLC]+\.?$", text
        )
    )


def _is_name_line(text: str, language: str) -> bool:
    """Whether a short line contains only names."""
    if not _is_short(text, language):
        return False
    if language == "zh":
        return bool(re.fullmatch(r"[\u3400-\u9fff·•\s]{2,12}", text))
    words = text.replace(".", " ").split()
    return len(words) <= 8 and all(word[0].isupper() or word in {"and", "de", "von", "van"} for word in words)


def _title_from(blocks: list[Block], language: str) -> str:
    for block in blocks:
        if block.text:
            if block.kind == HEADING:
                return block.text
            first = re.split(r"[，。！？；：,.!?;:“”\"「」]", block.text.lstrip('“”"「『 '))[0].strip()
            return first[:16] if language == "zh" else " ".join(first.split()[:8])
    return "未命名" if language == "zh" else "Untitled"


def mend_outline(text: str) -> str:
    """Turns an outline's points into paragraphs, without numbers and bullets; a break precedes each top-level point."""
    lines: list[str] = []
    point = re.compile(r"^(\s*)(?:[-*+•●]|\d{1,3}[.)、．]|[（(]?[一二三四五六七八九十]{1,3}[）)、．.])\s*(\S.*)$")
    for line in text.split("\n"):
        found = point.match(line)
        if not found:
            lines.append(line)
            continue
        if not found.group(1):
            lines.extend(("", "***", ""))
        lines.extend((found.group(2), ""))
    return "\n".join(lines)

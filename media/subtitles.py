"""Subtitles: spoken lines as cues of readable length, timed to the voice, and as SubRip and WebVTT files."""

import html
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from media.timeline import PlacedUtterance

CHINESE_LINE = 18  # characters in a line
LATIN_LINE = 42
_SHORTEST_SECONDS = 1.0
_BETWEEN_SECONDS = 0.04  # about one frame without a cue, so that the change is visible
_LINGER_SECONDS = 0.6  # a short cue may stay this much longer than its voice

_CLAUSE = re.compile(r".*?(?:[。！？!?…；;，,、：:—]+|\.(?=\s|$|[”’\"')])|\.{2,})[”’」』》）\"')\]]*\s*|.+$", re.DOTALL)
_SENTENCE_END = re.compile(r"[。！？!?….][”’」』》）\"')\]]*\s*$")
_WORD = re.compile(r"[A-Za-z0-9À-ɏ'’\-]+[^\sA-Za-z0-9⺀-￯]*\s*|\s+|.", re.DOTALL)
_CLAUSE_END = re.compile(r"[。！？!?…；;，,、：:—.][”’」』》）\"')\]]*$")
_NO_LINE_START = re.compile(r"^[。！？!?…；;，,、：:—”’」』》）\"')\]\s.]")


@dataclass(frozen=True)
class Cue:
    """A text shown from start to end, in seconds from the film's beginning; lines are separated by \\n."""

    start_seconds: float
    end_seconds: float
    text: str


def line_width(text: str) -> float:
    """The width of a text as a share of a full line, in Chinese, Latin or both."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return wide / CHINESE_LINE + (len(text) - wide) / LATIN_LINE


def make_cues(lines: Sequence[PlacedUtterance]) -> tuple[Cue, ...]:
    """Cues in order of time, without overlaps, of at most two lines each.

    A long line is split at its punctuation, each part shown for its share of the voice. A cue of less than a second
    is extended where the next one leaves time.
    """
    cues: list[Cue] = []
    for line in sorted(lines, key=lambda line: line.start_seconds):
        pieces = split_text(line.text)
        weights = [_spoken_weight(piece) for piece in pieces]
        at, seconds = line.start_seconds, line.end_seconds - line.start_seconds
        for piece, weight in zip(pieces, weights, strict=True):
            end = at + seconds * weight / sum(weights)
            cues.append(Cue(at, end, break_lines(piece)))
            at = end
    return _without_overlaps(cues)


def _without_overlaps(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    result = []
    for number, cue in enumerate(cues):
        wanted = max(cue.end_seconds, min(cue.start_seconds + _SHORTEST_SECONDS, cue.end_seconds + _LINGER_SECONDS))
        if number + 1 < len(cues):
            wanted = min(wanted, cues[number + 1].start_seconds - _BETWEEN_SECONDS)
        if wanted > cue.start_seconds:
            result.append(Cue(cue.start_seconds, wanted, cue.text))
    return tuple(result)


def _spoken_weight(text: str) -> float:
    """The speaking time of a text in units of Chinese characters, measured on the voices' pauses and words."""
    weight = 0.0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF" and character.isalnum():
            weight += 1
        elif character.isalnum():
            weight += 0.33
        elif character in "。！？!?….":
            weight += 1.6
        elif character in "，,、；;：:—":
            weight += 0.9
    return max(weight, 0.5)


def split_text(text: str) -> list[str]:
    """Splits the text into parts that fit on two lines, at the strongest punctuation."""
    clean = " ".join(text.split())
    if not clean:
        return []
    parts: list[str] = []
    for clause in (match.group() for match in _CLAUSE.finditer(clean) if match.group().strip()):
        for piece in _split_long(clause):
            if parts and _belongs(parts[-1], piece):
                parts[-1] += piece
            else:
                parts.append(piece)
    return [part.strip() for part in parts]


def _belongs(former: str, piece: str) -> bool:
    if not _fits(former + piece):
        return False
    first, *rest = break_lines((former + piece).strip()).split("\n")
    if rest and not _CLAUSE_END.search(first):
        return False  # it would only fit with a line that ends inside a clause
    if _SENTENCE_END.search(former):
        return line_width(former + piece) <= 1  # two short sentences share a line; others get a cue of their own
    return True


def _fits(text: str) -> bool:
    return max(line_width(line) for line in break_lines(text.strip()).split("\n")) <= 1.0001


def _split_long(clause: str) -> list[str]:
    """Splits a clause without inner punctuation into equal parts that fit."""
    if _fits(clause):
        return [clause]
    for count in range(2, 200):
        parts = _evenly(clause, count)
        if all(_fits(part) for part in parts):
            return parts
    return list(_evenly(clause, max(2, len(clause) // CHINESE_LINE)))


def _evenly(text: str, count: int) -> list[str]:
    words = [word for word in _WORD.findall(text) if word]
    share = line_width(text) / count
    parts = [""]
    for word in words:
        is_full = line_width(parts[-1]) + line_width(word) / 2 > share
        if is_full and len(parts) < count and parts[-1].strip() and not _NO_LINE_START.match(word):
            parts.append("")
        parts[-1] += word
    return parts


def break_lines(text: str) -> str:
    """One line where it fits, else two of about the same width, broken after punctuation or between words."""
    if line_width(text) <= 1:
        return text
    words = _WORD.findall(text)
    best, cost = text, math.inf
    for number in range(1, len(words)):
        first, second = "".join(words[:number]).rstrip(), "".join(words[number:]).strip()
        if not first or not second or _NO_LINE_START.match(second):
            continue
        widths = (line_width(first), line_width(second))
        price = abs(widths[0] - widths[1]) + 10 * max(max(widths) - 1, 0)
        if _CLAUSE_END.search(first):
            price -= 0.35
        if price < cost:
            best, cost = f"{first}\n{second}", price
    return best


def format_srt(cues: Sequence[Cue]) -> str:
    """The cues as a SubRip file."""
    blocks = (
        f"{number}\n{_clock(cue.start_seconds)} --> {_clock(cue.end_seconds)}\n{cue.text.replace('-->', '→')}\n"
        for number, cue in enumerate(cues, 1)
    )
    return "\n".join(blocks)


def write_srt(cues: Sequence[Cue], path: Path) -> None:
    path.write_text(format_srt(cues), encoding="utf-8")


def format_vtt(cues: Sequence[Cue]) -> str:
    """The cues as a WebVTT file (https://www.w3.org/TR/webvtt1/)."""
    blocks = (
        f"{_clock(cue.start_seconds, '.')} --> {_clock(cue.end_seconds, '.')}\n{html.escape(cue.text, quote=False)}\n"
        for cue in cues
    )
    return "\n".join(["WEBVTT\n", *blocks])


def write_vtt(cues: Sequence[Cue], path: Path) -> None:
    path.write_text(format_vtt(cues), encoding="utf-8")


def _clock(seconds: float, point: str = ",") -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"

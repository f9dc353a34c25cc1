"""Splits a paragraph into narration and speech, telling quoted speech from quoted terms."""

import re
from dataclasses import dataclass

from providers.offline.writing import lexicon_en, lexicon_zh

_CONTEXT = 160  # characters around a quotation
_PAIRS = {"“": "”", "「": "」", "『": "』", "〝": "〞", "«": "»"}
_SPEECH_BEFORE_ZH = re.compile(lexicon_zh.SPEECH_VERB + r"(?:着|道|了|我|他|她|伊)?[：:，,]?\s*$|[：:]\s*$")
_ENDS_SPEECH = re.compile(r"[。！？!?…，,.—–-]+[’”'\"」』]*\s*$|——$")
_SPEECH_VERB_EN = re.compile(
    r"\b(?:" + "|".join(sorted(lexicon_en.SPEECH_VERBS)) + r")\b[^.!?]{0,60}[,:]\s*$", re.IGNORECASE
)
_OPEN_SINGLE = re.compile(r"(?:(?<=[\s(\[“\"—–-])|^)['‘](?=[A-Z¿¡(\"“…]|[a-z])")
_CLOSE_SINGLE = re.compile(r"(?<=[,.!?;:…—–-])['’](?=$|[\s)\]\"”—–,.;:!?])")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a paragraph. The text of a speech has no quotation marks."""

    is_speech: bool
    text: str


def uses_single_quotes(text: str) -> bool:
    """Whether the text uses single quotation marks for speech, as in British style."""
    doubles = text.count('"') + text.count("“") + text.count("「")
    return len(_CLOSE_SINGLE.findall(text)) > max(doubles, 1)


def split_paragraph(paragraph: str, language: str, *, has_single_quotes: bool = False) -> list[Span]:
    """The spans in order; quoted terms stay in the narration with their marks."""
    spans: list[Span] = []
    narration_start = 0
    for start, end, inner in _quotations(paragraph, has_single_quotes and language == "en"):
        before = paragraph[narration_start:start]
        # Only nearby words are examined; examining all of them would be quadratic in a long paragraph.
        whole_before = paragraph[max(0, start - _CONTEXT) : start]
        if not _is_speech(inner, whole_before, paragraph[end : end + _CONTEXT], language):
            continue
        if before.strip():
            spans.append(Span(False, before.strip()))
        if inner.strip():
            spans.append(Span(True, inner.strip()))
        narration_start = end
    rest = paragraph[narration_start:].strip()
    if rest:
        spans.append(Span(False, rest))
    return spans


def _quotations(text: str, single: bool) -> list[tuple[int, int, str]]:
    """(start, end, inner text) of each outermost quotation; one left open runs to the end of the paragraph."""
    found: list[tuple[int, int, str]] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in _PAIRS:
            closer, opener = _PAIRS[character], character
            depth, cursor = 1, position + 1
            while cursor < len(text) and depth:
                # A second opener without a closer in between is a typo or a new paragraph of the same speech.
                if text[cursor] == closer:
                    depth = 0
                elif text[cursor] == opener and closer not in text[position + 1 : cursor]:
                    pass
                cursor += 1
            end = cursor
        elif character == '"':
            end = text.find('"', position + 1) + 1 or len(text)
        elif single and character in "'‘" and _OPEN_SINGLE.match(text, position):
            closing = _CLOSE_SINGLE.search(text, position + 1)
            if closing is None and re.search(r"\w['’]\w|\w['’](?:\s|$)", text[position + 1 :]) and position > 0:
                position += 1
                continue
            end = closing.end() if closing else len(text)
        else:
            position += 1
            continue
        has_closer = text[end - 1] in "”」』〞»\"'’" and end - 1 > position
        found.append((position, end, text[position + 1 : end - 1 if has_closer else end]))
        position = end
    return found


def _is_speech(inner: str, before: str, after: str, language: str) -> bool:
    inner, before = inner.strip(), before.rstrip()
    if not any(character.isalnum() for character in inner):
        return bool(re.search(r"[…？！?!—]", inner)) and not before and not after.strip()
    if language == "zh":
        if _SPEECH_BEFORE_ZH.search(before) and not lexicon_zh.ASIDE_QUOTE_BEFORE.search(before):
            return True
        if not before or before[-1] in "。！？…”」』":
            return bool(_ENDS_SPEECH.search(inner)) or not after.strip() or len(inner) > 8
        if before[-1] in "，、" and _ENDS_SPEECH.search(inner):
            return True
        return (
            bool(re.search(r"[。！？!?…]", inner))
            and len(inner) > 4
            and not lexicon_zh.ASIDE_QUOTE_BEFORE.search(before)
        )
    if lexicon_en.ASIDE_QUOTE_BEFORE.search(before):
        return False
    if _SPEECH_VERB_EN.search(before) or not before:
        return bool(_ENDS_SPEECH.search(inner)) or not after.strip() or before.endswith((",", ":"))
    return bool(_ENDS_SPEECH.search(inner))

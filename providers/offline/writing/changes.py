"""Splits a text where night or rain ends within a scene."""

import re
from collections.abc import Iterator, Sequence

from providers.offline.writing.beats import Beat

# Words that end night or rain: at the start of the sentence, or only after it ("until morning").
DAWN = {
    "zh": re.compile(r"天(?:刚|快)?亮了|天亮(?:时|后|以后|的时候)|太阳(?:升|出来)"),
    "en": re.compile(
        r"\b(?:(?:morning|day|dawn) (?:came|broke|dawned)|(?:the )?sun (?:rose|came up)|it was (?:already )?morning)\b",
        re.IGNORECASE,
    ),
}
UNTIL_DAWN = {
    "zh": re.compile(r"(?:到|等到|直到)(?:了)?(?:天亮|天明|早晨|早上|清晨)(?![时后以])"),
    "en": re.compile(r"\b(?:until|till) (?:the )?(?:next )?(?:morning|dawn|daybreak|sunrise)\b", re.IGNORECASE),
}
CLEAR = {
    "zh": re.compile(r"[雨雪](?:已经|终于|渐渐|也|都)?(?:停|住|过去)了?|雨过天晴|天(?:放)?晴了"),
    "en": re.compile(
        r"\b(?:the )?(?:rain|snow|storm) (?:had |has )?(?:stopped|ceased|passed|ended|was over)\b", re.IGNORECASE
    ),
}
NIGHTS = frozenset({"夜", "黄昏", "NIGHT", "EVENING", "DAWN"})
WET = re.compile(r"[雨雪]|rain|snow|storm", re.IGNORECASE)


def by_change(paragraphs: Sequence[tuple[int, list[Beat]]], language: str) -> Iterator[tuple[int, list[Beat]]]:
    """The paragraphs, split before a sentence in which night or rain ends, and after one that waits for day."""
    for number, paragraph in paragraphs:
        start = 0
        for index, beat in enumerate(paragraph):
            if beat.speaker is not None:
                continue
            if index > start and (DAWN[language].search(beat.text) or CLEAR[language].search(beat.text)):
                yield number, paragraph[start:index]
                start = index
            if index + 1 < len(paragraph) and UNTIL_DAWN[language].search(beat.text):
                yield number, paragraph[start : index + 1]
                start = index + 1
        yield number, paragraph[start:]

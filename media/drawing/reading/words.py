"""Finds the words of a table in a text: the first, the last, or all in the order of the text."""

import functools
import re

from media.drawing.reading.vocabulary import Table


@functools.lru_cache(maxsize=1024)
def word_pattern(words: str) -> re.Pattern[str]:
    """Finds any of a table's words."""
    parts = []
    for word in words.split():
        spaced = word.rstrip("|").replace("~", " ")
        if spaced.isascii() or "é" in spaced:
            parts.append(rf"\b{re.escape(spaced)}" + (r"\b" if word.endswith("|") else ""))
        else:
            parts.append(re.escape(spaced))
    return re.compile("|".join(parts))


def first_of(table: Table, *texts: str) -> str | None:
    """The first value of the table whose words occur in the first text that has any."""
    for text in texts:
        for value, words in table:
            if text and word_pattern(words).search(text):
                return value
    return None


def last_of(table: Table, *texts: str) -> str | None:
    """The value whose words occur last in the first text that has any; words within longer ones are ignored.

    Additions follow a description, so the last word overrides earlier ones.
    """
    for text in texts:
        hits = [
            (match.start(), match.end(), value)
            for value, words in table
            for match in word_pattern(words).finditer(text)
        ]
        if hits:
            last = max(hits, key=lambda hit: hit[1])
            # The longest match that ends there; of equal ones the first of the table.
            return min((hit for hit in hits if hit[1] == last[1]), key=lambda hit: hit[0])[2]
    return None


def found_in_order(table: Table, text: str) -> list[str]:
    """The values whose words occur in `text`, in its order; words within longer matches are ignored."""
    hits = [
        (match.start(), -match.end(), rank, value)
        for rank, (value, words) in enumerate(table)
        for match in word_pattern(words).finditer(text)
    ]
    values: list[str] = []
    reached = 0
    for start, negative_end, _, value in sorted(hits):
        if start >= reached:
            reached = -negative_end
            if value not in values:
                values.append(value)
    return values

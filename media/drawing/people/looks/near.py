"""Finds the colour that a text gives to a thing: the one directly before its word, else the nearest."""

import re

from media.drawing.colour import Colour, named_colours

_APART = re.compile(r"[,.;，。；]|\b(?:and|with|wearing|in|a|an)\b")


def colour_near(text: str, words: re.Pattern[str], reach: int = 12) -> Colour | None:
    """The colour directly before the last of the words, else the closest colour word before or just after."""
    best: tuple[int, Colour] | None = None
    colours, found = named_colours(text), list(words.finditer(text))
    for match in reversed(found):
        for _, end, colour in reversed(colours):
            between = text[end : match.start()]
            if end <= match.start() and len(between) <= reach and not _APART.search(between):
                return colour
    for start, end, colour in colours:
        for match in found:
            gap = match.start() - end if match.start() >= end else (start - match.end()) + 4
            if -1 <= gap <= reach and (best is None or gap < best[0]):
                best = (gap, colour)
    return best[1] if best else None

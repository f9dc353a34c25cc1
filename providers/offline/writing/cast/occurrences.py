"""Where words and names stand in a text, by an index that is made once: a text has as many names as it likes."""

import heapq
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

_WORD = re.compile(r"[\w-]+")


class Occurrences:
    """The places of all words of `whole`. A name stands where no word character or hyphen is next to it."""

    def __init__(self, whole: str) -> None:
        self.whole = whole
        self._starts: defaultdict[str, list[int]] = defaultdict(list)
        for match in _WORD.finditer(whole):
            self._starts[match.group().lower()].append(match.start())

    def of(self, form: str, *, ignores_case: bool = False) -> Iterator[int]:
        """The starts of the name, in order."""
        first = _WORD.match(form)
        if first is None:
            return
        wanted = form.lower() if ignores_case else form
        for start in self._starts.get(first.group().lower(), ()):
            end = start + len(form)
            found = self.whole[start:end]
            if (found.lower() if ignores_case else found) == wanted and not _WORD.match(self.whole, end):
                yield start

    def of_any(self, forms: Sequence[str]) -> Iterator[tuple[int, int]]:
        """(start, end) of all these names, in order, none within another; of two that begin together the first form's.

        The same as the matches of a regular expression that lists the forms.
        """
        places = heapq.merge(*(_numbered(self.of(form), number, len(form)) for number, form in enumerate(forms)))
        last = 0
        for start, _, length in places:
            if start >= last:
                last = start + length
                yield start, last


def _numbered(starts: Iterator[int], number: int, length: int) -> Iterator[tuple[int, int, int]]:
    for start in starts:
        yield start, number, length

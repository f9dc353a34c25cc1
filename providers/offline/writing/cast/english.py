"""Finds the characters of an English text (names, role nouns and the narrator I) by how they are used."""

import re
from collections.abc import Sequence

from providers.offline.writing.cast.english_evidence import see
from providers.offline.writing.cast.english_names import named_people
from providers.offline.writing.cast.english_roles import with_roles
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.quotes import Span


def find_cast(paragraphs: Sequence[Sequence[Span]]) -> Cast:
    """The characters in the order of their first appearance in narration, with the narrator I where there is one."""
    evidence = see(paragraphs)
    people = with_roles(named_people(evidence), evidence)
    ordered = sorted(people, key=lambda person: _first_use(evidence.whole, person))
    if evidence.i_count >= 3 and evidence.i_count * 250 >= evidence.words:
        ordered.insert(0, Person("I", ("I",), is_narrator=True))
    return Cast("en", tuple(ordered))


def _first_use(whole: str, person: Person) -> int:
    places = (re.search(rf"(?<![\w-]){re.escape(form)}(?![\w-])", whole, re.IGNORECASE) for form in person.forms)
    return min((match.start() for match in places if match), default=len(whole))

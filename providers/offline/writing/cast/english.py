"""Finds the characters of an English text (names, role nouns and the narrator I) by how they are used."""

from collections.abc import Sequence

from providers.offline.writing.cast.english_evidence import see
from providers.offline.writing.cast.english_names import named_people
from providers.offline.writing.cast.english_roles import with_roles
from providers.offline.writing.cast.occurrences import Occurrences
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.quotes import Span


def find_cast(paragraphs: Sequence[Sequence[Span]]) -> Cast:
    """The characters in the order of their first appearance in narration, with the narrator I where there is one."""
    evidence = see(paragraphs)
    people = with_roles(named_people(evidence), evidence)
    ordered = sorted(people, key=lambda person: _first_use(evidence.occurrences, person))
    if evidence.i_count >= 3 and evidence.i_count * 250 >= evidence.words:
        ordered.insert(0, Person("I", ("I",), is_narrator=True))
    return Cast("en", tuple(ordered))


def _first_use(occurrences: Occurrences, person: Person) -> int:
    nowhere = len(occurrences.whole)
    return min((next(occurrences.of(form, ignores_case=True), nowhere) for form in person.forms), default=nowhere)

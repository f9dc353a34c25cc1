"""Finds the characters of a Chinese text (names, role nouns and the narrator 我) by how they are used."""

from collections.abc import Sequence

from providers.offline.writing.cast.chinese_evidence import see
from providers.offline.writing.cast.chinese_names import choose_names
from providers.offline.writing.cast.chinese_people import people_of
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.quotes import Span


def find_cast(paragraphs: Sequence[Sequence[Span]]) -> Cast:
    """The characters in the order of their first appearance in narration, with the narrator 我 where there is one."""
    evidence = see(paragraphs)
    people = people_of(evidence, choose_names(evidence))
    ordered = sorted(people, key=lambda person: _first_use(evidence.whole, person))
    if evidence.self_count >= 3 and evidence.self_count * 500 >= evidence.narrated:
        ordered.insert(0, Person("我", ("我",), is_narrator=True))
    return Cast("zh", tuple(ordered))


def _first_use(whole: str, person: Person) -> int:
    return min((at for form in person.forms if (at := whole.find(form)) >= 0), default=len(whole))

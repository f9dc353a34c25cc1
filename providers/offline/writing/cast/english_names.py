"""Decides which names of an English text are people's, and which belong to the same person."""

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from providers.offline.writing import lexicon_en as lexicon
from providers.offline.writing.cast.english_evidence import Evidence, NameUses
from providers.offline.writing.cast.occurrences import Occurrences
from providers.offline.writing.people import Person

_HE, _SHE = re.compile(r"\b(?:he|his|him)\b", re.IGNORECASE), re.compile(r"\b(?:she|her|hers)\b", re.IGNORECASE)
_PLACE_TAILS = frozenset(
    ("Street", "Road", "Lane", "Avenue", "Square", "House", "Hall", "Park", "Hill", "Bridge", "Station")
)
MAX_NAMES = 500
"""Of a text, the most used ones: what is done for each sentence grows with them."""
_MOST_USES = 60  # of a name that are searched for its pronoun


def named_people(evidence: Evidence) -> list[Person]:
    """The persons whom the text names."""
    names = evidence.names
    used = [name for name in names.total if is_persons_name(name, names)]
    groups = group_names(sorted(used, key=lambda name: -names.total[name])[:MAX_NAMES], names)
    return [_person_of(group, names, evidence.occurrences) for group in groups]


# ---------------------------------------------------------------- which names


def is_persons_name(name: str, names: NameUses) -> bool:
    """Whether the text uses the name as a person's name."""
    if name.split()[-1] in _PLACE_TAILS or name.casefold() in lexicon.ROLES:
        return False
    first, total, speaks = name.split()[0].rstrip("."), names.total[name], names.speaks[name] > 0
    is_titled = first in lexicon.TITLES and " " in name
    acts = names.acts[name] > 0
    is_place = names.place[name] * 2 > total and not speaks and not is_titled
    is_person = speaks or acts or is_titled or names.possessive[name] > 0
    is_known = first in lexicon.MALE_NAMES or first in lexicon.FEMALE_NAMES
    is_surely_a_name = names.inside[name] > 0 or is_known or speaks
    is_used = total >= 2 or speaks or is_titled or acts
    return is_person and not is_place and is_surely_a_name and is_used


# ---------------------------------------------------------------- whose names


@dataclass(frozen=True)
class Name:
    """A name as words without full stops."""

    words: tuple[str, ...]

    @property
    def title(self) -> str | None:
        return self.words[0] if self.words[0] in lexicon.TITLES else None

    @property
    def own(self) -> tuple[str, ...]:
        """The words without titles; all words where the name is only a title."""
        return tuple(word for word in self.words if word not in lexicon.TITLES) or self.words


def name_of(text: str) -> Name:
    """Parses a name as it is in the text."""
    return Name(tuple(word.rstrip(".") for word in text.split()))


def group_names(kept: Sequence[str], names: NameUses) -> list[list[str]]:
    """Groups names by person: Lizzy, Elizabeth and Elizabeth Bennet; Miss Bennet only where it is unambiguous."""
    groups: list[list[str]] = []
    by_part: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)  # numbers of groups
    for text in sorted(kept, key=lambda name: (-len(name.split()), -names.total[name], name)):
        name = name_of(text)
        near = {*by_part[name.own], *by_part[(lexicon.NICKNAMES.get(name.own[0], ""),)]}
        owners = [groups[number] for number in sorted(near) if is_same_person(name, name_of(groups[number][0]), kept)]
        if len(owners) == 1:
            owners[0].append(text)
        elif not owners or name.title is not None:
            for part in _ends_of(name.words):
                by_part[part].append(len(groups))
            groups.append([text])
    return groups


def _ends_of(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    """What a short form of the name may consist of: its first words, or its last ones."""
    sizes = range(1, len(words) + 1)
    return {words[:size] for size in sizes} | {words[-size:] for size in sizes}


def is_same_person(name: Name, full: Name, kept: Sequence[str]) -> bool:
    """Whether the name is a short form or nickname of the full name and of no other name in `kept`."""
    if not _is_part(name, full) and not _is_nickname(name, full):
        return False
    return not _titles_clash(name, full) and not _is_anybodys(name, full, kept) and not _genders_clash(name, full)


def _is_part(name: Name, full: Name) -> bool:
    own = name.own
    return full.words[-len(own) :] == own or full.words[: len(own)] == own


def _is_nickname(name: Name, full: Name) -> bool:
    return len(name.own) == 1 and lexicon.NICKNAMES.get(name.own[0]) == full.words[0]


def _titles_clash(name: Name, full: Name) -> bool:
    return name.title is not None and full.title is not None and name.title != full.title


def _genders_clash(name: Name, full: Name) -> bool:
    return len({_title_gender(name.words), _title_gender(full.words)} - {None}) > 1


def _is_anybodys(name: Name, full: Name, kept: Sequence[str]) -> bool:
    """Whether the name is ambiguous, as Hartley with Mr. Hartley, Mrs. Hartley and Elizabeth Hartley."""
    if name.title is None or len(name.words) < 2 or name.words[-1] != full.words[-1]:
        return False
    firsts = (other.split()[0] for other in kept if other.endswith(name.words[-1]))
    rivals = {first for first in firsts if first.rstrip(".") in lexicon.TITLES}
    return len(rivals) > 1 or name.title == "Mrs"


# ---------------------------------------------------------------- persons


def _person_of(group: Sequence[str], names: NameUses, occurrences: Occurrences) -> Person:
    """The person with these names and their nicknames; the main name is the fullest one that is used often."""
    most = max(names.total[name] for name in group)
    usual = [name for name in group if names.total[name] * 3 >= most]
    name = max(usual, key=lambda other: (len(other.split()), names.total[other]))
    forms = (name, *(other for other in group if other != name))
    first = name.split()[0]
    forms += tuple(
        nick
        for nick, full in lexicon.NICKNAMES.items()
        if full == first and names.possessive[nick] and nick not in forms
    )
    gender = next((found for form in forms if (found := _title_gender(form.replace(".", "").split()))), None)
    return Person(name, forms, gender or gender_by_pronouns(forms, occurrences), is_named=True)


def _title_gender(words: Sequence[str]) -> str | None:
    for word in words:
        if word in lexicon.MALE_TITLES or word in lexicon.MALE_NAMES:
            return "m"
        if word in lexicon.FEMALE_TITLES or word in lexicon.FEMALE_NAMES:
            return "f"
    return None


def gender_by_pronouns(forms: Sequence[str], occurrences: Occurrences) -> str | None:
    """f or m by whether she or he follows the words more often; None where neither follows."""
    he = she = 0
    for _, end in itertools.islice(occurrences.of_any(forms), _MOST_USES):
        following = occurrences.whole[end : end + 110].split("\n")[0]
        first_he, first_she = _HE.search(following), _SHE.search(following)
        if first_he and (not first_she or first_he.start() < first_she.start()):
            he += 1
        elif first_she:
            she += 1
    return "m" if he > she else "f" if she > he else None

"""Finds the role characters of an English text (the old woman, the wolf) and matches roles with named people."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from providers.offline.writing import lexicon_en as lexicon
from providers.offline.writing.cast.english_evidence import ROLE_PHRASE, Evidence
from providers.offline.writing.cast.english_names import gender_by_pronouns
from providers.offline.writing.people import Person

_CALLED = re.compile(r"\b(?:called|named|was|name was)\s++[“\"‘']?+")
_SHORT_CHARACTERS = 600  # an outline: one action is enough for a character
_YOUNG = frozenset(["child", "girl", "boy", "baby", "maiden", "lad", "lass", "kid"])


@dataclass(frozen=True)
class Role:
    """A role by its words ("old woman") with its counts of uses, speeches and actions."""

    key: str
    total: int = 0
    speaks: int = 0
    acts: int = 0

    @property
    def head(self) -> str:
        """The noun: woman of old woman."""
        return self.key.split()[-1]

    @property
    def is_bare(self) -> bool:
        return self.key == self.head


def role_of(key: str, counter: Counter[str]) -> Role:
    """Builds a role from its counts in the evidence."""
    return Role(key, counter["total"], counter["speaks"], counter["acts"])


def with_roles(named: Sequence[Person], evidence: Evidence) -> list[Person]:
    """The named people with their roles, followed by the people known only by a role."""
    people = _introduced(named, evidence)
    taken = {form.casefold() for person in people for form in person.forms}
    kept: list[list[str]] = []
    for key in sorted(evidence.roles, key=lambda key: (-len(key.split()), key)):
        role = role_of(key, evidence.roles[key])
        if key in taken:
            continue
        bearer = bearer_of(role, people)
        longer = [forms for forms in kept if role.is_bare and forms[0].endswith(" " + key)]
        if bearer is not None:
            people[bearer] = replace(people[bearer], forms=(*people[bearer].forms, role.head))
        elif len(longer) == 1:
            longer[0].append(key)
        elif not _is_young_of(role, taken) and is_somebody(role, is_short=_is_short(evidence)):
            kept.append([key])
    return [*people, *(_person_of(forms, evidence) for forms in kept)]


def bearer_of(role: Role, people: Sequence[Person]) -> int | None:
    """The index of the only person whose title is the role: the captain is Captain Harlow. None if ambiguous."""
    title = role.head.capitalize()
    if not role.is_bare or title not in lexicon.TITLES:
        return None
    bearers = [
        index
        for index, person in enumerate(people)
        if any(form.split()[0] == title and " " in form for form in person.forms)
    ]
    return bearers[0] if len(bearers) == 1 else None


def is_somebody(role: Role, *, is_short: bool) -> bool:
    """Whether the role is a character: it speaks or acts, generic ones such as man or woman more than once.

    is_short: the text is an outline, in which one action is enough.
    """
    if role.speaks:
        return True
    if role.head in lexicon.GENERIC_ROLES:
        return role.acts >= 2 or (role.acts > 0 and role.total >= 3)
    return role.acts > 0 and role.total >= (1 if is_short else 2)


def _is_young_of(role: Role, taken: set[str]) -> bool:
    """Whether a girl or boy is already covered by another form, such as the little girl."""
    return role.is_bare and role.head in _YOUNG and any(role.head in form.split() for form in taken)


def _is_short(evidence: Evidence) -> bool:
    return sum(len(text) for texts in evidence.narration for text in texts) <= _SHORT_CHARACTERS


def _person_of(forms: Sequence[str], evidence: Evidence) -> Person:
    key = forms[0]
    head = key.split()[-1]
    gender, age = lexicon.ROLES[head]
    modifiers = evidence.modifiers[head]
    if modifiers["old"] + modifiers["aged"] > 0 and key.startswith("old"):
        age = "old"
    return Person(key, tuple(forms), gender or gender_by_pronouns(forms, evidence.occurrences), age)


# ---------------------------------------------------------------- introductions


def _introduced(named: Sequence[Person], evidence: Evidence) -> list[Person]:
    """Adds introducing roles to names: "a dear little girl … was always called Little Red-Cap" adds girl and child."""
    called = _called(named, evidence)
    return [_with_words(person, _introduction(called[person.name], named)) for person in named]


def _with_words(person: Person, words: Sequence[str]) -> Person:
    heads = [word.split()[-1] for word in words]
    return Person(
        person.name,
        tuple(dict.fromkeys((*person.forms, *words))),
        person.gender or next((lexicon.ROLES[head][0] for head in heads), None),
        "young" if any(head in _YOUNG for head in heads) else person.age,
        is_named=True,
    )


def _called(named: Sequence[Person], evidence: Evidence) -> defaultdict[str, list[str]]:
    """By person's name: the text before the first place in each paragraph where somebody is called one of the forms."""
    by_form = {form: person.name for person in named for form in person.forms}
    lengths = sorted({len(form) for form in by_form})
    before: defaultdict[str, list[str]] = defaultdict(list)
    for texts in evidence.narration:
        text, seen = " ".join(texts), set[str]()
        for match in _CALLED.finditer(text):
            for length in lengths:
                name = by_form.get(text[match.end() : match.end() + length])
                if name is not None and name not in seen:
                    seen.add(name)
                    before[name].append(text[: match.end()])
    return before


def _introduction(before: Sequence[str], named: Sequence[Person]) -> list[str]:
    """The role words that introduce a person before the name is given."""
    phrase = next((found for text in before if (found := _first_phrase(text)) is not None), None)
    if phrase is None:
        return []
    return _words_of(phrase, are_few=sum(1 for other in named if other.is_named) <= 3)


def _first_phrase(text: str) -> re.Match[str] | None:
    """The first role that the text introduces: a girl, one man."""
    phrases = ROLE_PHRASE.finditer(text)
    return next((phrase for phrase in phrases if phrase.group("determiner") in ("a", "A", "an", "the", "one")), None)


def _words_of(phrase: re.Match[str], *, are_few: bool) -> list[str]:
    """The role with and without its adjective, plus "child" for a child's role where few people are named."""
    role = phrase.group("role").casefold()
    adjectives = [word for word in phrase.group("adjectives").casefold().split() if word in lexicon.ROLE_ADJECTIVES]
    forms = [f"{adjectives[-1]} {role}", role] if adjectives else [role]
    if role in _YOUNG and are_few:
        forms.append("child")
    return list(dict.fromkeys(forms))

"""The persons of a story with the words that refer to them, and their mentions in a sentence."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from providers.offline.writing import lexicon_en, lexicon_zh


@dataclass(frozen=True, slots=True)
class Person:
    """`forms`: every word of the text for this person, the name first. gender f, m or None; age old, young or None."""

    name: str
    forms: tuple[str, ...]
    gender: str | None = None
    age: str | None = None
    is_narrator: bool = False
    is_named: bool = False

    @property
    def aliases(self) -> tuple[str, ...]:
        return self.forms[1:]


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention of a person in a text; `person` is None for an unresolved pronoun."""

    start: int
    end: int
    person: str | None
    pronoun: str | None = None


def _by_first_letter(told: Iterable[tuple[str, str, str]]) -> list[str]:
    """One alternative for each first letter instead of one for each word, which are tried at every place of a text.

    told: (letter, pattern of the letter, pattern of the word after that); words of one letter keep their order.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for letter, lead, rest in told:
        groups.setdefault((letter, lead), []).append(rest)
    return [f"{lead}(?:{'|'.join(rests)})" for (_, lead), rests in groups.items()]


@dataclass(frozen=True)
class Cast:
    language: str
    people: tuple[Person, ...]

    @functools.cached_property
    def by_name(self) -> dict[str, Person]:
        return {person.name: person for person in self.people}

    @functools.cached_property
    def forms(self) -> tuple[str, ...]:
        """All words for all people."""
        return tuple(form for person in self.people for form in person.forms)

    @functools.cached_property
    def narrator(self) -> Person | None:
        return next((person for person in self.people if person.is_narrator), None)

    @functools.cached_property
    def _name_by_form(self) -> dict[str, str]:
        fold = str if self.language == "zh" else str.casefold
        table: dict[str, str] = {}
        for person in self.people:
            for form in person.forms:
                table.setdefault(fold(form), person.name)
        return table

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = {form for person in self.people if not person.is_narrator for form in person.forms}
        if self.language == "zh":
            forms -= lexicon_zh.PRONOUNS.keys()
            words = _by_first_letter(
                (form[0], form[0], re.escape(form[1:]) + "(?!们|分驻所|[局署所])")
                for form in sorted(forms, key=lambda form: (-len(form), form))
                if form
            )
            pronouns = "|".join(lexicon_zh.PRONOUNS)
            return re.compile("|".join([*words, rf"(?<![其吉])(?:{pronouns})(?!们)", "(?<!自)我(?!们|国|军|等)"]))
        told: list[tuple[str, str, str]] = []
        for form in sorted(forms, key=lambda form: (-len(form), form)):
            is_role = form.islower()
            pattern = re.escape(form).replace(r"\ ", r"\s+").replace("Mr\\.", r"Mr\.?").replace("Mrs\\.", r"Mrs\.?")
            first = form[:1].lower()
            lead = f"(?=[{re.escape(first)}{re.escape(first.upper())}])" if len(first.upper()) == 1 else ""
            told.append((first, lead, rf"(?i:{pattern})" if is_role else pattern))
        words = _by_first_letter(told)
        pronouns = "|".join(lexicon_en.PRONOUNS)
        return re.compile(rf"(?<![\w-])(?:{'|'.join([*words, rf'(?i:{pronouns})', 'I'])})(?![\w-])")

    def mentions(self, text: str) -> list[Mention]:
        """Mentions by name, role, pronoun or the narrator's I, in order, without plurals and parts of longer words."""
        fold = str if self.language == "zh" else str.casefold
        found: list[Mention] = []
        for match in self._pattern.finditer(text):
            word = match.group()
            if word in ("我", "I"):
                if self.narrator:
                    found.append(Mention(match.start(), match.end(), self.narrator.name))
                continue
            name = self._name_by_form.get(fold(" ".join(word.split())))
            if name is None and self.language == "en":
                name = self._name_by_form.get(word.replace(".", "").casefold())
            pronouns = lexicon_zh.PRONOUNS if self.language == "zh" else lexicon_en.PRONOUNS
            if word.lower() in pronouns:
                found.append(Mention(match.start(), match.end(), None, word.lower()))
            elif name is not None:
                found.append(Mention(match.start(), match.end(), name))
        return found

    def fits(self, name: str, pronoun: str) -> bool:
        """Whether the pronoun (he, she, 他 …) may refer to this person."""
        wanted = (lexicon_zh.PRONOUNS if self.language == "zh" else lexicon_en.PRONOUNS).get(pronoun)
        person = self.by_name[name]
        return not person.is_narrator and (person.gender is None or wanted is None or person.gender == wanted)

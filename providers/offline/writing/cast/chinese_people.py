"""Builds the persons of a Chinese text from its names and roles: merges aliases, assigns roles and gender."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from providers.offline.writing import lexicon_zh as lexicon
from providers.offline.writing.cast.chinese_evidence import Evidence, Uses
from providers.offline.writing.cast.chinese_names import may_be_name
from providers.offline.writing.people import Person


def people_of(evidence: Evidence, chosen: Sequence[str]) -> list[Person]:
    """The persons with the chosen names and the roles of the text."""
    named = _named_people(evidence, chosen)
    return _with_offices(named, _people_by_role(evidence.roles, evidence.yi_count), evidence.whole)


# ---------------------------------------------------------------- names


def _named_people(evidence: Evidence, chosen: Sequence[str]) -> list[Person]:
    """Merges 林黛玉 and 黛玉 into one person; 老张 is not merged with another name, which would be a guess."""
    full_names = _full_names(evidence.names.total)
    aliases = {word: alias_of(word, chosen, evidence, full_names) for word in chosen}
    taken = set(aliases.values())
    people = []
    for word, alias in aliases.items():
        if word not in taken:
            forms = (word,) if alias is None else (word, alias)
            people.append(Person(word, forms, gender=_gender(word, evidence.whole), is_named=True))
    return people


def _full_names(seen: Iterable[str]) -> dict[str, list[str]]:
    """Names of a surname and two characters, by these two."""
    by_given: dict[str, list[str]] = {}
    for word in seen:
        if len(word) == 3 and word[0] in lexicon.SURNAMES:
            by_given.setdefault(word[1:], []).append(word)
    return by_given


def alias_of(
    word: str, chosen: Sequence[str], evidence: Evidence, full_names: Mapping[str, Sequence[str]] | None = None
) -> str | None:
    """Another name of the same person, if unambiguous: 黛玉 for 林黛玉, and back. full_names: of the evidence."""
    if full_names is None:
        full_names = _full_names(evidence.names.total)
    surname = 2 if word[:2] in lexicon.COMPOUND_SURNAMES else 1
    given = word[surname:]
    is_titled = word.endswith(tuple(lexicon.TITLE_TAILS))
    has_surname = word[0] in lexicon.SURNAMES or surname == 2
    if has_surname and len(given) == 2 and given not in lexicon.ROLES and not is_titled:
        return given if _is_given_name(given, word, chosen, evidence) else None
    return _full_name(chosen, full_names.get(word, ())) if len(word) == 2 and not is_titled else None


def _is_given_name(given: str, word: str, chosen: Sequence[str], evidence: Evidence) -> bool:
    """Whether the given name refers only to the person with that full name."""
    owners = [other for other in chosen if other != given and len(other) > 2 and other.endswith(given)]
    is_used = given in chosen or evidence.whole.count(given) > evidence.whole.count(word)
    return len(owners) == 1 and is_used and may_be_name(given)


def _full_name(chosen: Sequence[str], full: Sequence[str]) -> str | None:
    """The full name that ends with a given name; None where it is not the only one, or is itself a chosen name."""
    return full[0] if len(full) == 1 and full[0] not in chosen else None


def _gender(name: str, whole: str) -> str | None:
    """The gender by a title in the name, else by whether 他 or 她 follows it more often within the sentence."""
    if re.search(r"(?:小姐|太太|夫人|大妈|大娘|大婶|大嫂|大姐|姑娘|嫂|婶|奶奶|姐)$", name):
        return "f"
    if re.search(r"(?:先生|老爷|少爷|大爷|大叔|大哥|叔|伯|爷|哥|公子|掌柜)$", name):
        return "m"
    counts: Counter[str] = Counter()
    for number, match in enumerate(re.finditer(re.escape(name), whole)):
        if number >= 60:
            break
        following = whole[match.end() : match.end() + 40].split("\n")[0]
        # Only a pronoun at the start of a clause is likely to refer to the same person.
        if pronoun := re.search(r"[，。！？][^，。！？]{0,2}([他她])(?!们)", following):
            counts[pronoun.group(1)] += 1
    if counts["她"] > counts["他"]:
        return "f"
    return "m" if counts["他"] > counts["她"] else None


# ---------------------------------------------------------------- roles


def _following(role: str, forms: set[str], whole: str) -> set[str]:
    """Those of the forms that stand right after the role somewhere."""
    lengths = sorted({len(form) for form in forms})
    found: set[str] = set()
    for match in re.finditer(re.escape(role), whole):
        found |= {whole[match.end() : match.end() + length] for length in lengths} & forms
    return found


def _people_by_role(roles: Uses, yi_count: int) -> list[Person]:
    """The people whom the text names only by a role; 伊 refers to the only woman among them."""
    people = []
    for forms in _forms_by_role(roles):
        gender, age = lexicon.ROLES[forms[0]]
        people.append(Person(forms[0], tuple(dict.fromkeys(forms)), gender, age))
    women = [person for person in people if person.gender == "f"]
    if yi_count >= 2 and len(women) == 1:
        woman = women[0]
        people[people.index(woman)] = Person(woman.name, (*woman.forms, "伊"), woman.gender, woman.age)
    return people


def _forms_by_role(roles: Uses) -> list[list[str]]:
    """The words for each role, longest first: 女人 means 老女人 where the story has no other woman."""
    kept: dict[str, list[str]] = {}
    for word in sorted(roles.total | roles.speech, key=lambda word: (-len(word), word)):
        heads = [other for other in kept if _is_head(word, other)]
        if len(heads) == 1:
            kept[heads[0]].append(word)
        elif acts_enough(word, roles):
            kept[word] = [word]
    return list(kept.values())


def _is_head(word: str, other: str) -> bool:
    """Whether the other role is this one with an adjective before it."""
    if other == word or word not in other or not other.startswith(("老", "小", "大")):
        return False
    return word in lexicon.GENERIC_ROLES or other.startswith(word)


def acts_enough(word: str, roles: Uses) -> bool:
    """Whether a role is a character: it speaks, acts or recurs; generic ones such as 女人 must act twice."""
    total, subject, speech = roles.total[word], roles.subject[word], roles.speech[word]
    if word in lexicon.GENERIC_ROLES:
        return speech > 0 or subject >= 2
    return speech > 0 or subject > 0 or total >= 3


def _with_offices(named: list[Person], roles: list[Person], whole: str) -> list[Person]:
    """Merges a role with a name that follows it (舰长陈薇), where no other name follows that role."""
    kept: list[Person] = []
    for role in roles:
        following = _following(role.name, {form for person in named for form in person.forms}, whole)
        bearers = [index for index, person in enumerate(named) if not following.isdisjoint(person.forms)]
        if len(bearers) == 1 and len(role.name) > 1:
            bearer = named[bearers[0]]
            named[bearers[0]] = replace(
                bearer, forms=(*bearer.forms, *role.forms), gender=bearer.gender, age=bearer.age or role.age
            )
        else:
            kept.append(role)
    return [*named, *kept]

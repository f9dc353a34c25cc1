"""Finding the characters of an English text: names, role nouns and the narrator I, by how the text uses them."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from providers.offline.writing import lexicon_en as lexicon
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.quotes import Span

_TITLES = "|".join(sorted(set(lexicon.TITLES), key=len, reverse=True))
_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_NAME_WORD = rf"[{_UPPER}][{_LOWER}]*(?:[’'-]?[{_UPPER}]?[{_LOWER}]+)*"
# A dot belongs to a name after an abbreviated title or an initial (never the word I); elsewhere it ends a sentence.
_DOTTED = r"(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|Col|Gen|Lt|Sgt|Rev|Mme|Mlle|[A-HJ-Z])\."
_CAPITALISED = re.compile(
    rf"(?<![\w’'-])(?:{_DOTTED}|{_NAME_WORD})(?:\s+(?:(?:of|de|von|van)\s+)?(?:{_DOTTED}|{_NAME_WORD}))*"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?…:]['’”\")]*\s+|\n\s*|[“\"‘]\s*)$")
_ROLE_PHRASE = re.compile(
    r"(?<![\w-])(?:(?P<determiner>the|a|an|his|her|my|our|their|its|another|this|that|one)\s+)?(?P<adjectives>(?:[a-z]+\s+){0,2}?)"
    r"(?P<role>" + "|".join(sorted(lexicon.ROLES, key=len, reverse=True)) + r")(?P<possessive>[’']s)?(?![\w-])",
    re.IGNORECASE,
)
_SAY = "|".join(sorted(lexicon.SPEECH_VERBS))
_SAID_BEFORE = re.compile(
    rf"\b(?:{_SAY})(?:\s+(?:then|the|a|an|his|her|my|old|young|little|poor|good))*\s*$", re.IGNORECASE
)
_SAYS_AFTER = re.compile(rf"\s+(?:[a-z]+ly\s+)?(?:{_SAY})\b")
_ACTS_AFTER = re.compile(
    rf"^\s*(?:,[^,]{{1,40}},\s*)?"
    rf"(?:(?:had|has|have|was|is|were|would|could|did|then|"
    rf"at once|also|never|always|still|just|only|now|[a-z]+ly)\s+){{0,3}}"
    rf"(?:(?:{_SAY})|[a-z]+ed|[a-z]{{2,}}s|was|is|had|has|would|could|did|does|can|will|must|"
    r"ran|stood|sat|lay|fell|threw|took|gave|put|held|saw|came|went|sprang|drew|ate|drank|wept|shook|caught|struck|wrote|read|sang|met|rode|flew|"
    r"swam|lit|rose|knelt|got|made|left|found|kept|felt|knew|heard|let|set|led|brought|bought|sold|slept|woke|awoke|began|ran|hid|bit|cut|shut|"
    r"hit|lost|won|paid|spent|taught|understood|spoke|broke|wore|chose|drove|grew|forgot|meant|built|sent|stole|slid|crept|leapt|swung)\b"
)
_PLACE_BEFORE = re.compile(r"\b(?:in|at|from|near|of|into|through|across|to|toward|towards|around)\s+$", re.IGNORECASE)
_CALLED = re.compile(r"\b(?:called|named|was|name was)\s+[“\"‘']?$")
_I = re.compile(r"(?<![\w’'])I(?=[\s’',])(?!\.)")
_HE, _SHE = re.compile(r"\b(?:he|his|him)\b", re.IGNORECASE), re.compile(r"\b(?:she|her|hers)\b", re.IGNORECASE)
_SHORT_CHARACTERS = 600  # in an outline, one deed makes a character
_YOUNG = frozenset(["child", "girl", "boy", "baby", "maiden", "lad", "lass", "kid"])


class _Names:
    """What the text does with each capitalised word group."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.acts: Counter[str] = Counter()
        self.speaks: Counter[str] = Counter()
        self.place: Counter[str] = Counter()
        self.possessive: Counter[str] = Counter()


def find_cast(paragraphs: Sequence[Sequence[Span]]) -> Cast:
    """The characters in the order of their first appearance in narration, with the narrator I where there is one."""
    narration = [[span.text for span in spans if not span.is_speech] for spans in paragraphs]
    names = _Names()
    roles: dict[str, Counter[str]] = defaultdict(Counter)
    modifiers: dict[str, Counter[str]] = defaultdict(Counter)
    i_count = words = 0
    for spans in paragraphs:
        for index, span in enumerate(spans):
            if span.is_speech:
                _see_vocatives(span.text, names)
                continue
            i_count += len(_I.findall(span.text))
            words += span.text.count(" ") + 1
            beside_speech = index > 0 and spans[index - 1].is_speech
            _see_names(span.text, names, after_speech=beside_speech)
            _see_roles(span.text, roles, modifiers, after_speech=beside_speech)
    whole = "\n".join(" ".join(texts) for texts in narration)
    people = _merge_names(_choose_names(names), names, whole)
    people = _add_roles(people, roles, modifiers, narration)
    ordered = sorted(people, key=lambda person: _first_use(whole, person))
    if i_count >= 3 and i_count * 250 >= words:
        ordered.insert(0, Person("I", ("I",), is_narrator=True))
    return Cast("en", tuple(ordered))


def _first_use(whole: str, person: Person) -> int:
    places = (re.search(rf"(?<![\w-]){re.escape(form)}(?![\w-])", whole, re.IGNORECASE) for form in person.forms)
    return min((match.start() for match in places if match), default=len(whole))


def _clean_name(group: str, *, opens_sentence: bool) -> str:
    words = group.rstrip(".").split()
    title_words = set(lexicon.TITLES)
    while words and words[0].rstrip(".") in lexicon.NOT_NAMES and (opens_sentence or words[0] not in title_words):
        if words[0].rstrip(".") in title_words and len(words) > 1:
            break
        words.pop(0)
    while words and words[-1] in lexicon.NOT_NAMES:
        words.pop()
    return re.sub(r"[’']s$", "", " ".join(words))


def _see_names(text: str, names: _Names, *, after_speech: bool) -> None:
    for match in _CAPITALISED.finditer(text):
        group, end = match.group(), match.end()
        if group.endswith(".") and group.rstrip(".") not in lexicon.TITLES:
            end -= 1
        if group.rstrip(".") in lexicon.TITLES and group.endswith("."):
            following = re.match(r"\s+[A-Z][\w-]*(?:\s+[A-Z][\w-]*)*", text[end:])
            if following:
                group, end = group + following.group(), end + following.end()
        opens = bool(_SENTENCE_START.search(text[: match.start()][-6:])) and not (after_speech and match.start() == 0)
        after, before = text[end : end + 90], text[max(0, match.start() - 60) : match.start()]
        name = _clean_name(group, opens_sentence=opens)
        if group in lexicon.NAMES_TOO and (_SAID_BEFORE.search(before) or (after_speech and _SAYS_AFTER.match(after))):
            name = group  # said Will
        if not name or len(name) < 2:
            continue
        names.total[name] += 1
        names.inside[name] += not opens or " " in name
        names.speaks[name] += bool(_SAID_BEFORE.search(before)) or (
            bool(_SAYS_AFTER.match(after)) and ("," in after or ":" in after or after_speech)
        )
        names.acts[name] += bool(_ACTS_AFTER.match(after))
        names.possessive[name] += bool(re.match(r"[’']s\b", after)) or group.endswith(("’s", "'s"))
        names.place[name] += bool(_PLACE_BEFORE.search(before))


def _see_vocatives(text: str, names: _Names) -> None:
    for match in re.finditer(rf"(?:^|,\s+)((?:(?:{_TITLES})\.?\s+)?[A-Z][a-z]+(?:[ -][A-Z][a-z]+)*)(?=[,.!?])", text):
        name = _clean_name(match.group(1), opens_sentence=True)
        if name and (match.start() > 0 or match.group(1).startswith(tuple(lexicon.TITLES))):
            names.possessive[name] += 1


def _choose_names(names: _Names) -> list[str]:
    kept = []
    for name, total in names.total.items():
        first = name.split()[0].rstrip(".")
        is_titled = first in lexicon.TITLES and " " in name
        is_person = names.speaks[name] or names.acts[name] or is_titled or names.possessive[name]
        is_place = names.place[name] * 2 > total and not names.speaks[name] and not is_titled
        is_known = first in lexicon.MALE_NAMES or first in lexicon.FEMALE_NAMES
        if name.split()[-1] in {
            "Street",
            "Road",
            "Lane",
            "Avenue",
            "Square",
            "House",
            "Hall",
            "Park",
            "Hill",
            "Bridge",
            "Station",
        }:
            continue
        if name.casefold() in lexicon.ROLES or is_place or not is_person:
            continue
        if (names.inside[name] or is_known or names.speaks[name]) and (
            total >= 2 or names.speaks[name] or is_titled or names.acts[name]
        ):
            kept.append(name)
    return kept


def _merge_names(kept: list[str], names: _Names, whole: str) -> list[Person]:
    """Lizzy, Elizabeth and Elizabeth Bennet are one; Miss Bennet is hers only where nobody else could be meant."""
    titles = set(lexicon.TITLES)
    order = sorted(kept, key=lambda name: (-len(name.split()), -names.total[name], name))
    groups: list[list[str]] = []
    for name in order:
        words = [word.rstrip(".") for word in name.split()]
        owners = []
        for group in groups:
            for full in group[:1]:
                theirs = [word.rstrip(".") for word in full.split()]
                own = [word for word in words if word not in titles] or words
                same_tail = theirs[-len(own) :] == own or theirs[: len(own)] == own
                nickname = len(own) == 1 and lexicon.NICKNAMES.get(own[0]) == theirs[0]
                clash = words[0] in titles and theirs[0] in titles and words[0] != theirs[0]
                if words[0] in titles and len(words) > 1 and words[-1] == theirs[-1]:
                    # Mr. and Mrs. Hartley, and Elizabeth Hartley: whose name it is cannot be told.
                    rivals = {
                        other.split()[0]
                        for other in kept
                        if other.split()[0].rstrip(".") in titles and other.endswith(words[-1])
                    }
                    clash = clash or len(rivals) > 1 or words[0] == "Mrs"
                genders = {_title_gender(words), _title_gender(theirs)} - {None}
                if (same_tail or nickname) and not clash and len(genders) < 2:
                    owners.append(group)
        if len(owners) == 1:
            owners[0].append(name)
        elif not owners or words[0] in titles:
            groups.append([name])
    people = []
    for group in groups:
        plain = [name for name in group if names.total[name] * 3 >= max(names.total[other] for other in group)]
        name = max(plain, key=lambda other: (len(other.split()), names.total[other]))
        forms = (name, *(other for other in group if other != name))
        first = name.split()[0]
        forms += tuple(
            nick
            for nick, full in lexicon.NICKNAMES.items()
            if full == first and names.possessive[nick] and nick not in forms
        )
        gender = next((found for form in forms if (found := _title_gender(form.replace(".", "").split()))), None)
        people.append(Person(name, forms, gender or _gender(forms, whole), is_named=True))
    return people


def _title_gender(words: list[str]) -> str | None:
    for word in words:
        if word in lexicon.MALE_TITLES or word in lexicon.MALE_NAMES:
            return "m"
        if word in lexicon.FEMALE_TITLES or word in lexicon.FEMALE_NAMES:
            return "f"
    return None


def _gender(forms: Sequence[str], whole: str) -> str | None:
    he = she = 0
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(form)}(?![\w-])" for form in forms))
    for number, match in enumerate(pattern.finditer(whole)):
        if number >= 60:
            break
        following = whole[match.end() : match.end() + 110].split("\n")[0]
        first_he, first_she = _HE.search(following), _SHE.search(following)
        if first_he and (not first_she or first_he.start() < first_she.start()):
            he += 1
        elif first_she:
            she += 1
    return "m" if he > she else "f" if she > he else None


def _see_roles(
    text: str, roles: dict[str, Counter[str]], modifiers: dict[str, Counter[str]], *, after_speech: bool
) -> None:
    for match in _ROLE_PHRASE.finditer(text):
        role = match.group("role").casefold()
        if match.group("role")[0].isupper() and re.match(r"\s+[A-Z]", text[match.end() :]):
            continue
        if not match.group("determiner") and role in lexicon.GENERIC_ROLES and not match.group("role")[0].isupper():
            continue
        words = match.group("adjectives").casefold().split()
        known = [word for word in words if word in lexicon.ROLE_ADJECTIVES]
        key = f"{known[-1]} {role}" if known and role in lexicon.GENERIC_ROLES else role
        counter = roles[key]
        counter["total"] += 1
        if known:
            modifiers[role][known[-1]] += 1
        after, before = text[match.end() : match.end() + 90], text[max(0, match.start() - 40) : match.start()]
        if match.group("possessive"):
            continue
        counter["speaks"] += bool(_SAID_BEFORE.search(before)) or bool(
            re.match(rf"\s+(?:[a-z]+ly\s+)?(?:{_SAY})\b[^.;]*[,:.]", after)
            and (after_speech or re.search(r"[,:]\s*$", text))
        )
        counter["acts"] += bool(_ACTS_AFTER.match(after)) and not re.search(r"\b(?:of|for|with|to|than)\s+$", before)


def _add_roles(
    people: list[Person], roles: dict[str, Counter[str]], modifiers: dict[str, Counter[str]], narration: list[list[str]]
) -> list[Person]:
    introduced = _introduced_as(people, narration)
    result = [
        Person(
            person.name,
            tuple(dict.fromkeys((*person.forms, *introduced.get(person.name, ())))),
            person.gender
            or next((lexicon.ROLES[word.split()[-1]][0] for word in introduced.get(person.name, ())), None),
            "young" if any(word.split()[-1] in _YOUNG for word in introduced.get(person.name, ())) else person.age,
            is_named=True,
        )
        for person in people
    ]
    length = sum(len(text) for texts in narration for text in texts)
    taken = {form.casefold() for person in result for form in person.forms}
    kept: list[tuple[str, list[str]]] = []
    for key in sorted(roles, key=lambda key: (-len(key.split()), key)):
        counter, head = roles[key], key.split()[-1]
        if key in taken:
            continue
        bearers = [
            index
            for index, person in enumerate(result)
            if any(form.split()[0] == head.capitalize() and " " in form for form in person.forms)
        ]
        if key == head and head.capitalize() in lexicon.TITLES and len(bearers) == 1:
            bearer = result[bearers[0]]
            result[bearers[0]] = replace(bearer, forms=(*bearer.forms, head))
            continue
        longer = [entry for entry in kept if entry[0].endswith(" " + head)] if key == head else []
        if len(longer) == 1:
            longer[0][1].append(key)
            continue
        is_generic = head in lexicon.GENERIC_ROLES
        if head in _YOUNG and key == head and any(head in form.split() for form in taken):
            continue
        enough = counter["acts"] >= 2 or (counter["acts"] and counter["total"] >= 3)
        needed = 2 if length > _SHORT_CHARACTERS else 1
        if counter["speaks"] or (enough if is_generic else counter["acts"] and counter["total"] >= needed):
            kept.append((key, [key]))
    for key, forms in kept:
        head = key.split()[-1]
        gender, age = lexicon.ROLES[head]
        if modifiers[head]["old"] + modifiers[head]["aged"] > 0 and key.startswith("old"):
            age = "old"
        whole = "\n".join(" ".join(texts) for texts in narration)
        gender = gender or _gender(forms, whole)
        result.append(Person(key, tuple(forms), gender, age))
    return result


def _introduced_as(people: list[Person], narration: list[list[str]]) -> dict[str, list[str]]:
    """ "a dear little girl … was always called Little Red-Cap": girl and child are Red-Cap."""
    found: dict[str, list[str]] = {}
    for person in people:
        pattern = re.compile("|".join(re.escape(form) for form in person.forms))
        for texts in narration:
            text = " ".join(texts)
            named = next((match for match in pattern.finditer(text) if _CALLED.search(text[: match.start()])), None)
            if named is None:
                continue
            introduction = next(
                (
                    m
                    for m in _ROLE_PHRASE.finditer(text[: named.start()])
                    if m.group("determiner") in ("a", "A", "an", "the", "one")
                ),
                None,
            )
            if introduction is None:
                continue
            role = introduction.group("role").casefold()
            words = [
                word for word in introduction.group("adjectives").casefold().split() if word in lexicon.ROLE_ADJECTIVES
            ]
            forms = [f"{words[-1]} {role}", role] if words else [role]
            if role in _YOUNG and sum(1 for other in people if other.is_named) <= 3:
                forms.append("child")
            found[person.name] = list(dict.fromkeys(forms))
            break
    return found

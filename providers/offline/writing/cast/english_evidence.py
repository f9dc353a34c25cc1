"""Counts how an English text uses capitalised names and role nouns: as speakers, subjects or places."""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from providers.offline.writing import lexicon_en as lexicon
from providers.offline.writing.cast.occurrences import Occurrences
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
ROLE_PHRASE = re.compile(
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
_I = re.compile(r"(?<![\w’'])I(?=[\s’',])(?!\.)")


def _counters() -> defaultdict[str, Counter[str]]:
    return defaultdict(Counter)


@dataclass
class NameUses:
    """Counts per capitalised word group: all uses, uses within a sentence, as an actor, as a speaker, as a place."""

    total: Counter[str] = field(default_factory=Counter)
    inside: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    speaks: Counter[str] = field(default_factory=Counter)
    place: Counter[str] = field(default_factory=Counter)
    possessive: Counter[str] = field(default_factory=Counter)


@dataclass
class Evidence:
    """narration: each paragraph's; roles: total, speaks and acts by role; modifiers: adjectives by a role's head.

    i_count: how often the narration says I; words: how many it has.
    """

    narration: list[list[str]]
    names: NameUses = field(default_factory=NameUses)
    roles: defaultdict[str, Counter[str]] = field(default_factory=_counters)
    modifiers: defaultdict[str, Counter[str]] = field(default_factory=_counters)
    i_count: int = 0
    words: int = 0

    @functools.cached_property
    def whole(self) -> str:
        return "\n".join(" ".join(texts) for texts in self.narration)

    @functools.cached_property
    def occurrences(self) -> Occurrences:
        return Occurrences(self.whole)


def see(paragraphs: Sequence[Sequence[Span]]) -> Evidence:
    """Collects the evidence of a text; of speeches only vocatives (names addressed) count."""
    evidence = Evidence([[span.text for span in spans if not span.is_speech] for spans in paragraphs])
    for spans in paragraphs:
        for index, span in enumerate(spans):
            if span.is_speech:
                _see_vocatives(span.text, evidence.names)
                continue
            evidence.i_count += len(_I.findall(span.text))
            evidence.words += span.text.count(" ") + 1
            after_speech = index > 0 and spans[index - 1].is_speech
            _see_names(span.text, evidence.names, after_speech=after_speech)
            _see_roles(span.text, evidence, after_speech=after_speech)
    return evidence


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


def _see_names(text: str, names: NameUses, *, after_speech: bool) -> None:
    for match in _CAPITALISED.finditer(text):
        start = match.start()
        group, end = _with_title(match, text)
        opens = bool(_SENTENCE_START.search(text[:start][-6:])) and not (after_speech and start == 0)
        after, before = text[end : end + 90], text[max(0, start - 60) : start]
        is_said, says = bool(_SAID_BEFORE.search(before)), bool(_SAYS_AFTER.match(after))
        name = _clean_name(group, opens_sentence=opens)
        if group in lexicon.NAMES_TOO and (is_said or (after_speech and says)):
            name = group  # said Will
        if len(name) < 2:
            continue
        names.total[name] += 1
        names.inside[name] += not opens or " " in name
        names.speaks[name] += is_said or (says and ("," in after or ":" in after or after_speech))
        names.acts[name] += bool(_ACTS_AFTER.match(after))
        names.possessive[name] += bool(re.match(r"[’']s\b", after)) or group.endswith(("’s", "'s"))
        names.place[name] += bool(_PLACE_BEFORE.search(before))


def _with_title(match: re.Match[str], text: str) -> tuple[str, int]:
    """The word group and its end. A title belongs to the name after it; any other full stop ends the sentence."""
    group, end = match.group(), match.end()
    if not group.endswith("."):
        return group, end
    if group.rstrip(".") not in lexicon.TITLES:
        return group, end - 1
    following = re.match(r"\s+[A-Z][\w-]*(?:\s+[A-Z][\w-]*)*", text[end:])
    return (group + following.group(), end + following.end()) if following else (group, end)


def _see_vocatives(text: str, names: NameUses) -> None:
    for match in re.finditer(rf"(?:^|,\s+)((?:(?:{_TITLES})\.?\s+)?[A-Z][a-z]+(?:[ -][A-Z][a-z]+)*)(?=[,.!?])", text):
        name = _clean_name(match.group(1), opens_sentence=True)
        if name and (match.start() > 0 or match.group(1).startswith(tuple(lexicon.TITLES))):
            names.possessive[name] += 1


def _see_roles(text: str, evidence: Evidence, *, after_speech: bool) -> None:
    for match in ROLE_PHRASE.finditer(text):
        if _is_no_role(match, text):
            continue
        role = match.group("role").casefold()
        known = [word for word in match.group("adjectives").casefold().split() if word in lexicon.ROLE_ADJECTIVES]
        counter = evidence.roles[f"{known[-1]} {role}" if known and role in lexicon.GENERIC_ROLES else role]
        counter["total"] += 1
        if known:
            evidence.modifiers[role][known[-1]] += 1
        if match.group("possessive"):
            continue
        after, before = text[match.end() : match.end() + 90], text[max(0, match.start() - 40) : match.start()]
        is_tag = after_speech or re.search(r"[,:]\s*$", text) is not None
        says = re.match(rf"\s+(?:[a-z]+ly\s+)?(?:{_SAY})\b[^.;]*[,:.]", after) is not None
        counter["speaks"] += bool(_SAID_BEFORE.search(before)) or (says and is_tag)
        counter["acts"] += bool(_ACTS_AFTER.match(after)) and not re.search(r"\b(?:of|for|with|to|than)\s+$", before)


def _is_no_role(match: re.Match[str], text: str) -> bool:
    """Whether the word is not a role: part of a name (King Arthur), or a generic noun without an article."""
    role, has_capital = match.group("role"), match.group("role")[0].isupper()
    if has_capital:
        return re.match(r"\s+[A-Z]", text[match.end() :]) is not None
    return not match.group("determiner") and role.casefold() in lexicon.GENERIC_ROLES

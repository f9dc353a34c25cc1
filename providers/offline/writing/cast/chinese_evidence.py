"""Counts how a Chinese text uses its words for people: all uses, at the start of a clause, in a speech tag."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import rjieba

from providers.offline.writing import lexicon_zh as lexicon
from providers.offline.writing.language import split_sentences
from providers.offline.writing.quotes import Span

PERSON_TAGS = ("nr", "nrt", "nrfg")  # of the dictionary, for names of people
_HAN = "[\u3400-\u9fff]"
_TAG = re.compile(
    rf"(?:^|[，。！？…；：“”「」\s—])(?P<name>(?:阿[A-Z]|{_HAN}{{2,4}}?|欧阳{_HAN}{{1,2}}))"
    rf"(?:对着?.{{1,6}}|向着?.{{1,6}}|{lexicon.TAG_FILLER})*{lexicon.SPEECH_VERB}(?:[，：:。！？]|$)"
)
_AFTER_TAG = re.compile(
    rf"^(?P<name>(?:阿[A-Z]|{_HAN}{{2,4}}?)){lexicon.TAG_FILLER}*{lexicon.SPEECH_VERB}(?:[，：:。]|着|$)"
)
_SURNAMED = re.compile(
    rf"(?:^|[，。！？…；：“”「」\s、—和与跟对向被把叫给问])"
    rf"(?P<name>(?:{'|'.join(lexicon.COMPOUND_SURNAMES)}){_HAN}{{1,2}}|[{''.join(sorted(lexicon.SURNAMES))}]{_HAN}{{1,2}})"
)
NICKNAME = re.compile(
    rf"(?:阿[A-Z]|阿{_HAN}|小[{''.join(sorted(lexicon.SURNAMES))}]|老[{''.join(sorted(lexicon.SURNAMES))}])(?={_HAN}|[，。：])"
)
_TITLED = re.compile(rf"(?:{_HAN}{{1,2}})(?:{'|'.join(sorted(lexicon.TITLE_TAILS, key=len, reverse=True))})")
_ROLE = re.compile("|".join(sorted(map(re.escape, lexicon.ROLES), key=lambda word: (-len(word), word))) + "")
_LEADS_ON = re.compile(rf"(?:{lexicon.SPEECH_VERB}|[\u3400-\u9fff])[：:]$|{lexicon.SPEECH_VERB}[，,]$")
_SELF = re.compile(r"(?<!自)我(?!们|国|军)")
_YI = re.compile(r"伊(?![尹藤斯拉朗索莉丽])")


@dataclass
class Uses:
    """Counts of a word: all uses, uses at the start of a clause, uses as the speaker of a speech tag."""

    total: Counter[str] = field(default_factory=Counter)
    subject: Counter[str] = field(default_factory=Counter)
    speech: Counter[str] = field(default_factory=Counter)

    def see(self, word: str, *, is_subject: bool = False) -> None:
        self.total[word] += 1
        self.subject[word] += is_subject


@dataclass
class Evidence:
    """The evidence of a text: uses of names and roles, and words that look like names by surname or title.

    whole: the narration; self_count, yi_count: how often it says 我 and 伊.
    """

    whole: str
    names: Uses = field(default_factory=Uses)
    roles: Uses = field(default_factory=Uses)
    surnamed: Counter[str] = field(default_factory=Counter)
    titled: Counter[str] = field(default_factory=Counter)
    self_count: int = 0
    yi_count: int = 0
    narrated: int = 0


def see(paragraphs: Sequence[Sequence[Span]]) -> Evidence:
    """Collects the evidence of a text; the content of speeches is ignored."""
    evidence = Evidence("\n".join(span.text for spans in paragraphs for span in spans if not span.is_speech))
    for spans in paragraphs:
        for index, span in enumerate(spans):
            if not span.is_speech:
                _see_narration(span.text, evidence)
                _see_tags(index, spans, evidence)
    _see_tokens(evidence.whole, evidence.names)
    return evidence


def _see_narration(text: str, evidence: Evidence) -> None:
    evidence.narrated += len(text)
    evidence.self_count += len(_SELF.findall(text))
    evidence.yi_count += len(_YI.findall(text))
    _see_roles(text, evidence.roles)
    for match in _SURNAMED.finditer(text):
        name = match.group("name")
        evidence.surnamed.update([name, name[:-1]] if len(name) > 2 else [name])
    evidence.titled.update(match.group() for match in _TITLED.finditer(text))
    for match in NICKNAME.finditer(text):
        evidence.names.see(match.group())


def _see_roles(text: str, roles: Uses) -> None:
    if not _ROLE.search(text):
        return
    ends, starts, cursor = set(), set(), 0
    for token in rjieba.cut(text):
        starts.add(cursor)
        cursor += len(token)
        ends.add(cursor)
    for match in _ROLE.finditer(text):
        word = match.group()
        follows = text[match.end() : match.end() + 1]
        if follows == "们" or match.end() not in ends or (len(word) == 1 and match.start() not in starts):
            continue
        clause = re.split(r"[，。！？；：…“”]", text[: match.start()])[-1]
        lead = lexicon.CLAUSE_START.match(clause)
        is_subject = (lead is not None and lead.end() == len(clause)) or bool(
            re.search(r"[出来有了是]一[个位名]$|又来了$", clause)
        )
        roles.see(word, is_subject=is_subject and follows != "的")


def _see_tags(index: int, spans: Sequence[Span], evidence: Evidence) -> None:
    """Counts the speakers named just before or after a quotation. index: of a narration span in the paragraph."""
    for word in (*_tagged_before(index, spans), *_tagged_after(index, spans)):
        role = next((match.group() for match in _ROLE.finditer(word) if match.end() == len(word)), None)
        if role:
            evidence.roles.speech[role] += 1
        if not role or (role != word and word[0] in lexicon.SURNAMES):
            evidence.names.speech[word] += 1


def _tagged_before(index: int, spans: Sequence[Span]) -> list[str]:
    """The speakers named by a narration before a quotation."""
    text = spans[index].text
    if index + 1 >= len(spans) and not text.endswith(("：", ":")):
        return []
    found: list[str] = [match.group("name") for match in _TAG.finditer(text[-60:])]
    if found or not _LEADS_ON.search(text):
        return found
    # 紫鹃端着茶走进来，笑道： – who opens the sentence speaks, where the tag itself names nobody.
    opening = _last_sentence_opening(text)
    if opening is None:
        return []
    is_tag = not re.search(r"[，；]", text[:-1])  # 袭人在门外叫道： – one clause, so it is a tag itself
    return [opening] if is_tag or _is_person(opening) else []


def _is_person(word: str) -> bool:
    return word[0] in lexicon.SURNAMES or rjieba.tag(word)[0][1] in PERSON_TAGS or word in lexicon.ROLES


def _tagged_after(index: int, spans: Sequence[Span]) -> list[str]:
    """The speakers named by a narration after a quotation."""
    if not index:
        return []
    if match := _AFTER_TAG.match(spans[index].text):
        return [match.group("name")]
    if spans[index - 1].is_speech and (match := NICKNAME.match(spans[index].text)):
        return [match.group()]  # “……”阿海站起来
    return []


def _last_sentence_opening(text: str) -> str | None:
    """The first word of the sentence before a quotation, if it may be a name."""
    sentence = split_sentences(text[-120:], "zh")[-1]
    tokens = rjieba.tag(sentence[:24])
    while tokens and tokens[0][1] in ("c", "d", "x", "t", "r", "f", "p"):
        tokens = tokens[1:]
    if not tokens:
        return None
    word, tag = tokens[0]
    if len(word) == 1 and word in lexicon.SURNAMES and len(tokens) > 1 and len(tokens[1][0]) <= 2:
        word += tokens[1][0]
        tag = "nr"
    word = _without_verb(word)
    if tag in PERSON_TAGS or (tag in ("n", "nz", "x") and len(word) in (2, 3)):
        return word
    return word if word in lexicon.ROLES or word.endswith(tuple(lexicon.TITLE_TAILS)) else None


def _without_verb(word: str) -> str:
    """紫鹃 of 紫鹃端: the tokenizer sometimes appends the following verb to a name."""
    while len(word) > 2 and (word[-1] in lexicon.NOT_NAME_TAILS or word[-1] in "端吐掏捧跪探接喝吃住停愣躲搀牵"):
        word = word[:-1]
    return word


def _see_tokens(whole: str, names: Uses) -> None:
    before = ""
    for line in whole.split("\n"):
        for token, tag in rjieba.tag(line):
            if tag in PERSON_TAGS and 2 <= len(token) <= 5 and re.fullmatch(rf"{_HAN}+(?:·{_HAN}+)*", token):
                names.see(_without_verb(token), is_subject=before in "，。！？…；：“”」 \n—" or before == "")
            before = token
        before = ""

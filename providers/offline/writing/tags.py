"""Speech tags around a quotation: the speaker they name, and the narration without them."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from providers.offline.writing import lexicon_en, lexicon_zh
from providers.offline.writing.language import is_spoken, split_clauses, split_sentences
from providers.offline.writing.people import Cast, Mention

_ZH_VERB = re.compile(lexicon_zh.SPEECH_VERB)
_ZH_TAIL = re.compile(lexicon_zh.SPEECH_VERB + r"(?:着|了|道)?(?:[他她伊我](?!们))?(?:说|道)?[，：:]?\s*$|[：:]\s*$")
_ZH_VOICE = re.compile(r"的(?:声音|嗓音|话音)")
_EN_SAY = "|".join(sorted(lexicon_en.SPEECH_VERBS, key=len, reverse=True))
_EN_VERB = re.compile(rf"\b(?:{_EN_SAY})\b", re.IGNORECASE)
_EN_OBJECTIVE = frozenset(("him", "her", "his"))
_TO_BEFORE = re.compile(
    r"\b(?:to|of|with|from|at|for|by|than|after|asked|told)\s+(?:(?:the|a|an|his|her|my|their|old|little|own)\s+)*$",
    re.IGNORECASE,
)
ZH_OBJECT_BEFORE = re.compile(
    r"(?:对着?|向着?|跟|和|同|与|朝|问|把|被|给|叫|告诉|[扶看望拉着]|(?<!只)见)(?:那个?|这个?|一个)?$"
)
_REPLY = re.compile(r"^(?:was|came) (?:the|his|her) (?:reply|answer|response)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """The speaker (a name or an unresolved pronoun) and the hearer of a tag, if stated."""

    speaker: Mention | None
    addressee: Mention | None = None


def is_reply(narration: str) -> bool:
    """Whether the narration is "was the reply", which means the previous hearer."""
    return bool(_REPLY.match(narration))


def is_nominative(mention: Mention, text: str, language: str) -> bool:
    """Whether the mention may be the subject of its clause."""
    before, after = text[: mention.start], text[mention.end : mention.end + 2]
    if language == "zh":
        return not ZH_OBJECT_BEFORE.search(before[-4:]) and not after.startswith("的")
    if mention.pronoun in _EN_OBJECTIVE or after in ("'s", "’s"):
        return False
    return not _TO_BEFORE.search(before[-40:])


def find_after(narration: str, cast: Cast) -> Tag | None:
    """The tag that follows a quotation: "…" said he; "…" the old man cried; “……”车夫说。"""
    return _zh_after(narration, cast) if cast.language == "zh" else _en_after(narration, cast)


def _zh_after(narration: str, cast: Cast) -> Tag | None:
    clause = (split_clauses(split_sentences(narration, "zh")[0], "zh") or [""])[0][:24]
    verb = _ZH_VERB.search(clause) or _ZH_VOICE.search(clause)
    first = next(iter(cast.mentions(clause)), None)
    if verb is None or first is None or first.start > 8 or first.end > verb.start():
        return None
    lead = lexicon_zh.CLAUSE_START.match(clause)
    return Tag(first) if lead and lead.end() >= first.start else None


def _en_after(narration: str, cast: Cast) -> Tag | None:
    # The full stop of Dr. or of an initial does not end a sentence.
    clause = re.split(r"[;!?:]", (split_sentences(narration[:160], "en") or [""])[0])[0].rstrip(".")[:110]
    verb = _EN_VERB.search(clause[:45])
    mentions = [mention for mention in cast.mentions(clause) if mention.pronoun not in _EN_OBJECTIVE]
    if verb is None or not mentions:
        return None
    speaker = _before_verb(verb, mentions)
    if speaker is not None and is_nominative(speaker, clause, "en"):
        return Tag(speaker, _addressee(clause, verb.end(), cast))
    speaker = _behind_verb(verb, mentions)
    is_owner = speaker is not None and clause[speaker.end : speaker.end + 2] in ("'s", "’s")
    return None if speaker is None or is_owner else Tag(speaker, _addressee(clause, speaker.end, cast))


def _before_verb(verb: re.Match[str], mentions: Sequence[Mention]) -> Mention | None:
    """The last mention before the verb, close to it and to the quotation: the old man cried."""
    near = [mention for mention in mentions if mention.end <= verb.start() <= mention.end + 25 and mention.start <= 25]
    return near[-1] if near else None


def _behind_verb(verb: re.Match[str], mentions: Sequence[Mention]) -> Mention | None:
    """The first mention after a verb at the start: said he."""
    if verb.start() > 12:
        return None
    return next((mention for mention in mentions if verb.end() <= mention.start <= verb.end() + 32), None)


def find_before(narration: str, cast: Cast) -> Tag | None:
    """The tag before a quotation; its speaker is None where it names nobody."""
    sentences = split_sentences(narration, cast.language)
    if not sentences:
        return None
    sentence = sentences[-1]
    if cast.language == "zh":
        if not _ZH_TAIL.search(sentence):
            return None
        return Tag(_zh_subject(sentence, cast), _zh_addressee(sentence, cast))
    if not re.search(r"[,:—-]\s*$", sentence):
        return None
    verbs = [
        match
        for match in _EN_VERB.finditer(sentence)
        if not re.search(r"[.;!?]", sentence[match.end() :]) and len(sentence) - match.end() <= 70
    ]
    if not verbs:
        return None
    verb = verbs[-1]
    subjects = [m for m in cast.mentions(sentence[: verb.start()]) if is_nominative(m, sentence, "en")]
    return Tag(subjects[-1] if subjects else None, _addressee(sentence, verb.end(), cast))


def _zh_subject(sentence: str, cast: Cast) -> Mention | None:
    """The mention that opens the nearest clause before the quotation; 问伊说 has none."""
    start = len(sentence)
    for clause in reversed(split_clauses(sentence, "zh")):
        start = sentence.rfind(clause, 0, start)
        lead = lexicon_zh.CLAUSE_START.match(clause)
        for mention in cast.mentions(clause):
            if lead and mention.start <= lead.end() and is_nominative(mention, clause, "zh"):
                return mention
            break
    return None


def _zh_addressee(sentence: str, cast: Cast) -> Mention | None:
    clause = (split_clauses(sentence, "zh") or [""])[-1]
    found = [
        m for m in cast.mentions(clause) if re.search(r"(?:对着?|向着?|跟|和|同|与|朝|问|近)$", clause[: m.start][-3:])
    ]
    return found[-1] if found else None


def _addressee(clause: str, start: int, cast: Cast) -> Mention | None:
    rest = clause[start:]
    for mention in cast.mentions(rest):
        if re.search(
            r"(?:\bto\s+(?:(?:the|a|his|her|my|their|old|little)\s+)*|^\s+(?:the\s+)?)$", rest[: mention.start]
        ):
            return Mention(start + mention.start, start + mention.end, mention.person, mention.pronoun)
    return None


@functools.lru_cache(maxsize=4)
def _pure_tags(cast_key: tuple[str, tuple[str, ...]]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of a clause that only names the speaker: (before a quotation, after it)."""
    language, forms = cast_key
    words = "|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
    if language == "zh":
        who = rf"(?:(?:那个?|这个?|一个|旁边的)?(?:{words}|[他她伊我你它]|自己|大家))"
        verbs = rf"(?:{lexicon_zh.SPEECH_VERB}{who}?)+"
        body = rf"{who}?(?:{lexicon_zh.TAG_FILLER}|(?:对着?|向着?|朝|跟|和|同|与){who})*{verbs}"
        lead = r"(?:于是|接着|然后|这时|忽然|—|却|便|又)*"
        return re.compile(rf"^{lead}{body}[，：:。]*$"), re.compile(rf"^{body}[，：:。！]*$")
    determiner = r"(?:(?:the|a|an|his|her|my|their|our|old|young|little|poor|good|aged)\s+)*"
    who = rf"(?:{determiner}(?:{words}|he|she|it|they|I|him|her|them|me|himself|herself|itself|myself))"
    ly = r"(?:\s+(?:[a-z]+ly|again|aloud|then|at\s+last|at\s+once|out|in\s+turn))*"
    say = rf"(?:had\s+)?(?:{_EN_SAY})(?:\s+out)?"
    to = rf"(?:\s+(?:to\s+)?{who})?"
    lead = r"(?:(?:and|then|so|but|at\s+last|again|however|also|thereupon)[, ]\s*)*"
    before = rf"^{lead}(?:{who}{ly}\s+)?{say}{to}{ly}[,:.—-]*$"
    reply = r"(?:was|came)\s+(?:the|his|her)\s+(?:reply|answer|response)"
    after = rf"^(?:{say}\s+{who}{to}{ly}|{who}{ly}\s+{say}{to}{ly}|{reply})[,:.!—-]*$"
    return re.compile(before, re.IGNORECASE), re.compile(after, re.IGNORECASE)


def _patterns(cast: Cast) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return _pure_tags((cast.language, cast.forms))


def without_tag_before(narration: str, cast: Cast) -> str:
    """The narration before a quotation, without a last clause that is only a tag."""
    before, _ = _patterns(cast)
    sentences = split_sentences(narration, cast.language)
    if not sentences:
        return narration
    clauses = split_clauses(sentences[-1], cast.language)
    if not before.match(clauses[-1].strip()):
        return narration
    position = narration.rfind(clauses[-1])
    return _closed(narration[:position].rstrip(), cast.language)


def without_tag_after(narration: str, cast: Cast) -> str:
    """The narration after a quotation, without a first sentence that is only a tag."""
    _, after = _patterns(cast)
    first = split_sentences(narration, cast.language)[:1]
    if first and after.match(first[0].strip()):
        return narration[narration.find(first[0]) + len(first[0]) :].strip()
    return narration


def _closed(text: str, language: str) -> str:
    if not is_spoken(text):
        return ""
    bare = re.sub(r"(?:\s+(?:and|but|so))$", "", text.rstrip("，、；：,;:—- "))
    if bare and bare[-1] not in '。！？…”」.!?"':
        return bare + ("。" if language == "zh" else ".")
    return bare

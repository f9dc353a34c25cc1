"""Finds the speaker and hearer of each speech by its tag, by turns of talk and by resolved pronouns."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from providers.offline.writing import lexicon_zh, tags
from providers.offline.writing.speech import Speech, called_by_name


@dataclass(frozen=True)
class Said:
    """The speaker of a speech, and the hearer if the tag names one. is_inferred: not stated in the text."""

    speaker: str
    addressee: str | None = None
    is_inferred: bool = False


def who_says(speech: Speech) -> Said | None:
    """The speaker by the first rule that matches; None where there is no possible speaker."""
    return next((said for rule in _SPEAKERS if (said := rule(speech)) is not None), None)


def who_hears(speech: Speech, said: Said) -> str | None:
    """The hearer by the first rule that matches."""
    if said.addressee:
        return said.addressee
    return next((heard for rule in _HEARERS if (heard := rule(speech, said.speaker))), None)


# ---------------------------------------------------------------- speakers


def by_another_tag(speech: Speech) -> Said | None:
    """Another speaker named by the tag after a later speech of the paragraph: "…," said Anna. "…," said Tom.

    A tag that introduces the next speech belongs to that speech, unless this speech ends with a comma. A sentence that
    a tag only interrupts has one speaker: "…," said Tom, "…."
    """
    after, before, later = speech.words_after, speech.before, speech.later
    if speech.said_here is None or after is None:
        return None
    if before is not None and before.text.rstrip().endswith((",", "，")):
        return None
    leads_on = later is not None and later.is_speech and after.rstrip().endswith((":", "：", ",", "，"))
    if leads_on and not speech.text.rstrip().endswith((",", "，")):
        return None
    tag = speech.trailing
    person = tag.speaker.person if tag is not None and tag.speaker is not None else None
    return Said(person, speech.said_here) if person and person != speech.said_here else None


def by_deed_after(speech: Speech) -> Said | None:
    """The person who acts right after the speech (“……”阿海站起来), unless a tag introduces the speech."""
    after, before = speech.words_after, speech.words_before
    if speech.cast.language != "zh" or after is None:
        return None
    if before is not None and not before.rstrip().endswith(("。", "！", "？", "…")):
        return None
    first = next(iter(speech.cast.mentions(after[:16])), None)
    if first is None or first.start > 0 or first.person in (None, speech.vocative, speech.said_here):
        return None
    rest = after[first.end : first.end + 12]
    return Said(first.person) if first.person and _tells_a_deed(rest) else None


def _tells_a_deed(words: str) -> bool:
    """Whether the words after a name describe an action of a speaker, not of a hearer."""
    if re.match(r"(?:的|和|与|跟|、|们|也|却|没|不|便?就?听|愣|怔|吓|点|摇|接过)", words):
        return False
    return lexicon_zh.VISIBLE_VERBS.search(re.split(r"[，。！？；]", words)[0]) is not None


def by_own_tag_between(speech: Speech) -> Said | None:
    """The previous speaker, who continues after a tag: "…," said Tom, "…"."""
    said_here, before = speech.said_here, speech.words_before
    if said_here is None or before is None or tags.without_tag_after(before, speech.cast):
        return None
    return None if _names_another(speech.leading, said_here) else Said(said_here)


def _names_another(tag: tags.Tag | None, said_here: str) -> bool:
    """Whether a tag between two speeches introduces the second one: 老张说：“……”秀英答道：“……”"""
    return tag is not None and tag.speaker is not None and tag.speaker.person not in (None, said_here)


def by_leading_tag(speech: Speech) -> Said | None:
    """The speaker named by the tag before the speech; the last actor where it names nobody."""
    tag, talk, cast = speech.leading, speech.talk, speech.cast
    if tag is None:
        return None
    subject = talk.subject if talk.subject != speech.vocative else None
    speaker = talk.name_of(tag.speaker, cast, (speech.vocative,)) or subject
    return Said(speaker, talk.name_of(tag.addressee, cast, (speaker,))) if speaker is not None else None


def by_trailing_tag(speech: Speech) -> Said | None:
    """The speaker named by the tag after the speech."""
    tag, talk, cast = speech.trailing, speech.talk, speech.cast
    speaker = talk.name_of(tag.speaker, cast, (speech.vocative,)) if tag is not None else None
    if tag is None or not speaker:
        return None
    return Said(speaker, talk.name_of(tag.addressee, cast, (speaker,)))


def by_paragraph(speech: Speech) -> Said | None:
    """The previous speaker of the paragraph, if only narration lies between."""
    if speech.said_here is None or speech.words_before is None:
        return None
    return Said(speech.said_here)


def by_subject_before(speech: Speech) -> Said | None:
    """The actor of the narration before the speech."""
    subject = speech.talk.subject
    if speech.words_before is None or speech.is_answer or not subject or subject in speech.others:
        return None
    return Said(subject, is_inferred=True)


def by_subject_after(speech: Speech) -> Said | None:
    """The actor of the narration right after the speech."""
    after, cast = speech.words_after, speech.cast
    if after is None or speech.is_answer:
        return None
    acting = next((m for m in cast.mentions(after[:30]) if tags.is_nominative(m, after, cast.language)), None)
    speaker = speech.talk.name_of(acting, cast, (speech.vocative,))
    return Said(speaker, is_inferred=True) if speaker and speaker not in speech.others else None


def by_turn(speech: Speech) -> Said | None:
    """The hearer of the previous speech, who answers; else the last person mentioned."""
    talk = speech.talk
    turns: list[str | None] = [talk.subject, *reversed(talk.recent)]
    if speech.number - talk.speech_paragraph <= 2:
        turns = [talk.addressee, *(name for name in reversed(talk.recent) if name != talk.speaker), talk.speaker]
    speaker = next((name for name in turns if name and name not in speech.others), None)
    return Said(speaker, is_inferred=True) if speaker else None


_SPEAKERS: tuple[Callable[[Speech], Said | None], ...] = (
    by_another_tag,
    by_deed_after,
    by_own_tag_between,
    by_leading_tag,
    by_trailing_tag,
    by_paragraph,
    by_subject_before,
    by_subject_after,
    by_turn,
)


# ---------------------------------------------------------------- hearers


def hearer_called(speech: Speech, speaker: str) -> str | None:
    """The person addressed by name."""
    return called_by_name(speech.text, speech.cast, speaker)


def hearer_answered(speech: Speech, speaker: str) -> str | None:
    """The previous speaker."""
    talk = speech.talk
    is_answer = talk.speaker not in (None, speaker) and speech.number - talk.speech_paragraph <= 1
    return talk.speaker if is_answer else None


def hearer_kept(speech: Speech, speaker: str) -> str | None:
    """The hearer of the same speaker's previous speech."""
    talk = speech.talk
    return talk.addressee if talk.speaker == speaker and talk.addressee != speaker else None


def hearer_narrator(speech: Speech, speaker: str) -> str | None:
    """The first-person narrator, if the speech says you."""
    narrator = speech.cast.narrator.name if speech.cast.narrator else None
    return narrator if narrator != speaker and re.search(r"你|\byou\b", speech.text) else None


def hearer_near(speech: Speech, speaker: str) -> str | None:
    """The last actor or person mentioned."""
    talk = speech.talk
    return next((name for name in (talk.subject, *reversed(talk.recent)) if name not in (None, speaker)), None)


_HEARERS: tuple[Callable[[Speech, str], str | None], ...] = (
    hearer_called,
    hearer_answered,
    hearer_kept,
    hearer_narrator,
    hearer_near,
)

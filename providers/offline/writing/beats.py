"""Splits a story into beats, each spoken by one voice: narration without speech tags, and speeches with speakers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from providers.offline.writing import lexicon_zh, tags
from providers.offline.writing.language import is_spoken, split_sentences
from providers.offline.writing.people import Cast
from providers.offline.writing.quotes import Span
from providers.offline.writing.speakers import who_hears, who_says
from providers.offline.writing.speech import Speech
from providers.offline.writing.talk import Talk

Marks = tuple[tuple[int, str, bool], ...]

_SAID_THIS = re.compile(
    r"\bsaid (?:this|that|these words|so)\b|^(?:[^，。]{0,8})(?:说完|说罢|说着|话音)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Beat:
    """A part of the story spoken by one voice. speaker None: the narrator. people: the names of the people mentioned.

    marks: where each person is mentioned and whether as the subject of a clause, with pronouns resolved.
    """

    text: str
    speaker: str | None
    paragraph: int
    people: tuple[str, ...] = ()
    is_inferred: bool = False
    marks: Marks = ()


@dataclass(frozen=True)
class _Paragraph:
    """A paragraph. number: within the whole text; previous, following: its neighbours."""

    spans: Sequence[Span]
    number: int
    previous: Sequence[Span] = ()
    following: Sequence[Span] = ()

    def span(self, index: int) -> Span | None:
        return self.spans[index] if 0 <= index < len(self.spans) else None


@dataclass
class _Story:
    """The beats found so far."""

    cast: Cast
    talk: Talk = field(default_factory=Talk)
    beats: list[Beat] = field(default_factory=list)


def find_beats(paragraphs: Sequence[Sequence[Span]], cast: Cast, first_paragraph: int = 0) -> list[Beat]:
    """The beats of consecutive paragraphs, in order; a speech without any possible speaker becomes narration."""
    story = _Story(cast)
    for index, spans in enumerate(paragraphs):
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else ()
        previous = paragraphs[index - 1] if index else ()
        _read_paragraph(_Paragraph(spans, first_paragraph + index, previous, following), story)
    return story.beats


def _read_paragraph(paragraph: _Paragraph, story: _Story) -> None:
    said_here: str | None = None
    for index, span in enumerate(paragraph.spans):
        if not span.is_speech:
            _read_narration(paragraph, index, story)
            continue
        speech = Speech(
            text=span.text,
            cast=story.cast,
            talk=story.talk,
            number=paragraph.number,
            before=paragraph.span(index - 1),
            after=paragraph.span(index + 1),
            later=paragraph.span(index + 2),
            said_here=said_here,
            previous=paragraph.previous,
            following=paragraph.following,
        )
        said_here = _read_speech(speech, story) or said_here


# ---------------------------------------------------------------- speech


def _read_speech(speech: Speech, story: _Story) -> str | None:
    """Adds the beat of a speech; returns its speaker."""
    said = who_says(speech)
    if said is None:
        story.beats.append(Beat(f"“{speech.text}”", None, speech.number, _named(speech.text, speech.cast)))
        return None
    speaker, heard, talk = said.speaker, who_hears(speech, said), story.talk
    people = tuple(dict.fromkeys((speaker, *((heard,) if heard else ()))))
    text = _ended(speech.text, speech.cast.language, goes_on=speech.goes_on)
    talk.speaker, talk.addressee, talk.speech_paragraph = speaker, heard, speech.number
    talk.mention(speaker)
    story.beats.append(Beat(text, speaker, speech.number, people, said.is_inferred))
    return speaker


def _ended(speech: str, language: str, *, goes_on: bool) -> str:
    """The speech with a full stop instead of a last comma that only leads into the tag."""
    if goes_on or speech[-1:] not in ",，;；":
        return speech
    return speech[:-1] + ("。" if language == "zh" else ".")


def _named(text: str, cast: Cast) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.person for mention in cast.mentions(text) if mention.person))


# ---------------------------------------------------------------- narration


def _read_narration(paragraph: _Paragraph, index: int, story: _Story) -> None:
    """Adds the beats of a narration without its speech tags; people named in removed tags still count as mentioned."""
    text, cast = paragraph.spans[index].text, story.cast
    if _says_who_spoke(text, is_first=index == 0):
        _reassign(text[:60], story)
    kept = _without_tags(paragraph, index, cast)
    followed = {sentence: _follow(sentence, story) for sentence in split_sentences(text, cast.language)}
    for sentence in split_sentences(kept, cast.language):
        if is_spoken(sentence):
            marks = _marks_of(sentence, followed)
            people = tuple(dict.fromkeys(name for _, name, _ in marks))
            story.beats.append(Beat(sentence, None, paragraph.number, people, marks=marks))


def _says_who_spoke(text: str, *, is_first: bool) -> bool:
    """Whether the narration after a speech names its speaker, as in "scarcely had the wolf said this"."""
    match = _SAID_THIS.search(text[:60])
    return match is not None and (not is_first or match.start() < 40)


def _without_tags(paragraph: _Paragraph, index: int, cast: Cast) -> str:
    """The narration without speech tags of the speeches before it, after it or in the next paragraph."""
    kept = paragraph.spans[index].text
    before, after = paragraph.span(index - 1), paragraph.span(index + 1)
    if before is not None and before.is_speech:
        kept = tags.without_tag_after(kept, cast)
    leads_on = after.is_speech if after is not None else _leads_on(kept, paragraph.following)
    return tags.without_tag_before(kept, cast) if leads_on and kept else kept


def _leads_on(text: str, following: Sequence[Span]) -> bool:
    return bool(following) and following[0].is_speech and text.rstrip().endswith((":", "：", "，", ","))


def _marks_of(sentence: str, followed: dict[str, Marks]) -> Marks:
    """The marks of a sentence, or of the sentence that starts with it."""
    if sentence in followed:
        return followed[sentence]
    whole = next((known for known in followed if known[:8] == sentence[:8]), "")
    return tuple(mark for mark in followed.get(whole, ()) if mark[0] < len(sentence))


def _follow(sentence: str, story: _Story) -> Marks:
    """Records the people mentioned; a pronoun refers to the last matching subject, else to the last matching person."""
    cast, talk = story.cast, story.talk
    marks: list[tuple[int, str, bool]] = []
    subject: str | None = None
    for mention in cast.mentions(sentence):
        is_subject = tags.is_nominative(mention, sentence, cast.language)
        prefer = (subject, talk.subject) if is_subject else (talk.subject,)
        name = mention.person or talk.resolve(mention, cast, prefer=prefer)
        if name is None:
            continue
        marks.append((mention.start, name, is_subject))
        talk.mention(name)
        if subject is None and is_subject:
            subject = name
    if subject is not None:
        talk.subject = subject
    return tuple(marks)


def _reassign(text: str, story: _Story) -> None:
    """Corrects a guessed speaker by later narration, as in "…" – scarcely had the wolf said this."""
    beats = story.beats
    said = next((mention.person for mention in story.cast.mentions(text) if mention.person), None)
    guessed = beats[-1].speaker if beats and beats[-1].is_inferred else None
    if said is None or guessed is None or guessed == said:
        return
    if re.search(r"说着", text) and not lexicon_zh.CLAUSE_START.match(text):
        return
    other = next((beat.speaker for beat in reversed(beats[:-1]) if beat.speaker not in (None, guessed)), None)
    if other == said:
        return
    for index in range(len(beats) - 1, -1, -1):
        beat = beats[index]
        if beat.speaker is None:
            break
        if beat.is_inferred and beat.speaker == guessed:
            people = tuple(said if name == guessed else name for name in beat.people)
            beats[index] = replace(beat, speaker=said, people=people)
    story.talk.speaker = said
    story.talk.mention(said)

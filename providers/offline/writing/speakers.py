"""Who speaks each speech: by its tag, by whose turn it is, and by whom the pronouns mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from providers.offline.writing import lexicon_zh, tags
from providers.offline.writing.language import is_spoken, split_sentences
from providers.offline.writing.people import Cast, Mention
from providers.offline.writing.quotes import Span

_SAID_THIS = re.compile(
    r"\bsaid (?:this|that|these words|so)\b|^(?:[^，。]{0,8})(?:说完|说罢|说着|话音)", re.IGNORECASE
)
_RECENT = 12


@dataclass(frozen=True, slots=True)
class Beat:
    """A stretch of the story that one voice speaks. `speaker` None: the narrator. people: whom it mentions, names.

    marks: where in the text each person is mentioned and whether as the subject of a clause, pronouns resolved.
    """

    text: str
    speaker: str | None
    paragraph: int
    people: tuple[str, ...] = ()
    is_inferred: bool = False
    marks: tuple[tuple[int, str, bool], ...] = ()


@dataclass
class _Talk:
    """What a reader keeps in mind: who was mentioned, who acted last, who spoke last and to whom."""

    recent: list[str] = field(default_factory=list)
    subject: str | None = None
    speaker: str | None = None
    addressee: str | None = None
    speech_paragraph: int = -10

    def mention(self, name: str) -> None:
        if name in self.recent:
            self.recent.remove(name)
        self.recent.append(name)
        del self.recent[:-_RECENT]


def find_beats(paragraphs: Sequence[Sequence[Span]], cast: Cast, first_paragraph: int = 0) -> list[Beat]:
    """The beats of consecutive paragraphs, in order; a speech that nobody can have said is narrated with its marks."""
    talk = _Talk()
    beats: list[Beat] = []
    for index, spans in enumerate(paragraphs):
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else ()
        previous = paragraphs[index - 1] if index else ()
        _read_paragraph(spans, previous, following, first_paragraph + index, cast, talk, beats)
    return beats


def _read_paragraph(
    spans: Sequence[Span],
    previous: Sequence[Span],
    following: Sequence[Span],
    number: int,
    cast: Cast,
    talk: _Talk,
    beats: list[Beat],
) -> None:
    said_here: str | None = None
    for index, span in enumerate(spans):
        before = spans[index - 1] if index else None
        after = spans[index + 1] if index + 1 < len(spans) else None
        if not span.is_speech:
            _read_narration(span.text, before, after, following, number, cast, talk, beats)
            continue
        later = spans[index + 2] if index + 2 < len(spans) else None
        other = _somebody_else(span, before, after, later, said_here, cast) if said_here is not None else None
        speaker, is_inferred, addressee = (
            (other, False, said_here)
            if other is not None
            else _who(span, before, after, said_here, previous, following, number, cast, talk)
        )
        if speaker is None:
            beats.append(Beat(f"“{span.text}”", None, number, _named(span.text, cast)))
            continue
        said_here = speaker
        heard = addressee or _vocative(span.text, cast, speaker)
        if heard is None and talk.speaker not in (None, speaker) and number - talk.speech_paragraph <= 1:
            heard = talk.speaker
        if heard is None:
            heard = talk.addressee if talk.speaker == speaker and talk.addressee != speaker else None
        narrator = cast.narrator.name if cast.narrator else None
        if heard is None and narrator not in (None, speaker) and re.search(r"你|\byou\b", span.text):
            heard = narrator
        heard = heard or next(
            (name for name in (talk.subject, *reversed(talk.recent)) if name not in (None, speaker)), None
        )
        talk.speaker, talk.addressee, talk.speech_paragraph = speaker, heard, number
        talk.mention(speaker)
        people = dict.fromkeys((speaker, *((heard,) if heard else ())))
        goes_on = _goes_on(after, spans[index + 2] if index + 2 < len(spans) else None, cast)
        beats.append(
            Beat(_ended(span.text, cast.language, goes_on=goes_on), speaker, number, tuple(people), is_inferred)
        )


def _somebody_else(
    span: Span, before: Span | None, after: Span | None, later: Span | None, said_here: str, cast: Cast
) -> str | None:
    """Who else the tag behind a further speech of the paragraph names: "…," said Anna. "…," said Tom.

    A tag that leads on to the next speech belongs to that one, unless this one's comma leads into the tag. Nobody else
    ends a sentence that a tag only interrupts: "…," said Tom, "…."
    """
    if after is None or after.is_speech or (before is not None and before.text.rstrip().endswith((",", "，"))):
        return None
    leads_on = later is not None and later.is_speech and after.text.rstrip().endswith((":", "：", ",", "，"))
    if leads_on and not span.text.rstrip().endswith((",", "，")):
        return None
    tag = tags.find_after(after.text, cast)
    person = tag.speaker.person if tag is not None and tag.speaker is not None else None
    return person if person != said_here else None


def _goes_on(after: Span | None, later: Span | None, cast: Cast) -> bool:
    """Whether the speech's sentence continues behind a tag: "Lift the latch," called the woman, "I am too weak."."""
    if after is None or after.is_speech or later is None or not later.is_speech:
        return False
    return after.text.rstrip().endswith((",", "，")) and not tags.without_tag_after(after.text, cast)


def _ended(speech: str, language: str, *, goes_on: bool) -> str:
    """A speech whose last comma only led into its tag ends like a sentence."""
    if goes_on or speech[-1:] not in ",，;；":
        return speech
    return speech[:-1] + ("。" if language == "zh" else ".")


def _read_narration(
    text: str,
    before: Span | None,
    after: Span | None,
    following: Sequence[Span],
    number: int,
    cast: Cast,
    talk: _Talk,
    beats: list[Beat],
) -> None:
    if (before is not None and _SAID_THIS.search(text[:60])) or (
        before is None and (match := _SAID_THIS.search(text[:60])) and match.start() < 40
    ):
        _reassign(text[:60], cast, talk, beats)
    kept = text
    if before is not None and before.is_speech:
        kept = tags.without_tag_after(kept, cast)
    leads_on = (
        after is None and bool(following) and following[0].is_speech and kept.rstrip().endswith((":", "：", "，", ","))
    )
    if ((after is not None and after.is_speech) or leads_on) and kept:
        kept = tags.without_tag_before(kept, cast)
    followed = {sentence: _follow(sentence, cast, talk) for sentence in split_sentences(text, cast.language)}
    # What is spoken is the text without its tags; a sentence that lost its tag still mentions whom it mentioned.
    for sentence in split_sentences(kept, cast.language):
        if not is_spoken(sentence):
            continue
        marks = followed.get(sentence)
        if marks is None:
            whole = next((known for known in followed if known[:8] == sentence[:8]), "")
            marks = tuple(mark for mark in followed.get(whole, ()) if mark[0] < len(sentence))
        people = tuple(dict.fromkeys(name for _, name, _ in marks))
        beats.append(Beat(sentence, None, number, people, marks=marks))


def _follow(sentence: str, cast: Cast, talk: _Talk) -> tuple[tuple[int, str, bool], ...]:
    """Takes note of whom the sentence mentions; a pronoun means the last subject that fits, else the last person."""
    marks: list[tuple[int, str, bool]] = []
    subject: str | None = None
    for mention in cast.mentions(sentence):
        is_subject = tags.is_nominative(mention, sentence, cast.language)
        name = mention.person or _resolve(
            mention, cast, talk, prefer=(subject, talk.subject) if is_subject else (talk.subject,)
        )
        if name is None:
            continue
        marks.append((mention.start, name, is_subject))
        talk.mention(name)
        if subject is None and is_subject:
            subject = name
    if subject is not None:
        talk.subject = subject
    return tuple(marks)


def _resolve(
    mention: Mention, cast: Cast, talk: _Talk, prefer: Sequence[str | None] = (), excluded: Sequence[str | None] = ()
) -> str | None:
    pronoun = mention.pronoun or ""
    for name in (*prefer, *reversed(talk.recent)):
        if name is not None and name not in excluded and cast.fits(name, pronoun):
            return name
    fitting = [person.name for person in cast.people if person.name not in excluded and cast.fits(person.name, pronoun)]
    return fitting[0] if len(fitting) == 1 else None


def _who(
    span: Span,
    before: Span | None,
    after: Span | None,
    said_here: str | None,
    previous: Sequence[Span],
    following: Sequence[Span],
    number: int,
    cast: Cast,
    talk: _Talk,
) -> tuple[str | None, bool, str | None]:
    """(speaker, whether it is only inferred, addressee)."""
    vocative = _vocative(span.text, cast, None)
    leading = None
    if before is not None and not before.is_speech:
        leading = tags.find_before(before.text, cast)
    elif (
        before is None
        and previous
        and not previous[-1].is_speech
        and previous[-1].text.rstrip().endswith((":", "：", ",", "，"))
    ):
        leading = tags.find_before(previous[-1].text, cast)
    actor = _acts_after(before, after, cast)
    if actor is not None and actor not in (vocative, said_here):
        return actor, False, None
    if (
        said_here is not None
        and before is not None
        and not before.is_speech
        and not tags.without_tag_after(before.text, cast)
        and not _names_another(leading, said_here)
    ):
        return said_here, False, None
    if leading is not None:
        speaker = _name_of(leading.speaker, cast, talk, (vocative,)) or _fitting_subject(talk, vocative)
        heard = _name_of(leading.addressee, cast, talk, (speaker,))
        if speaker is not None:
            return speaker, False, heard
    trailing = tags.find_after(after.text, cast) if after is not None and not after.is_speech else None
    if trailing is not None and (speaker := _name_of(trailing.speaker, cast, talk, (vocative,))):
        return speaker, False, _name_of(trailing.addressee, cast, talk, (speaker,))
    if said_here is not None and before is not None and not before.is_speech:
        return said_here, False, None
    answer = bool(after is not None and tags.is_reply(after.text))
    excluded = {vocative, _explicit_next(following, cast)} - {None}
    if before is not None and not before.is_speech and not answer and talk.subject not in excluded and talk.subject:
        return talk.subject, True, None
    if after is not None and not after.is_speech and not answer:
        acting = next(
            (m for m in cast.mentions(after.text[:30]) if tags.is_nominative(m, after.text, cast.language)), None
        )
        if acting is not None and (speaker := _name_of(acting, cast, talk, (vocative,))) and speaker not in excluded:
            return speaker, True, None
    turns: list[str | None] = []
    if number - talk.speech_paragraph <= 2:
        turns = [talk.addressee, *(name for name in reversed(talk.recent) if name != talk.speaker), talk.speaker]
    else:
        turns = [talk.subject, *reversed(talk.recent)]
    return next((name for name in turns if name and name not in excluded), None), True, None


def _acts_after(before: Span | None, after: Span | None, cast: Cast) -> str | None:
    """“……”阿海站起来: who is named right behind a speech and does something has spoken, unless words lead into it."""
    if cast.language != "zh" or after is None or after.is_speech:
        return None
    if before is not None and not before.is_speech and not before.text.rstrip().endswith(("。", "！", "？", "…")):
        return None
    first = next(iter(cast.mentions(after.text[:16])), None)
    if first is None or first.start > 0 or first.person is None:
        return None
    rest = after.text[first.end : first.end + 12]
    # What somebody does who has only heard it says nothing.
    is_listener = re.match(r"(?:的|和|与|跟|、|们|也|却|没|不|便?就?听|愣|怔|吓|点|摇|接过)", rest)
    has_deed = lexicon_zh.VISIBLE_VERBS.search(re.split(r"[，。！？；]", rest)[0])
    return first.person if has_deed and not is_listener else None


def _names_another(tag: tags.Tag | None, said_here: str) -> bool:
    """Whether a tag between two speeches leads on to the second one: 老张说：“……”秀英答道：“……”"""
    return tag is not None and tag.speaker is not None and tag.speaker.person not in (None, said_here)


def _name_of(mention: Mention | None, cast: Cast, talk: _Talk, excluded: Sequence[str | None]) -> str | None:
    if mention is None:
        return None
    return mention.person or _resolve(mention, cast, talk, prefer=(talk.subject,), excluded=excluded)


def _fitting_subject(talk: _Talk, vocative: str | None) -> str | None:
    return talk.subject if talk.subject != vocative else None


def _explicit_next(following: Sequence[Span], cast: Cast) -> str | None:
    """The next paragraph's speaker where its tag names one: two paragraphs of talk in a row are two people's."""
    if len(following) > 1 and following[0].is_speech and not following[1].is_speech:
        tag = tags.find_after(following[1].text, cast)
        return tag.speaker.person if tag and tag.speaker else None
    return None


def _vocative(speech: str, cast: Cast, speaker: str | None) -> str | None:
    """Who is called by name in the speech."""
    for mention in cast.mentions(speech):
        if mention.person is None or mention.person == speaker or cast.by_name[mention.person].is_narrator:
            continue
        before, after = speech[: mention.start], speech[mention.end :]
        if cast.language == "zh":
            if (
                re.search(r"(?:^|[，。！？])$", before)
                and re.match(r"[，！？。]|$", after)
                and (before or after[:1] in "，！")
            ):
                return mention.person
            continue
        opens = re.search(r"(?:^|[,!?.;]\s+)(?:(?:my|dear|see|oh|come)\s+)*$", before, re.IGNORECASE)
        ends = re.match(r"[,.!?;]|$", after)
        if opens and ends and (before or (after.startswith((",", "!")) and not re.fullmatch(r"[,.!?;]?", after))):
            return mention.person
    return None


def _named(text: str, cast: Cast) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.person for mention in cast.mentions(text) if mention.person))


def _reassign(text: str, cast: Cast, talk: _Talk, beats: list[Beat]) -> None:
    """ "…" – scarcely had the wolf said this: who was only guessed to have said it before was the wolf."""
    said = next((mention.person for mention in cast.mentions(text) if mention.person), None)
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
    talk.speaker = said
    talk.mention(said)

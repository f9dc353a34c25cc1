"""A speech with the context that identifies its speaker: surrounding words, paragraph and conversation."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from providers.offline.writing import tags
from providers.offline.writing.people import Cast
from providers.offline.writing.quotes import Span
from providers.offline.writing.talk import Talk

_LEADS_ON = (":", "：", ",", "，")


@dataclass(frozen=True)
class Speech:
    """A quotation. before, after, later: the spans next to it in its paragraph; said_here: who spoke last there.

    previous, following: the paragraphs next to its own; number: its paragraph's.
    """

    text: str
    cast: Cast
    talk: Talk
    number: int = 0
    before: Span | None = None
    after: Span | None = None
    later: Span | None = None
    said_here: str | None = None
    previous: Sequence[Span] = ()
    following: Sequence[Span] = ()

    @property
    def words_before(self) -> str | None:
        """The narration before the speech within its paragraph."""
        return _narration(self.before)

    @property
    def words_after(self) -> str | None:
        """The narration right after the speech."""
        return _narration(self.after)

    @functools.cached_property
    def vocative(self) -> str | None:
        """The person addressed by name in the speech."""
        return called_by_name(self.text, self.cast, None)

    @functools.cached_property
    def leading(self) -> tags.Tag | None:
        """The tag before the speech, in its own paragraph or at the end of the one before."""
        if self.words_before is not None:
            return tags.find_before(self.words_before, self.cast)
        last = _narration(self.previous[-1]) if self.before is None and self.previous else None
        if last is None or not last.rstrip().endswith(_LEADS_ON):
            return None
        return tags.find_before(last, self.cast)

    @functools.cached_property
    def trailing(self) -> tags.Tag | None:
        """The tag after the speech."""
        return tags.find_after(self.words_after, self.cast) if self.words_after is not None else None

    @property
    def is_answer(self) -> bool:
        """Whether "was the reply" follows, so that the previous hearer is the speaker."""
        return self.after is not None and tags.is_reply(self.after.text)

    @functools.cached_property
    def others(self) -> frozenset[str]:
        """Unlikely speakers: the person addressed by name, and the next paragraph's speaker."""
        return frozenset({self.vocative, _explicit_next(self.following, self.cast)} - {None})  # type: ignore[arg-type]

    @property
    def goes_on(self) -> bool:
        """Whether its sentence continues after a tag: "Lift the latch," called the woman, "I am too weak."."""
        if self.words_after is None or self.later is None or not self.later.is_speech:
            return False
        return self.words_after.rstrip().endswith((",", "，")) and not tags.without_tag_after(
            self.words_after, self.cast
        )


def called_by_name(speech: str, cast: Cast, speaker: str | None) -> str | None:
    """The person other than the speaker who is addressed by name in the speech."""
    for mention in cast.mentions(speech):
        if mention.person is None or mention.person == speaker or cast.by_name[mention.person].is_narrator:
            continue
        calls = _calls_zh if cast.language == "zh" else _calls_en
        if calls(speech[: mention.start], speech[mention.end :]):
            return mention.person
    return None


def _calls_zh(before: str, after: str) -> bool:
    """Whether a name between these words of a speech is a vocative: 老张，快来！"""
    is_apart = re.search(r"(?:^|[，。！？])$", before) and re.match(r"[，！？。]|$", after)
    return bool(is_apart and (before or after[:1] in "，！"))


def _calls_en(before: str, after: str) -> bool:
    """Whether a name between these words of a speech is a vocative: "Come, my dear Anna!"."""
    opens = re.search(r"(?:^|[,!?.;]\s+)(?:(?:my|dear|see|oh|come)\s+)*$", before, re.IGNORECASE)
    ends = re.match(r"[,.!?;]|$", after)
    if not opens or not ends:
        return False
    return bool(before or (after.startswith((",", "!")) and not re.fullmatch(r"[,.!?;]?", after)))


def _narration(span: Span | None) -> str | None:
    return span.text if span is not None and not span.is_speech else None


def _explicit_next(following: Sequence[Span], cast: Cast) -> str | None:
    """The next paragraph's speaker if its tag names one; consecutive paragraphs of talk have different speakers."""
    if len(following) > 1 and following[0].is_speech and not following[1].is_speech:
        tag = tags.find_after(following[1].text, cast)
        return tag.speaker.person if tag and tag.speaker else None
    return None

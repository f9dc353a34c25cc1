"""Who says a speech and who hears it, rule by rule."""

import pytest

from providers.offline.writing import speakers
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.quotes import Span
from providers.offline.writing.speakers import Said, who_hears, who_says
from providers.offline.writing.speech import Speech, called_by_name
from providers.offline.writing.talk import Talk

ENGLISH = Cast(
    "en", (Person("Tom", ("Tom",), "m"), Person("Anna", ("Anna",), "f"), Person("I", ("I",), is_narrator=True))
)
CHINESE = Cast("zh", (Person("阿海", ("阿海",), "m"), Person("老张", ("老张",), "m"), Person("秀英", ("秀英",), "f")))


def speech(
    text: str = "Yes.",
    before: str | None = None,
    after: str | None = None,
    *,
    cast: Cast = ENGLISH,
    talk: Talk | None = None,
    said_here: str | None = None,
    later: str | None = None,
    number: int = 5,
) -> Speech:
    def span(words: str | None, *, is_speech: bool = False) -> Span | None:
        return None if words is None else Span(is_speech, words)

    return Speech(text, cast, talk or Talk(), number, span(before), span(after), span(later, is_speech=True), said_here)


def test_a_tag_behind_a_further_speech_names_another() -> None:
    assert speakers.by_another_tag(speech(after="said Anna.", said_here="Tom")) == Said("Anna", "Tom")
    assert speakers.by_another_tag(speech(after="said Tom.", said_here="Tom")) is None
    assert speakers.by_another_tag(speech(after="said Anna.")) is None
    assert speakers.by_another_tag(speech(after="said Anna:", said_here="Tom", later="No.")) is None


@pytest.mark.parametrize(
    ("after", "before", "speaker"),
    [
        ("阿海站起来。", None, "阿海"),
        ("阿海站起来。", "老张说：", None),
        ("阿海站起来。", "老张走了。", "阿海"),
        ("阿海愣住了。", None, None),
        ("阿海的手。", None, None),
        ("门外阿海站起来。", None, None),
    ],
)
def test_who_does_something_right_behind_a_chinese_speech_has_said_it(
    after: str, before: str | None, speaker: str | None
) -> None:
    said = speakers.by_deed_after(speech("走吧。", before, after, cast=CHINESE))
    assert (said.speaker if said else None) == speaker


def test_who_spoke_goes_on_behind_a_tag_that_interrupts() -> None:
    assert speakers.by_own_tag_between(speech(before="said Tom,", said_here="Tom")) == Said("Tom")
    assert speakers.by_own_tag_between(speech(before="The rain fell.", said_here="Tom")) is None
    assert speakers.by_own_tag_between(speech(before="said Tom,")) is None


def test_a_leading_tag_names_speaker_and_hearer_and_else_means_who_acted() -> None:
    assert speakers.by_leading_tag(speech(before="Tom said to Anna,")) == Said("Tom", "Anna")
    talk = Talk(subject="Anna")
    assert speakers.by_leading_tag(speech(before="She said,", talk=talk)) == Said("Anna")
    assert speakers.by_leading_tag(speech("Anna, come!", before="Then said,", talk=talk)) is None
    assert speakers.by_leading_tag(speech(before="The rain fell.")) is None


def test_a_trailing_tag_names_the_speaker() -> None:
    assert speakers.by_trailing_tag(speech(after="said Tom to Anna.")) == Said("Tom", "Anna")
    assert speakers.by_trailing_tag(speech(after="said he.", talk=Talk(recent=["Anna", "Tom"]))) == Said("Tom")
    assert speakers.by_trailing_tag(speech(after="The rain fell.")) is None


def test_who_spoke_in_the_paragraph_goes_on_over_a_narration() -> None:
    assert speakers.by_paragraph(speech(before="The rain fell.", said_here="Tom")) == Said("Tom")
    assert speakers.by_paragraph(speech(said_here="Tom")) is None


def test_who_acted_before_has_said_it_unless_called_by_name_or_it_is_a_reply() -> None:
    talk = Talk(subject="Tom")
    assert speakers.by_subject_before(speech(before="Tom rose.", talk=talk)) == Said("Tom", is_inferred=True)
    assert speakers.by_subject_before(speech("Come, Tom!", before="Tom rose.", talk=talk)) is None
    assert speakers.by_subject_before(speech(before="Tom rose.", after="was the reply.", talk=talk)) is None


def test_who_acts_behind_it_has_said_it() -> None:
    assert speakers.by_subject_after(speech(after="Tom rose.")) == Said("Tom", is_inferred=True)
    assert speakers.by_subject_after(speech(after="The rain fell.")) is None


@pytest.mark.parametrize(
    ("talk", "speaker"),
    [
        (Talk(speaker="Tom", addressee="Anna", speech_paragraph=4, recent=["Anna", "Tom"]), "Anna"),
        (Talk(speaker="Tom", speech_paragraph=4, recent=["Anna", "Tom"]), "Anna"),
        (Talk(speaker="Tom", addressee="Anna", speech_paragraph=1, subject="Tom", recent=["Anna"]), "Tom"),
        (Talk(recent=["Tom", "Anna"]), "Anna"),
        (Talk(), None),
    ],
)
def test_turns_change_in_a_talk_and_end_with_it(talk: Talk, speaker: str | None) -> None:
    said = speakers.by_turn(speech(talk=talk))
    assert (said.speaker if said else None) == speaker


def test_the_first_rule_that_finds_somebody_counts() -> None:
    talk = Talk(subject="Anna", recent=["Anna"])
    assert who_says(speech(before="Tom said,", after="said Anna.", talk=talk)) == Said("Tom")
    assert who_says(speech(talk=Talk())) is None


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Come, Anna!", "Anna"),
        ("Anna, come!", "Anna"),
        ("Oh, my dear Anna, come!", "Anna"),
        ("I saw Anna there.", None),
    ],
)
def test_a_name_that_stands_apart_calls_somebody(words: str, name: str | None) -> None:
    assert called_by_name(words, ENGLISH, None) == name
    assert called_by_name(words, ENGLISH, "Anna") is None


def test_hearers_are_told_called_answered_kept_or_near() -> None:
    tom = Said("Tom")
    assert who_hears(speech(), Said("Tom", "Anna")) == "Anna"
    assert who_hears(speech("Anna, come!"), tom) == "Anna"
    assert who_hears(speech(talk=Talk(speaker="Anna", speech_paragraph=4)), tom) == "Anna"
    assert who_hears(speech(talk=Talk(speaker="Tom", addressee="Anna")), tom) == "Anna"
    assert who_hears(speech("Are you well?"), tom) == "I"
    assert who_hears(speech(talk=Talk(recent=["Anna", "Tom"])), tom) == "Anna"
    assert who_hears(speech(), tom) is None

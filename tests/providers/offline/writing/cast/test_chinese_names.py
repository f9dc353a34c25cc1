"""Which words of a Chinese text are names."""

import pytest

from providers.offline.writing.cast.chinese_evidence import Evidence
from providers.offline.writing.cast.chinese_names import Candidate, is_name, may_be_name, stands_alone
from providers.offline.writing.cast.chinese_people import alias_of


@pytest.mark.parametrize(
    ("candidate", "is_one"),
    [
        (Candidate("林黛玉", speech=1), True),
        (Candidate("林黛玉", count=1), False),
        (Candidate("林黛玉", count=2, surnamed=2), True),
        (Candidate("林黛玉", count=2, tags=("nr",)), True),
        (Candidate("林黛玉", count=1, subject=1, tags=("nr",)), True),
        (Candidate("黛玉", speech=1, tags=("nr",)), True),
        (Candidate("黛玉", count=3, subject=1, tags=("nr",)), False),
        (Candidate("黛玉", count=3, subject=2, tags=("nr",)), True),
        (Candidate("阿海", count=3), True),
        (Candidate("阿海", count=2), False),
        (Candidate("袭人", speech=1, tags=("n",)), True),
        (Candidate("袭人", count=9, tags=("n",)), False),
        (Candidate("走来", speech=1, tags=("v",)), False),
        (Candidate("哈哈怪", speech=3), True),
        (Candidate("哈哈怪", speech=2), False),
    ],
)
def test_a_word_is_a_name_by_surname_nickname_dictionary_or_what_it_does(candidate: Candidate, is_one: bool) -> None:
    assert is_name(candidate) == is_one


@pytest.mark.parametrize("word", ["林", "他们", "什么", "车夫", "看着的", "太太"])
def test_what_has_another_meaning_is_no_name(word: str) -> None:
    assert not may_be_name(word)


def test_a_name_does_many_things_and_a_slip_of_the_word_cutter_one() -> None:
    assert stands_alone("林雪", "林雪走了。林雪笑了。")
    assert not stands_alone("林雪", "林雪走了。林雪走了。")


@pytest.mark.parametrize(
    ("word", "chosen", "alias"),
    [
        ("林黛玉", ["林黛玉", "黛玉"], "黛玉"),
        ("林黛玉", ["林黛玉"], "黛玉"),
        ("林黛玉", ["林黛玉", "薛黛玉"], None),
        ("老张", ["老张"], None),
    ],
)
def test_a_given_name_is_the_only_ones_of_that_full_name(word: str, chosen: list[str], alias: str | None) -> None:
    assert alias_of(word, chosen, Evidence("林黛玉来了。黛玉笑了，黛玉走了。")) == alias


def test_a_full_name_that_the_text_only_saw_is_the_given_ones() -> None:
    evidence = Evidence("黛玉笑了。")
    evidence.names.see("林黛玉")
    assert alias_of("黛玉", ["黛玉"], evidence) == "林黛玉"
    assert alias_of("黛玉", ["黛玉", "林黛玉"], evidence) is None

"""The similarity of two prompts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from services.generation.similarity.comparing import most_similar, normalise, percentage, similarity

NEAR_ONE = 1 - 1e-12


@pytest.mark.parametrize(
    ("prompt", "other"),
    [
        ("A Red Fox", "a red fox"),
        ("a red fox, running!", "a red  fox\nrunning"),
        ("Ａ ｒｅｄ ｆｏｘ", "a red fox"),
        ("一只红狐狸，在雪地里奔跑。", "一只红狐狸 在雪地里奔跑"),
        ("第３镜：特写", "第3镜 特写"),
        ("第 3 镜", "第3镜"),
        ("（红狐狸）——奔跑", "(红狐狸)-奔跑"),
        ("Straße", "STRASSE"),
        ("ﬁlm\u200b grain", "film grain"),
        ("「夜」・街", "夜街"),
    ],
)
def test_width_case_punctuation_and_spaces_make_no_difference(prompt: str, other: str) -> None:
    assert normalise(prompt) == normalise(other)
    assert similarity(prompt, other) == 1.0


@pytest.mark.parametrize(
    ("prompt", "other", "expected"),
    [
        ("a red fox", "a red box", 16 / 18),
        ("红狐狸", "白狐狸", 4 / 6),
        ("1.5", "15", 4 / 5),
        ("cat 😀", "cat 😡", 8 / 10),
        ("a cat", "狐狸", 0.0),
        ("", "", 1.0),
        ("!!!", "???", 0.0),
    ],
)
def test_similarity_is_what_two_prompts_have_in_common(prompt: str, other: str, expected: float) -> None:
    assert similarity(prompt, other) == pytest.approx(expected, abs=1e-12)
    assert similarity(other, prompt) == pytest.approx(expected, abs=1e-12)


def test_a_negation_makes_two_prompts_hardly_less_alike() -> None:
    assert 0.9 < similarity("a street at night with no people in it", "a street at night with people in it") < 0.96
    assert (
        0.9 < similarity("夜晚的街道上没有人，灯光昏暗，雨后地面反光", "夜晚的街道上有人，灯光昏暗，雨后地面反光") < 1
    )


@given(st.text(max_size=80), st.text(max_size=80))
def test_it_is_what_rapidfuzz_calls_ratio_of_the_normalised_texts(prompt: str, other: str) -> None:
    assert similarity(prompt, other) == pytest.approx(fuzz.ratio(normalise(prompt), normalise(other)) / 100, abs=1e-9)
    assert normalise(normalise(prompt)) == normalise(prompt)


def test_what_reaches_the_threshold_is_found_the_most_alike_first() -> None:
    others = {1: "a red box", 2: "a red fox", 3: "a green fox", 4: "nothing"}
    assert most_similar("a red fox", others, 16 / 18, 9) == [(2, 1.0), (1, pytest.approx(16 / 18))]
    assert [key for key, _ in most_similar("a red fox", others, 0.0, 9)] == [2, 1, 3, 4]
    assert most_similar("a red fox", others, 0.0, 1) == [(2, 1.0)]


@given(st.text("ab ", max_size=12), st.lists(st.text("ab ", max_size=12), max_size=20), st.floats(0, 1))
def test_what_just_reaches_the_threshold_is_found(normal: str, texts: list[str], threshold: float) -> None:
    others = dict(enumerate(texts))
    scores = {key: Indel.normalized_similarity(normal, other) for key, other in others.items()}
    for least in (threshold, *scores.values()):
        found = dict(most_similar(normal, others, least, 99))
        assert found == pytest.approx({key: score for key, score in scores.items() if score >= least - 1e-9})


def test_a_percentage_is_never_rounded_up_to_the_same() -> None:
    assert [percentage(share) for share in (1.0, NEAR_ONE - 1e-6, 0.9649, 16 / 18)] == [
        "100 %",
        "99.9 %",
        "96.4 %",
        "88.8 %",
    ]

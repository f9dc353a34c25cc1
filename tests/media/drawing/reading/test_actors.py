"""Who a prompt shows, and what each does and feels."""

import pytest

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.reading.actors import Heard, deed_of, labelled_people, mentioned_people, mood_of, people_of, told_of
from media.drawing.reading.labels import prompt_parts

TOM, ANNA = DrawnSubject("CHARACTER", "Tom"), DrawnSubject("CHARACTER", "Anna")
STREET = DrawnSubject("SCENE", "street")


def shown(prompt: str, *subjects: DrawnSubject) -> list[str]:
    order = DrawingOrder(prompt, 320, 180, subjects=subjects)
    return [person.name for person in people_of(order, prompt_parts(prompt))]


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("anna and tom", ["anna", "tom"]),
        ("车夫、老女人", ["车夫", "老女人"]),
        ("none", []),
        ("", []),
        ("a, b, c, d, e, f, g", ["a", "b", "c", "d", "e", "f"]),
    ],
)
def test_a_label_names_six_people_at_most(label: str, names: list[str]) -> None:
    assert [person.name for person in labelled_people(label)] == names


def test_free_words_speak_of_three_people_at_most() -> None:
    people = mentioned_people("a girl, a policeman, a soldier and an old man")
    assert [person.name for person in people] == ["girl", "policeman", "soldier"]


def test_given_people_come_before_the_label_and_the_label_before_the_words() -> None:
    prompt = "Shot: full shot. Characters: Ben. Action: a girl runs."
    assert shown(prompt, TOM) == ["Tom"]
    assert shown(prompt) == ["ben"]
    assert shown("a girl runs") == ["girl"]


@pytest.mark.parametrize("prompt", ["an empty view, a girl's hat", "Shot: long shot. Action: the wind of the girl"])
def test_nobody_is_made_up_in_an_empty_view_or_a_shot_of_a_scene(prompt: str) -> None:
    assert shown(prompt, STREET) == []


@pytest.mark.parametrize(
    ("heard", "deed"),
    [
        (Heard(TOM, "tom runs"), "RUN"),
        (Heard(TOM, ""), "STAND"),
        (Heard(TOM, "", of_all="he cries"), "CRY"),
        (Heard(TOM, "tom sees that anna fell"), "LOOK"),
        (Heard(TOM, "a man lies on the ground"), "STAND"),
        (Heard(TOM, "tom and a man lie on the ground"), "LIE"),
        (Heard(TOM, "tom speaks", worn="in bed"), "LIE"),
    ],
)
def test_a_deed_is_ones_own_and_not_what_one_sees_or_somebody_else_does(heard: Heard, deed: str) -> None:
    assert deed_of(heard) == deed


def test_a_mood_is_told_of_one_or_of_the_whole_action_of_one_alone() -> None:
    assert mood_of(Heard(TOM, "tom is angry")) == "ANGRY"
    assert mood_of(Heard(TOM, "tom waits", of_all="he is sad")) == "SAD"
    assert mood_of(Heard(TOM, "tom waits")) == "CALM"


def test_words_are_told_of_the_one_named_before_them_or_of_the_one_who_does_it() -> None:
    assert told_of([TOM, ANNA], "tom runs. anna waits") == {0: " tom runs. ", 1: " anna waits"}
    spoken = told_of([TOM, ANNA], "tom speaks to anna, smiling")
    assert "smiling" in spoken[0]
    assert 1 not in spoken

"""What a prompt is understood to show."""

import pytest

from media.drawing.order import DrawingOrder, DrawnSubject
from media.drawing.reading.prompt import Reading, read_order


def read(prompt: str, *subjects: DrawnSubject, style: str | None = None) -> Reading:
    return read_order(DrawingOrder(prompt, 320, 180, style=style, subjects=subjects))


@pytest.mark.parametrize(
    ("words", "shot_type"),
    [
        ("大远景", "EXTREME_LONG"),
        ("远景", "LONG"),
        ("全景", "FULL"),
        ("中景", "MEDIUM"),
        ("近景", "CLOSE_UP"),
        ("特写", "EXTREME_CLOSE_UP"),
        ("过肩镜头", "OVER_THE_SHOULDER"),
        ("主观镜头", "POINT_OF_VIEW"),
        ("extreme long shot", "EXTREME_LONG"),
        ("long shot", "LONG"),
        ("full shot", "FULL"),
        ("medium shot", "MEDIUM"),
        ("close-up", "CLOSE_UP"),
        ("extreme close-up", "EXTREME_CLOSE_UP"),
        ("over-the-shoulder shot", "OVER_THE_SHOULDER"),
        ("point-of-view shot", "POINT_OF_VIEW"),
    ],
)
def test_every_shot_type_is_read_in_both_languages(words: str, shot_type: str) -> None:
    label = "Shot: {}. Scene: a street." if words.isascii() else "景别：{}。场景：街道。"
    assert read(label.format(words)).shot_type == shot_type


@pytest.mark.parametrize(
    ("scene", "place", "time", "season"),
    [
        ("a street, winter morning", "STREET", "MORNING", "WINTER"),
        ("街道，冬天，早晨", "STREET", "MORNING", "WINTER"),
        ("a bridge over the river at dusk, autumn", "BRIDGE", "EVENING", "AUTUMN"),
        ("巡警分驻所，夜晚", "POLICE", "NIGHT", "SUMMER"),
        ("police station, night", "POLICE", "NIGHT", "SUMMER"),
        ("火车站台，黎明", "STATION", "DAWN", "SUMMER"),
        ("教室，中午，春天", "SCHOOL", "NOON", "SPRING"),
        ("沙漠", "DESERT", "NOON", "SUMMER"),
        ("somewhere", "OPEN", "NOON", "SUMMER"),
    ],
)
def test_place_time_and_season_are_read_from_the_scene(scene: str, place: str, time: str, season: str) -> None:
    reading = read(f"Shot: medium shot. Scene: {scene}. Characters: none. Action: .")
    assert (reading.place, reading.time, reading.season) == (place, time, season)


def test_a_scene_subject_names_the_place_where_the_prompt_does_not() -> None:
    reading = read("Tom waits", DrawnSubject("SCENE", "the old place", "a wide forest of pines"))
    assert reading.place == "FOREST"
    assert reading.scene_key == "the old place"


def test_each_character_gets_the_action_told_of_it() -> None:
    reading = read(
        "景别：全景。场景：街道。人物：车夫、老女人。动作：车夫扶着老女人，老女人哭。",
        DrawnSubject("CHARACTER", "车夫"),
        DrawnSubject("CHARACTER", "老女人"),
    )
    assert [actor.action for actor in reading.actors] == ["SUPPORT", "CRY"]


def test_words_before_the_first_name_belong_to_the_one_named() -> None:
    reading = read("跌倒的是老女人", DrawnSubject("CHARACTER", "老女人"))
    assert [actor.action for actor in reading.actors] == ["LIE"]


def test_people_in_free_words_are_seen_without_subjects() -> None:
    reading = read("a girl in a red coat laughs in the rain at night, wide shot")
    assert [actor.subject.name for actor in reading.actors] == ["girl"]
    assert (reading.weather, reading.time, reading.shot_type) == ("RAIN", "NIGHT", "LONG")


def test_nobody_is_seen_where_the_label_says_none() -> None:
    assert (
        read("Shot: long shot. Scene: the man's house. Characters: none. Action: a man's hat lies there.").actors == ()
    )


def test_english_words_are_found_at_their_beginning_only() -> None:
    # "inn" is in "beginning", "car" in "scarf", "sea" in "season": none of them may decide the place.
    assert read("the beginning of a season, his scarf").place == "OPEN"


def test_the_orders_style_comes_before_the_prompts() -> None:
    assert read("Shot: medium. Scene: x. Style: watercolor.").style == "WATERCOLOUR"
    assert read("Shot: medium. Scene: x. Style: watercolor.", style="水墨").style == "INK"


def test_free_words_name_a_style_only_beside_the_word_style() -> None:
    assert read("two men fight on a bridge, ink style").style == "INK"
    assert read("两人在桥上打斗，水墨风格").style == "INK"
    assert read("a man walks through a dark street, a soft wind").style is None

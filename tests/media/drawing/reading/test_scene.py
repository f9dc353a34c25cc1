"""Where and when a shot is set."""

import pytest

from media.drawing.reading.scene import SceneWords, on_side, place_of, season_of, time_of, weather_of


@pytest.mark.parametrize(
    ("place", "side", "seen"),
    [
        ("ROOM", "OUTSIDE", ("HOUSE", False)),
        ("SHOP", "OUTSIDE", ("STREET", False)),
        ("HOUSE", "INSIDE", ("ROOM", True)),
        ("POLICE", "INSIDE", ("OFFICE", True)),
        ("STATION", "INSIDE", ("STATION", False)),
        ("SCHOOL", None, ("SCHOOL", True)),
        ("FOREST", None, ("FOREST", False)),
    ],
)
def test_the_side_decides_which_place_is_seen(place: str, side: str | None, seen: tuple[str, bool]) -> None:
    assert on_side(place, side) == seen


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (SceneWords(), "OPEN"),
        (SceneWords(told="a wood"), "FOREST"),
        (SceneWords(told="here", designed="a wide desert"), "DESERT"),
        (SceneWords(action="he stands on the bridge"), "BRIDGE"),
        (SceneWords(told="a wood", changed="a beach"), "SEA"),
    ],
)
def test_a_change_counts_before_the_label_and_the_label_before_design_and_action(words: SceneWords, place: str) -> None:
    assert place_of(words)[0] == place


def test_a_changed_place_has_a_side_of_its_own() -> None:
    assert place_of(SceneWords(told="house, interior", changed="a beach")) == ("SEA", False)
    assert place_of(SceneWords(told="house, interior", changed="in red")) == ("ROOM", True)


@pytest.mark.parametrize(
    ("words", "time"),
    [
        (SceneWords(), "NOON"),
        (SceneWords(told="street, evening"), "EVENING"),
        (SceneWords(action="it is midnight"), "NIGHT"),
        (SceneWords(told="street, day", changed="at night"), "NIGHT"),
        (SceneWords(told="street, evening", changed="at night", written_time="MORNING"), "EVENING"),
        (SceneWords(told="street, morning", changed="at night", written_time="MORNING"), "NIGHT"),
    ],
)
def test_a_shot_at_another_time_than_its_scene_keeps_it(words: SceneWords, time: str) -> None:
    assert time_of(words) == time


def test_a_changed_scene_keeps_nothing_of_its_weather() -> None:
    assert weather_of(SceneWords(designed="in the rain")) == "RAIN"
    assert weather_of(SceneWords(designed="in the rain", changed="a bright wood")) is None


def test_snow_makes_winter() -> None:
    assert season_of(SceneWords()) == "SUMMER"
    assert season_of(SceneWords(told="autumn")) == "AUTUMN"
    assert season_of(SceneWords(action="it is snowing")) == "WINTER"

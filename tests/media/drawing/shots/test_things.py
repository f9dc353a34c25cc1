"""Which things a shot shows."""

from dataclasses import replace

import pytest

from media.drawing.order import DrawnSubject
from media.drawing.props.kinds import Prop
from media.drawing.shots.things import Sight, each_kind_once, is_seen, things_in
from tests.media.drawing.shots.compositions import LETTER, RICKSHAW, STONES, actor, reading

CART, BUNDLE = Prop("CART", None, 0), Prop("BUNDLE", None, 0)
PEOPLED = Sight(frozenset(), is_handled=False, has_room=False, is_macro=False, is_peopled=True)


@pytest.mark.parametrize(
    ("prop", "sight", "seen"),
    [
        (LETTER, PEOPLED, False),
        (LETTER, replace(PEOPLED, is_handled=True), False),
        (LETTER, replace(PEOPLED, spoken_of=frozenset({"LETTER"})), False),
        (LETTER, replace(PEOPLED, is_handled=True, spoken_of=frozenset({"LETTER"})), True),
        (LETTER, replace(PEOPLED, is_macro=True), True),
        (LETTER, replace(PEOPLED, has_room=True), False),
        (LETTER, replace(PEOPLED, is_peopled=False), True),
        (STONES, PEOPLED, False),
        (STONES, replace(PEOPLED, has_room=True), True),
        (BUNDLE, replace(PEOPLED, is_peopled=False), False),
    ],
)
def test_what_is_held_needs_words_and_what_stands_needs_room(prop: Prop, sight: Sight, seen: bool) -> None:
    assert is_seen(prop, sight) == seen


def test_each_kind_is_there_once_and_a_cart_beside_a_rickshaw_is_the_rickshaw() -> None:
    red = Prop("LETTER", (200, 0, 0), 1)
    assert each_kind_once([red, LETTER]) == (red,)
    assert each_kind_once([RICKSHAW, CART]) == (RICKSHAW,)
    assert each_kind_once([CART, RICKSHAW]) == (CART, RICKSHAW)


def test_furniture_and_words_within_names_are_no_things() -> None:
    puller = actor("车夫")
    assert things_in(reading("FULL", puller, action="车夫坐在桌子旁")) == ()


def test_a_thing_is_what_its_words_have_made_of_it() -> None:
    lantern = DrawnSubject("PROP", "lantern", "now an umbrella")
    things = things_in(reading("FULL", actor("Anna"), props=(lantern,), action="anna holds the lantern"))
    assert [prop.kind for prop in things] == ["UMBRELLA"]


def test_no_more_than_four_things_are_shown() -> None:
    names = ("letter", "lamp", "sword", "phone", "book")
    props = tuple(DrawnSubject("PROP", name) for name in names)
    assert len(things_in(reading("FULL", props=props))) == 4

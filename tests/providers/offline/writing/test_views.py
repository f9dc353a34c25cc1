"""From how near a take is seen."""

import pytest

from providers.offline.writing.beats import Beat
from providers.offline.writing.design import Design
from providers.offline.writing.pacing import Take
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.places import Place
from providers.offline.writing.scenes import Scene
from providers.offline.writing.setting import Setting
from providers.offline.writing.views import Moment, view_of

CAST = Cast("en", (Person("Tom", ("Tom",), "m"), Person("Anna", ("Anna",), "f")))
DESIGN = Design(CAST, {}, ("letter",), None, None, 2.0, 5.0)


def moment(
    narration: str = "",
    speech: str = "",
    people: tuple[str, ...] = (),
    *,
    index: int = 1,
    number: int = 2,
    views: tuple[str, ...] = (),
    previous: Take | None = None,
    is_inside: bool = False,
) -> Moment:
    scene = Scene(Setting(Place("wood", "wood", is_inside), "DAY"), (Beat("Tom runs.", None, 0),))
    take = Take(narration, speech, people[0] if speech else None, people, 2.0)
    return Moment(take, scene, DESIGN, index, number, previous, views)


@pytest.mark.parametrize(
    ("number", "is_inside", "view"), [(1, False, "EXTREME_LONG"), (2, False, "LONG"), (1, True, "FULL")]
)
def test_a_scene_opens_from_afar(number: int, is_inside: bool, view: str) -> None:
    assert view_of(moment("Tom waits.", people=("Tom",), index=0, number=number, is_inside=is_inside)) == view


@pytest.mark.parametrize(
    ("found", "view"),
    [
        (moment(speech="Run!", people=("Tom", "Anna")), "CLOSE_UP"),
        (moment(speech="Well.", people=("Tom",)), "CLOSE_UP"),
        (moment(speech="Well.", people=("Tom", "Anna")), "MEDIUM"),
        (moment(speech="Well.", people=("Tom", "Anna"), views=("MEDIUM",)), "OVER_THE_SHOULDER"),
        (moment(people=("Tom",)), "CLOSE_UP"),
        (moment(), "LONG"),
        (moment("Tom looked at the sea.", people=("Tom",)), "POINT_OF_VIEW"),
        (moment("The letter burned."), "EXTREME_CLOSE_UP"),
        (moment("The rain fell."), "LONG"),
        (moment("Tom ran home.", people=("Tom",)), "FULL"),
        (moment("Tom ran home.", people=("Tom",), views=("FULL",)), "LONG"),
        (moment("Tom ran home.", people=("Tom",), views=("FULL", "LONG")), "MEDIUM"),
        (moment("The rain fell.", views=("LONG", "FULL")), "LONG"),
        (moment("The rain fell.", views=("FULL", "LONG")), "MEDIUM"),
    ],
)
def test_a_view_suits_the_take_and_was_not_just_there(found: Moment, view: str) -> None:
    assert view_of(found) == view


def test_an_answer_is_seen_over_a_shoulder() -> None:
    asked = Take("", "Who?", "Anna", ("Anna", "Tom"), 1.0)
    assert view_of(moment(speech="Me.", people=("Tom", "Anna"), previous=asked)) == "OVER_THE_SHOULDER"

"""Measured times of models."""

import pytest

from models.enums import MediaKind
from models.generation import Attempt, ModelTiming
from services.generation.states import slot_held_ms
from services.generation.timings import durations, measured_times, record_times, timing_key


async def test_durations_and_held_times_are_kept(either_database: str) -> None:
    await record_times("fake", "picture", MediaKind.IMAGE, duration_ms=900, held_ms=1200)
    await record_times("fake", "picture", MediaKind.IMAGE, duration_ms=800, held_ms=None)
    await record_times("fake", "picture", MediaKind.IMAGE, duration_ms=700, held_ms=1000)
    key = timing_key("fake", "picture", MediaKind.IMAGE)
    found = (await measured_times([key, "fake/nothing/IMAGE"]))[key]
    assert (found.durations, found.held) == ([900, 800, 700], [1200, 1000])
    assert await durations("fake", "picture", MediaKind.IMAGE) == [900, 800, 700]
    assert await durations("fake", "nothing", MediaKind.IMAGE) == []


async def test_rows_of_before_held_times_were_measured_are_read(database: None) -> None:
    await ModelTiming.create(key="fake/picture/IMAGE", durations_ms=[900])
    assert (await measured_times(["fake/picture/IMAGE"]))["fake/picture/IMAGE"].held == []
    await record_times("fake", "picture", MediaKind.IMAGE, duration_ms=800, held_ms=1000)
    assert (await measured_times(["fake/picture/IMAGE"]))["fake/picture/IMAGE"].held == [1000]


async def test_only_the_newest_are_kept(database: None) -> None:
    for number in range(60):
        await record_times("fake", "picture", MediaKind.IMAGE, duration_ms=number, held_ms=number)
    found = (await measured_times(["fake/picture/IMAGE"]))["fake/picture/IMAGE"]
    assert (found.durations, found.held) == (list(range(28, 60)), list(range(10, 60)))


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ({}, 4000),
        ({"run": 1}, None),
        ({"released_at_ms": 3000}, None),
        ({"placed_at_ms": 0}, None),
    ],
)
def test_a_slot_is_held_from_placing_until_upstreams_end(values: dict[str, int], held: int | None) -> None:
    attempt = Attempt(id=1, **{"placed_at_ms": 1000, "run": 0, **values})
    assert slot_held_ms(attempt, 5000) == held

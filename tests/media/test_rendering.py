"""What a rendering runs under, and how parts of it tell of themselves."""

import pytest

from errors import JobErrorCode, JobFailure
from media.rendering import Rendering
from tests.media import calls


def test_a_part_tells_its_share_of_the_whole() -> None:
    told: list[float] = []
    rendering = Rendering(2, 60, told.append)
    rendering.part(0.2, 0.5).progress(0.0)
    rendering.part(0.2, 0.5).progress(1.0)
    rendering.part(0.2, 0.8).part(0.5, 0.5).progress(1.0)
    assert told == pytest.approx([0.2, 0.7, 1.0])


def test_a_silent_part_tells_nothing_and_keeps_the_conditions() -> None:
    told: list[float] = []
    silent = Rendering(2, 60, told.append).silent()
    silent.progress(0.5)
    assert told == []
    assert (silent.limit, silent.timeout_seconds) == (2, 60)


async def test_work_runs_in_a_worker_and_tells_how_far_it_is() -> None:
    told: list[float] = []
    assert await Rendering(2, 60, told.append).run(calls.count_up) == "done"
    assert told == sorted(told)
    assert told
    assert await Rendering(2, 60).run(calls.double, 21) == 42


async def test_work_that_fails_says_so() -> None:
    with pytest.raises(JobFailure) as failure:
        await Rendering(2, 60).run(calls.die)
    assert failure.value.code == JobErrorCode.INTERNAL

"""Money: whatever dies or gets lost, each generation is paid exactly once, and what is paid is stored.

The emulator takes a repeated submit for a new task here, and shows new tasks late, as upstream may do.
"""

from pathlib import Path

import pytest

from tests.acceptance.conftest import OpenSite
from tests.acceptance.deployment import EMBEDDED, SCALED
from tests.acceptance.filming import check_logs, check_storage
from tests.acceptance.kill_points import POINTS
from tests.acceptance.killing import Killing
from tests.acceptance.pool import Site

TIMES = ("--seconds-per-image", "0.5", "--seconds-per-video", "0.5")
# On the scaled-out shape those at which another process has to find out that the first one has died.
SCALED_POINTS = ("after the upload", "after the answer", "between store and publish")


def be_unreliable(site: Site, *, lost_rate: float) -> None:
    """No deduplication, new tasks visible after 0 to 1.5 s (the window is 4 s), answers that are slow or get lost."""
    site.emulator.ask("settings", {"deduplicates": False, "visible_after_seconds": [0, 1.5], "seed": 11})
    site.emulator.put_rule("lost answers", "submit", drop="after", rate=lost_rate)
    site.emulator.put_rule("slow answers", "submit", delay_seconds=0.8)


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        pytest.param(EMBEDDED, tuple(POINTS), id="embedded"),
        pytest.param(SCALED, SCALED_POINTS, id="scaled", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ],
)
async def test_killed_at_each_point_every_generation_is_paid_once_and_stored(
    open_site: OpenSite, shape: str, points: tuple[str, ...], tmp_path: Path
) -> None:
    site = open_site(shape, *TIMES)
    be_unreliable(site, lost_rate=0.1)
    await site.know_durations()
    async with site.pool("mira") as pool:
        await pool.add("first", "second", maxConcurrent=10)
        killing = Killing(pool, tmp_path / "kill-points.jsonl")
        site.deployment.kill_doer()
        for number, point in enumerate(points):
            await killing.start(point)
            await killing.ask(f"k{number}", has_input="upload" in point)
            await killing.ask(f"m{number}")
            assert await killing.killed(point), f"nothing came by {point!r}"
        await killing.finish()
        assert killing.histogram() == dict.fromkeys(points, 1)
        idle = [point for point in points if killing.at_work[point] == 0]
        assert idle == [], "points at which nothing was under way"
        await pool.check_ledger(killing.asked)
    if shape == EMBEDDED:
        await check_storage(site.deployment)
    check_logs(site.deployment)


async def test_lost_answers_and_tasks_that_show_late_are_paid_once(open_site: OpenSite) -> None:
    """A third of all answers is lost after the task was taken, a fifth of all requests before."""
    site = open_site(EMBEDDED, *TIMES)
    be_unreliable(site, lost_rate=0.3)
    await site.know_durations()
    site.emulator.put_rule("lost requests", "submit", drop="before", rate=0.2)
    async with site.pool("mira") as pool:
        await pool.add("first", "second", "third", maxConcurrent=10)
        storyboards = [f"s{number}" for number in range(30)]
        await pool.images(storyboards)
        await pool.all_ended(storyboards)
        await pool.check_ledger(storyboards)
    assert site.emulator.hits("lost answers") > 3
    check_logs(site.deployment)

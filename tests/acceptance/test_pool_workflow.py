"""A film whose pictures and clips a pool of accounts makes, on both shapes."""

from collections import Counter

import pytest

from tests.acceptance import stories
from tests.acceptance.conftest import OpenSite
from tests.acceptance.deployment import EMBEDDED, SCALED
from tests.acceptance.filming import check_current, check_logs, film, shots_of

SHOTS = 3


@pytest.mark.parametrize("one_shape", [EMBEDDED, pytest.param(SCALED, marks=[pytest.mark.postgres, pytest.mark.redis])])
async def test_a_film_is_made_by_a_pool(open_site: OpenSite, one_shape: str) -> None:
    """Designs are drawn from words, shots are composed from the designs, clips begin with the shots; all paid once."""
    site = open_site(one_shape, "--seconds-per-image", "0.5", "--seconds-per-video", "0.5")
    await site.know_durations()
    async with site.pool("mira") as pool:
        await pool.add("first", "second", "third", emulated={"gift_credit": 100_000})
        providers = {"imageProvider": "jimeng", "videoProvider": "jimeng"}
        made = await film(pool.client, stories.ENGLISH, targetShots=SHOTS, **providers)
        assert made.workflow["status"] == "SUCCEEDED", made.workflow
        edit = await pool.client.do(stories.EDIT, id=made.workflow["edit"]["id"])
        assert edit["film"]["durationSeconds"] > 0
        shots = await shots_of(pool.client, made.workflow["storyboard"]["id"])
    tasks = site.emulator.tasks()
    pictures = [task for task in tasks if task["kind"] == "IMAGE"]
    designs = [task for task in pictures if not task["uris"]]
    composed = [task for task in pictures if task["uris"]]
    clips = [task for task in tasks if task["kind"] == "VIDEO"]
    assert designs, "no design was drawn from words"
    assert len(composed) == len(shots) == SHOTS, "each shot is composed from designs"
    assert [len(task["uris"]) for task in clips] == [1] * SHOTS, "each clip begins with its shot's picture"
    assert {task["end"] for task in tasks} == {"DONE"}
    twice = [submit for submit, count in Counter(task["submit_id"] for task in tasks).items() if count > 1]
    assert twice == []
    ids = {file["sha256"] for shot in shots for file in [shot["image"] or shot["croppedImage"]]}
    assert len(ids) == SHOTS, "each shot has a picture of its own"
    await check_current(site.deployment, made.id)
    check_logs(site.deployment)

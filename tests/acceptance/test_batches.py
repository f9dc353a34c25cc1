"""Batches through the real server: faults of all sorts to the end, turns, steering, budgets, callbacks and figures.

Every scenario is a user of its own with accounts of its own, on one deployment and one emulator; all play at once.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import batch_callbacks, batch_documents, batch_steering, batch_turns
from tests.acceptance.batches import (
    WORK,
    batch_ended,
    charged,
    create_batch,
    follow,
    jobs_of,
    spent_by_attempts,
    taken,
)
from tests.acceptance.deployment import EMBEDDED, SECRET
from tests.acceptance.filming import check_logs, until
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import ENDED, IMAGE_MODEL, Pool, Site, open_site

METRICS_TOKEN = "a token of the acceptance tests"
SCENARIOS: list[Scenario] = [*batch_steering.SCENARIOS, *batch_turns.SCENARIOS, *batch_callbacks.SCENARIOS]


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return open_site(
        EMBEDDED,
        tmp_path_factory.mktemp("batches"),
        *("--seconds-per-image", "0.5", "--seconds-per-video", "1"),
        EKONTE_SECRET=SECRET,
        EKONTE_METRICS_TOKEN=METRICS_TOKEN,
        EKONTE_CREDIT_HISTORY_SECONDS="0",  # what upstream gives back is not asked for
        **batch_callbacks.SETTINGS,
    )


@pytest.fixture(scope="module")
def outcomes(site: Site) -> Iterator[Played]:
    yield from played(site, SCENARIOS, site.deployment.root)


@scenario
async def mixed_faults_to_the_end(pool: Pool, _: Path) -> None:
    """Only what upstream will not draw has failed; all else is paid once and stored, and a follower sees it happen."""
    put_faults(pool)
    await pool.add("mixed-expired", emulated={"state": "EXPIRED"}, maxConcurrent=3)
    await pool.add("mixed-limited", "mixed-busy", "mixed-broken", "mixed-lost", "mixed-calm", maxConcurrent=4)
    refused, reviewed = [f"refused-{n}" for n in range(3)], [f"reviewed-{n}" for n in range(3)]
    good = [f"mixed-{n}" for n in range(54)]
    storyboards = [*good[:20], *refused, *reviewed, *good[20:]]
    batch_id = await create_batch(pool, storyboards)
    followed = await follow(pool, batch_id)
    followed.check("PARTIALLY_FAILED")
    batch = await batch_ended(pool, batch_id, "PARTIALLY_FAILED")
    assert (batch["succeededCount"], batch["failedCount"], batch["canceledCount"]) == (54, 6, 0), batch
    jobs = await jobs_of(pool, batch_id)
    assert [job["storyboardId"] for job in jobs] == storyboards, "they come in the order of the items"
    failed = {job["storyboardId"]: job["error"]["code"] for job in jobs if job["status"] == "FAILED"}
    assert failed == dict.fromkeys([*refused, *reviewed], "CONTENT_REJECTED")
    await pool.check_ledger(good)
    assert taken(pool) == {*good, *reviewed}, "what is refused at the submit is no task"
    assert charged(pool, [*refused, *reviewed]) == 0

    async def is_out() -> bool:
        account = await pool.account("mixed-expired")
        return (account["status"], account["inFlight"]) == ("INACTIVE", 0)

    await until("a second look has confirmed that the session has ended", is_out)
    for name in ("limited", "busy", "broken", "lost after", "lost before"):
        assert pool.emulator.hits(f"mixed {name}") >= 1, f"the fault {name} was not met"
    await check_statistics(pool, batch, jobs)


def put_faults(pool: Pool) -> None:
    def put(name: str, endpoint: str, **values: Any) -> None:
        pool.emulator.put_rule(f"mixed {name}", endpoint, **values)

    put("refused", "submit", prompt_contains="refused-", ret="2038")
    put("reviewed", "task", prompt_contains="reviewed-", fail_code="2004")
    put("limited", "submit", sessions="mixed-limited", ret="1057", calls=[2, 5])
    put("busy", "submit", sessions="mixed-busy", ret="-1", every=3, times=4)
    put("broken", "query", sessions="mixed-broken", http_status=502, every=4)
    put("lost after", "submit", sessions="mixed-lost", drop="after", calls=[2, 4, 6])
    put("lost before", "submit", sessions="mixed-lost", drop="before", calls=[7])


async def check_statistics(pool: Pool, batch: dict[str, Any], jobs: list[dict[str, Any]]) -> None:
    """The figures are what the jobs, their attempts and upstream's ledger say."""
    told = await pool.client.do(batch_documents.STATISTICS, work=WORK)
    ended = Counter(job["status"] for job in jobs)
    assert (told["total"], told["succeeded"], told["failed"]) == (60, ended["SUCCEEDED"], ended["FAILED"])
    assert (told["pending"], told["running"], told["canceled"]) == (0, 0, 0)
    assert told["successRate"] == pytest.approx(54 / 60)
    assert told["byError"] == [{"code": "CONTENT_REJECTED", "count": 6}]
    assert told["byWork"] == [{"workId": WORK, "imageCount": 60}]
    assert sum(day["imageCount"] for day in told["byDay"]) == 60
    assert 0 < told["averageGenerationSeconds"] <= told["p95GenerationSeconds"] * 1.05
    # What upstream gave back for refused content is in its ledger alone: it does not tell.
    gross = sum(task["charge"] for task in pool.emulator.tasks() if task["account"] in pool.ids)
    assert told["creditsSpent"] == batch["creditsSpent"] == spent_by_attempts(jobs) == gross
    assert told["switches"] == sum(changes_of(job["attempts"]) for job in jobs)


def changes_of(attempts: list[dict[str, Any]]) -> int:
    """How often a job has gone to another account."""
    names = [attempt["account"]["name"] for attempt in attempts]
    return sum(1 for before, after in itertools.pairwise(names) if before != after)


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_what_plays_at_once(name: str, outcomes: Played) -> None:
    check(outcomes[name])


async def test_metrics_count_what_was_made_and_charged(site: Site, outcomes: Played) -> None:
    """A whole process's, so that of all scenarios together; jobs that were retried have ended twice."""
    async with site.deployment.client("metrics") as client:
        headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        answer = await client.http.get(f"{site.deployment.url}/metrics", headers=headers)
    assert answer.status_code == 200
    told = metrics_of(answer.text)
    rows = await site.deployment.rows(
        "SELECT status, COUNT(*) AS number FROM job WHERE role = 'GENERATE' GROUP BY status"
    )
    for row in rows:
        if row["status"] in ENDED:
            assert total(told, "ekonte_jobs_ended_total", f'state="{row["status"]}"') >= row["number"], row["status"]
    # Of clips nobody knows the price beforehand.
    gross = sum(task["charge"] for task in site.emulator.tasks() if task["kind"] == "IMAGE")
    assert total(told, "ekonte_credits_spent_total", f'model="{IMAGE_MODEL}"') == gross
    assert total(told, "ekonte_callbacks_total", 'outcome="delivered"') == 2


Metrics = dict[tuple[str, str], float]
"By name and labels."


def total(told: Metrics, name: str, label: str = "") -> float:
    return sum(value for (known, labels), value in told.items() if known == name and label in labels)


def metrics_of(text: str) -> Metrics:
    found: Metrics = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.rpartition(" ")
            name, _, labels = key.partition("{")
            found[name, labels.rstrip("}")] = float(value)
    return found


async def test_nothing_went_wrong_that_nobody_asked_for(site: Site, outcomes: Played) -> None:
    await asyncio.to_thread(check_logs, site.deployment)

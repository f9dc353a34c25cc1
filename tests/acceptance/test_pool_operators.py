"""What operators of a pool ask it: who is next, what can still be made, how accounts do, and what another strategy
would have come to. Every scenario is a user of its own with accounts of its own, on one deployment and one emulator.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.deployment import EMBEDDED
from tests.acceptance.filming import until
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import IMAGE_MODEL, Pool, open_site, prompt_for

SCENARIOS: list[Scenario] = []
PICTURE_CREDITS = 16
UPDATE_ACCOUNTS = "mutation ($input: UpdateAccountsInput!) { updateAccounts(input: $input) { failures { message } } }"
CHECK_ACCOUNTS = "mutation ($ids: [ID!]!) { checkAccounts(ids: $ids) { successCount } }"
SET_PRIORITY = """
mutation ($input: SetPriorityInput!) {
  setPriority(input: $input) { changedJobCount failures { code } nodes { ... on Job { id priority position } } }
}"""
MOVE_TO_FRONT = """
mutation ($input: MoveToFrontInput!) {
  moveToFront(input: $input) { changedJobCount failures { code } nodes { ... on Job { id position } } }
}"""
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { job { status } } }"
FORECAST = """
query {
  accountStatistics {
    forecast {
      resetsAt
      images {
        waitingCount lastEndsAt waitsFor
        byModel { model creditsEach count atLeast atMost ableAccountCount unknownAccountIds }
      }
    }
  }
}"""
HEALTH = "query ($id: ID!) { account(id: $id) { health { score reasons { code message weight } } } }"
BATCH = "mutation ($input: CreateImageBatchInput!) { createImageBatch(input: $input) { batch { id } } }"
BATCH_JOBS = "query ($id: ID!) { batch(id: $id) { status jobs(first: 10) { nodes { id status } } } }"
REPLAY = """
query ($input: ReplayStrategyInput!) {
  replayStrategy(input: $input) {
    jobCount
    actual { attemptCount succeededCount failedCount switchCount creditsSpent lastEndSeconds }
    replayed { attemptCount succeededCount failedCount switchCount creditsSpent lastEndSeconds unplacedCount }
    accounts { accountId actualCount replayedCount }
  }
}"""


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    root = tmp_path_factory.mktemp("operators")
    times = ("--seconds-per-image", "0.5", "--seconds-per-video", "0.5")
    site = open_site(EMBEDDED, root, *times, has_users=True, EKONTE_URGENT_SLOT_PERCENT="0")
    yield from played(site, SCENARIOS, root)


async def set_status(pool: Pool, session: str, status: str) -> None:
    changes = {"accounts": [{"id": pool.ids[session], "status": status}]}
    await pool.client.do(UPDATE_ACCOUNTS, input=changes)


async def waiting(pool: Pool, session: str, storyboards: list[str]) -> None:
    """Jobs that wait for an account of one slot, which takes none before it is made ACTIVE."""
    await pool.add(session, maxConcurrent=1)
    await set_status(pool, session, "INACTIVE")
    for storyboard in storyboards:
        await pool.image(storyboard)


async def order_of(pool: Pool, session: str, storyboards: list[str]) -> list[str]:
    """The order in which upstream gets the jobs."""
    await set_status(pool, session, "ACTIVE")
    await pool.all_ended(storyboards)
    return [task["storyboard"] for task in pool.emulator.tasks(session=session)]


@scenario
async def a_job_that_is_moved_to_the_front_is_sent_next(pool: Pool, _: Path) -> None:
    await waiting(pool, "mover", ["m1", "m2", "m3", "m4"])
    moved = await pool.client.do(MOVE_TO_FRONT, input={"ids": [pool.jobs["m3"], pool.jobs["m4"]]})
    assert moved["changedJobCount"] == 2
    assert [node["position"] for node in moved["nodes"]] == [1, 2]
    assert await order_of(pool, "mover", ["m1", "m2", "m3", "m4"]) == ["m3", "m4", "m1", "m2"]
    again = await pool.client.do(MOVE_TO_FRONT, input={"ids": [pool.jobs["m1"]]})
    assert [failure["code"] for failure in again["failures"]] == ["CONFLICT"]


@scenario
async def a_job_that_becomes_urgent_overtakes(pool: Pool, _: Path) -> None:
    await waiting(pool, "riser", ["p1", "p2"])
    await pool.image("p3", priority="LOW")
    done = await pool.client.do(SET_PRIORITY, input={"ids": [pool.jobs["p3"]], "priority": "URGENT"})
    assert done["nodes"] == [{"id": pool.jobs["p3"], "priority": "URGENT", "position": 1}]
    await pool.client.do(SET_PRIORITY, input={"ids": [pool.jobs["p1"]], "priority": "LOW"})
    assert await order_of(pool, "riser", ["p1", "p2", "p3"]) == ["p3", "p2", "p1"]


@scenario
async def a_forecast_is_what_then_can_be_made(pool: Pool, _: Path) -> None:
    ids = await pool.add("poor-a", "poor-b", emulated={"gift_credit": 40, "daily_gift": 0})

    async def forecast() -> tuple[dict[str, Any], dict[str, Any]]:
        images = (await pool.client.do(FORECAST))["forecast"]["images"]
        return images, next(each for each in images["byModel"] if each["model"] == IMAGE_MODEL)

    _images, before = await forecast()
    assert (before["count"], before["atLeast"]) == (None, 0), "nothing is known of their credits"
    assert sorted(before["unknownAccountIds"]) == sorted(ids)
    await pool.client.do(CHECK_ACCOUNTS, ids=ids)
    _images, known = await forecast()
    assert known["creditsEach"] is not None
    expected = 2 * (40 // known["creditsEach"])
    assert (known["count"], known["unknownAccountIds"], known["ableAccountCount"]) == (expected, [], 2)
    storyboards = [f"f{number}" for number in range(expected + 2)]
    await pool.images(storyboards)

    async def is_used_up() -> bool:
        states = [await pool.job(pool.jobs[storyboard]) for storyboard in storyboards]
        made = sum(state["status"] == "SUCCEEDED" for state in states)
        return made == expected and all(state["status"] in ("SUCCEEDED", "PENDING") for state in states)

    await until("the credits are used up", is_used_up, every_seconds=0.3)
    assert len(pool.emulator.tasks(session="poor-a") + pool.emulator.tasks(session="poor-b")) == expected
    images, after = await forecast()
    assert (after["count"], images["waitingCount"]) == (0, 2)
    assert images["waitsFor"], images
    for state in [await pool.job(pool.jobs[storyboard]) for storyboard in storyboards]:
        if state["status"] == "PENDING":
            await pool.client.do(CANCEL, id=state["id"])


@scenario
async def an_account_that_risk_control_refused_does_worse(pool: Pool, _: Path) -> None:
    await pool.add("shaky", "sound")
    pool.emulator.put_rule("shaky risk", "submit", sessions="shaky", ret="1019")
    await pool.ended(await pool.image("h1", strategy={"loadBalance": "PRIORITY"}))
    await pool.client.do(CHECK_ACCOUNTS, ids=list(pool.ids.values()))
    shaky, sound = [(await pool.client.do(HEALTH, id=pool.ids[session]))["health"] for session in ("shaky", "sound")]
    assert {"RISK_CONTROL", "COOLING_DOWN"} <= {reason["code"] for reason in shaky["reasons"]}
    assert (sound["score"], sound["reasons"]) == (1.0, [])
    assert shaky["score"] == pytest.approx(1 - sum(reason["weight"] for reason in shaky["reasons"]))


@scenario
async def a_replay_of_the_real_strategy_comes_to_what_happened(pool: Pool, _: Path) -> None:
    first, second = await pool.add("replay-a", "replay-b", maxConcurrent=3)
    wanted = {
        "projectId": "operators",
        "workId": "replayed",
        "strategy": {"loadBalance": "PRIORITY"},
        "items": [{"storyboardId": f"x{number}", "prompt": prompt_for(f"x{number}")} for number in range(5)],
    }
    batch = (await pool.client.do(BATCH, input=wanted))["batch"]["id"]

    async def has_ended() -> bool:
        return bool((await pool.client.do(BATCH_JOBS, id=batch))["status"] == "SUCCEEDED")

    await until("the batch has ended", has_ended, every_seconds=0.2)
    await pool.slots_are_free()
    asked = {"kind": "IMAGE", "batchId": batch}
    same = await pool.client.do(REPLAY, input=asked)
    assert same["jobCount"] == 5
    assert same["accounts"] == [
        {"accountId": first, "actualCount": 3, "replayedCount": 3},
        {"accountId": second, "actualCount": 2, "replayedCount": 2},
    ]
    counts = ("attemptCount", "succeededCount", "failedCount", "switchCount", "creditsSpent")
    assert [same["replayed"][name] for name in counts] == [same["actual"][name] for name in counts]
    assert (same["actual"]["attemptCount"], same["actual"]["creditsSpent"]) == (5, 5 * PICTURE_CREDITS)
    other = await pool.client.do(REPLAY, input={**asked, "strategy": {"accountIds": [second]}})
    assert [each["replayedCount"] for each in other["accounts"]] == [0, 5]
    assert other["replayed"]["lastEndSeconds"] > same["replayed"]["lastEndSeconds"], "three at once, then two"
    assert [state["status"] for state in (await pool.client.do(BATCH_JOBS, id=batch))["jobs"]["nodes"]] == [
        "SUCCEEDED"
    ] * 5
    nothing = await pool.client.do(REPLAY, input={"kind": "VIDEO"})
    assert (nothing["jobCount"], nothing["actual"]["attemptCount"]) == (0, 0)


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_what_operators_ask(name: str, outcomes: Played) -> None:
    check(outcomes[name])

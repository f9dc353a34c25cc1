"""What is shown of credits is what upstream charged: measured late, refused, refunded, learned, and kept to budgets.

Every scenario is a user of its own with accounts of its own, on one deployment and one emulator; all play at once. The
emulator's credit history shows each entry a second late. Prices are learned by the deployment, so each scenario that
wants an unknown one has a model of its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import batch_documents
from tests.acceptance.batches import create_batch, is_at
from tests.acceptance.client import Refused
from tests.acceptance.deployment import EMBEDDED
from tests.acceptance.filming import until
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import Pool, open_site

SCENARIOS: list[Scenario] = []
CHINESE = (
    "seedance-2.0",
    "seedance-2.0-fast",
    "3.5-pro",
    "seedance-2.0-mini",
    "seedance-2.0-fast-vip",
    "seedance-2.0-vip",
)
OVERSEAS = ("veo3", "veo3.1", "sora2")
OF_BUDGETS = ("3.0-pro", "3.0", "3.0-fast", "2.0", "2.0-pro")
STATISTICS = "{ recordStatistics { succeeded creditsSpent creditsUnknownCount } }"
ATTEMPTS = "query ($id: ID!) { job(id: $id) { attempts { creditsExpected creditsSpent creditsSource } } }"
RECEIVE = """mutation ($ids: [ID!]!) {
  receiveCredits(ids: $ids) { accounts { status creditBalance } failures { code message } successCount }
}"""
CHECK = "mutation ($ids: [ID!]!) { checkAccounts(ids: $ids) { accounts { status creditBalance } failures { code } } }"
LOW_ALERTS = "{ alerts(first: 10) { nodes { kind message resolvedAt } } }"
DRY_RUN = """mutation ($input: CreateVideoBatchInput!) {
  createVideoBatch(input: $input) { estimatedCredits knownCredits creditsUnknownCount warnings }
}"""


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    root = tmp_path_factory.mktemp("prices")
    times = ("--seconds-per-image", "0.5", "--seconds-per-video", "0.5")
    site = open_site(
        EMBEDDED, root, *times, has_users=True, EKONTE_CREDIT_HISTORY_SECONDS="1", EKONTE_URGENT_SLOT_PERCENT="0"
    )
    site.emulator.ask("settings", {"credit_history_delay_seconds": 1.0})
    yield from played(site, SCENARIOS, root)


def charged(pool: Pool) -> int:
    """What upstream took from the pool's accounts, less what it gave back."""
    return sum(task["charge"] - task["refund"] for session in pool.ids for task in pool.emulator.tasks(session=session))


async def statistics_of(pool: Pool) -> dict[str, Any]:
    return dict(await pool.client.do(STATISTICS))


async def all_measured(pool: Pool) -> None:
    """Statistics say what upstream charged."""
    found: dict[str, Any] = {}

    async def ask() -> bool:
        found.update(await statistics_of(pool))
        return (found["creditsSpent"], found["creditsUnknownCount"]) == (charged(pool), 0)

    try:
        await until("", ask, 120, every_seconds=0.5)
    except AssertionError:
        raise AssertionError(f"{charged(pool)} were charged, and statistics say {found}") from None


async def clips_on_budget(pool: Pool, model: str, budget: int | None, count: int = 3) -> str:
    storyboards = [f"{model}-{number}" for number in range(count)]
    return await create_batch(
        pool,
        storyboards,
        document=batch_documents.CREATE_VIDEOS,
        model=f"jimeng-video-{model}",
        creditBudget=budget,
    )


async def clip(pool: Pool, model: str, **values: Any) -> str:
    return await pool.clip(model, model=f"jimeng-video-{model}", **values)


# ---------------------------------------------------------------- measured


@scenario
async def models_without_a_price(pool: Pool, _: Path) -> None:
    """Of every clip model that no other scenario uses, the default one included."""
    await pool.add("clips-cn", maxConcurrent=20)
    await pool.add("clips-hk", maxConcurrent=20, emulated={"site": "HK"}, type="INTERNATIONAL", sessionId="hk-clips-hk")
    jobs = [await clip(pool, model) for model in (*CHINESE, *OVERSEAS)]
    for job in jobs:
        await pool.ended(job)
    await all_measured(pool)
    assert charged(pool) == 299
    for job in jobs:
        (attempt,) = (await pool.client.do(ATTEMPTS, id=job))["attempts"]
        assert attempt["creditsSource"] == "MEASURED", attempt
        assert attempt["creditsSpent"] >= 20
    known = (await pool.client.do(ATTEMPTS, id=pool.jobs["seedance-2.0-vip"]))["attempts"][0]
    unknown = (await pool.client.do(ATTEMPTS, id=pool.jobs["3.5-pro"]))["attempts"][0]
    assert (known["creditsExpected"], unknown["creditsExpected"]) == (70, None)
    # The next one of the same kind has a price.
    again = await pool.ended(await pool.clip("again", model="jimeng-video-veo3"))
    (attempt,) = (await pool.client.do(ATTEMPTS, id=again["id"]))["attempts"]
    assert attempt["creditsExpected"] == 40
    dry = await pool.client.do(
        DRY_RUN,
        input={
            "projectId": "p",
            "workId": "w",
            "dryRun": True,
            "model": "jimeng-video-veo3",
            "items": [{"storyboardId": "d1", "prompt": "a"}, {"storyboardId": "d2", "prompt": "b"}],
        },
    )
    assert (dry["estimatedCredits"], dry["creditsUnknownCount"], dry["warnings"]) == (80, 0, [])


@scenario
async def a_refund(pool: Pool, _: Path) -> None:
    """A clip whose result review refused costs nothing in the end; a failure without a refund costs what it did."""
    await pool.add("refunded", maxConcurrent=5)
    pool.emulator.put_rule("refused", "task", sessions="refunded", prompt_contains="back:", fail_code="2043")
    pool.emulator.put_rule("kept", "task", sessions="refunded", prompt_contains="gone:", fail_code="5001", times=1)
    back = await pool.ended(
        await pool.clip("back", model="jimeng-video-seedance-2.0-mini", durationSeconds=7), "FAILED"
    )
    await pool.ended(await pool.image("gone", strategy={"maxAttempts": 1}), "FAILED")
    await all_measured(pool)
    assert charged(pool) == 16
    (attempt,) = (await pool.client.do(ATTEMPTS, id=back["id"]))["attempts"]
    assert (attempt["creditsSpent"], attempt["creditsSource"]) == (0, "MEASURED")


# ---------------------------------------------------------------- budgets


@scenario
async def a_budget_below_an_unknown_price(pool: Pool, _: Path) -> None:
    """A budget of 3 lets one task through, whose price nobody knew, and not 75 credits."""
    await pool.add("poor", maxConcurrent=10)
    dry = await pool.client.do(
        DRY_RUN,
        input={
            "projectId": "p",
            "workId": "w",
            "dryRun": True,
            "creditBudget": 3,
            "model": "jimeng-video-3.0-pro",
            "items": [
                {"storyboardId": "d1", "prompt": "a"},
                {"storyboardId": "d2", "prompt": "b", "model": "jimeng-video-seedance-2.0-mini"},
            ],
        },
    )
    assert (dry["estimatedCredits"], dry["knownCredits"], dry["creditsUnknownCount"]) == (None, 24, 1)
    assert any("measured" in warning for warning in dry["warnings"]), dry
    batch_id = await clips_on_budget(pool, "3.0-pro", 3)
    paused = await is_at(pool, batch_id, "it is paused", status="PAUSED", succeededCount=1)
    assert paused["creditsSpent"] == 25 == charged(pool)
    assert "3 credits" in paused["pauseReason"]


@scenario
async def a_budget_that_learns_the_price(pool: Pool, _: Path) -> None:
    """25 each: the first is measured, then a second one fits, and a third does not."""
    await pool.add("learning", maxConcurrent=10)
    batch_id = await clips_on_budget(pool, "3.0", 60, count=4)
    paused = await is_at(pool, batch_id, "it is paused", status="PAUSED", succeededCount=2)
    assert paused["creditsSpent"] == 50 == charged(pool)


@scenario
async def a_history_that_is_refused(pool: Pool, _: Path) -> None:
    """The balance before and after tells the price then; the account goes on working, and is asked less and less."""
    await pool.add("silent", maxConcurrent=10)
    pool.emulator.put_rule("silent", "credit_history", sessions="silent", ret="-4")
    batch_id = await clips_on_budget(pool, "3.0-fast", 60, count=4)
    paused = await is_at(pool, batch_id, "it is paused", status="PAUSED", succeededCount=2)
    assert paused["creditsSpent"] == 50 == charged(pool)
    account = await pool.account("silent")
    assert (account["status"], account["cooldowns"]) == ("ACTIVE", [])
    assert pool.emulator.hits("silent") <= 5


@scenario
async def nothing_tells_the_price(pool: Pool, _: Path) -> None:
    """Neither history nor balance: one task, and a sentence that says why; without a budget it goes on."""
    await pool.add("mute", maxConcurrent=10)
    pool.emulator.put_rule("mute", ["credit_history", "credit"], sessions="mute", ret="-4")
    batch_id = await clips_on_budget(pool, "2.0", 1000)
    paused = await is_at(pool, batch_id, "it is paused", status="PAUSED", succeededCount=1)
    assert paused["creditsSpent"] is None
    assert "unknown" in paused["pauseReason"]
    await pool.client.do(batch_documents.RESUME_WITH_BUDGET, id=batch_id, budget=None)
    await is_at(pool, batch_id, "it has ended", status="SUCCEEDED")
    assert (await statistics_of(pool)) == {"succeeded": 3, "creditsSpent": None, "creditsUnknownCount": 3}


# ---------------------------------------------------------------- pictures


@scenario
async def numbers_in_a_prompt(pool: Pool, _: Path) -> None:
    await pool.add("counting", maxConcurrent=10)
    plain = await pool.image("plain", prompt="plain: 墙上贴着1000张照片，连续的故事")
    seven = await pool.image("seven", count=7)
    one = await pool.image("one", count=1, model="jimeng-5.0-pro")
    assert [len((await pool.ended(job))["files"]) for job in (plain, seven, one)] == [4, 7, 1]
    assert [pool.charges(name)[0][1] for name in ("plain", "seven", "one")] == [16, 28, 8]
    assert (await statistics_of(pool))["creditsSpent"] == 52
    with pytest.raises(Refused, match="count cannot be 9"):
        await pool.image("nine", count=9)


# ---------------------------------------------------------------- credits of an account


@scenario
async def sessions_that_are_refused_credits(pool: Pool, _: Path) -> None:
    ended, banned, risky, well, blinking = await pool.add("gone", "banned", "risky", "well", "blinking")
    pool.emulator.put_account("gone", state="EXPIRED")
    pool.emulator.put_rule("blink", "receive", sessions="blinking", ret="1015", times=1)
    pool.emulator.put_rule("banned", "receive", sessions="banned", ret="1018")
    pool.emulator.put_rule("risky", "receive", sessions="risky", ret="-4")
    told = await pool.client.do(RECEIVE, ids=[ended, banned, risky, well])
    assert (told["successCount"], len(told["failures"])) == (1, 3)
    assert told["accounts"] == [{"status": "ACTIVE", "creditBalance": 1060}]
    assert (await pool.account("gone"))["status"] == "INACTIVE"
    held = await pool.account("banned")
    assert held["status"] == "ACTIVE", "one refusal is confirmed before an account is taken out"
    assert "One more task will confirm it" in held["cooldowns"][0]["reason"]
    assert (await pool.account("risky"))["status"] == "ACTIVE"
    assert "updateAccounts" in told["failures"][0]["message"]
    assert "one more task" in told["failures"][1]["message"]
    assert "tomorrow" in told["failures"][2]["message"]
    again = await pool.client.do(RECEIVE, ids=[well])
    assert (again["failures"], again["accounts"][0]["creditBalance"]) == ([], 1060), "they are received already"
    once = await pool.client.do(RECEIVE, ids=[blinking])
    assert "accepts it at a second look" in once["failures"][0]["message"]
    account = await pool.account("blinking")
    assert (account["status"], account["cooldowns"]) == ("ACTIVE", [])
    assert (await pool.client.do(RECEIVE, ids=[blinking]))["accounts"][0]["creditBalance"] == 1060


@scenario
async def a_balance_of_nothing(pool: Pool, _: Path) -> None:
    """It takes no task of unknown price, and is not shown as available."""
    (account,) = await pool.add("broke", emulated={"gift_credit": 0, "daily_gift": 0})
    told = await pool.client.do(CHECK, ids=[account])
    assert told["accounts"][0]["creditBalance"] == 0
    assert (await pool.account("broke"))["videoAvailability"] == "EXHAUSTED"
    job = await clip(pool, "2.0-pro")
    found: dict[str, Any] = {}

    async def ask() -> bool:
        found.update(await pool.job(job))
        return found["status"] == "PENDING" and "quota is used up" in str(found["message"])

    await until("today's credits were asked for, and the job waits", ask, 60, every_seconds=0.2)
    assert pool.emulator.tasks(session="broke") == []


@scenario
async def a_balance_that_falls(pool: Pool, _: Path) -> None:
    """The alert has the present number, not that of the moment when it was raised."""
    (account,) = await pool.add("falling", emulated={"gift_credit": 60})
    await pool.client.do(CHECK, ids=[account])
    for name, left in (("f1", 44), ("f2", 28)):
        await pool.ended(await pool.image(name))

        async def ask(left: int = left) -> bool:
            alerts = (await pool.client.do(LOW_ALERTS))["nodes"]
            return [alert["message"] for alert in alerts if f"has {left} credits" in alert["message"]] != []

        await until(f"the alert says {left}", ask, 60, every_seconds=0.2)
    pool.emulator.put_account("falling", gift_credit=900)
    await pool.client.do(CHECK, ids=[account])
    (alert,) = [alert for alert in (await pool.client.do(LOW_ALERTS))["nodes"] if alert["kind"] == "CREDIT_LOW"]
    assert alert["resolvedAt"] is not None


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_credits_are_what_upstream_says(name: str, outcomes: Played) -> None:
    check(outcomes[name])

"""What passes by itself is over by itself: second looks, troubles of a site, refusals of one job, small pools.

Every scenario is a user of its own with accounts of its own, on one deployment and one emulator; all play at once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.deployment import EMBEDDED
from tests.acceptance.filming import until
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import IMAGE_MODEL, Pool, attempts_of, open_site

SCENARIOS: list[Scenario] = []
BY_PRIORITY = {"loadBalance": "PRIORITY"}
CHECK = "mutation ($ids: [ID!]!) { checkAccounts(ids: $ids) { accounts { status creditBalance } failures { code } } }"
ALERTS = "{ alerts(open: true) { nodes { kind message } } }"


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    root = tmp_path_factory.mktemp("recovery")
    times = ("--seconds-per-image", "0.5", "--seconds-per-video", "0.5")
    settings = {"EKONTE_SECOND_LOOK_SECONDS": "1", "EKONTE_RELOOK_SECONDS": "1"}
    site = open_site(EMBEDDED, root, *times, has_users=True, **settings)
    yield from played(site, SCENARIOS, root)


async def becomes(pool: Pool, session: str, **expected: Any) -> dict[str, Any]:
    """The account, once it has these values."""

    async def ask() -> Any:
        account = await pool.account(session)
        return account if all(account[name] == value for name, value in expected.items()) else None

    return dict(await until(f"{session} is {expected}", ask))


async def alerts(pool: Pool, kind: str) -> list[dict[str, Any]]:
    """The open alerts of a kind."""
    return [alert for alert in (await pool.client.do(ALERTS))["nodes"] if alert["kind"] == kind]


# ---------------------------------------------------------------- sessions


@scenario
async def one_refused_session(pool: Pool, _: Path) -> None:
    """A single 1015 at a submit: the account works again after its second look, without a person."""
    await pool.add("blinking")
    pool.emulator.put_rule("blink", "submit", sessions="blinking", ret="1015", times=1)
    job = await pool.ended(await pool.image("b1"))
    assert attempts_of(job) == [("blinking", "SWITCHED", "AUTH_FAILED", "1015"), ("blinking", "SUCCEEDED", None, None)]
    account = await pool.account("blinking")
    assert (account["status"], account["cooldowns"]) == ("ACTIVE", [])
    assert await alerts(pool, "ACCOUNT_SESSION_EXPIRED") == []
    await pool.check_ledger(["b1"])


@scenario
async def one_refused_session_at_a_query(pool: Pool, _: Path) -> None:
    await pool.add("asking")
    pool.emulator.put_rule("ask", "query", sessions="asking", ret="1015", times=1)
    job = await pool.ended(await pool.image("q1"))
    assert attempts_of(job) == [("asking", "SUCCEEDED", None, None)]
    assert (await becomes(pool, "asking", cooldowns=[]))["status"] == "ACTIVE"


@scenario
async def a_session_that_comes_back(pool: Pool, _: Path) -> None:
    """Alone in its pool and refused twice: INACTIVE with an alert; later looks bring it back, and its job is made."""
    await pool.add("returning", emulated={"state": "EXPIRED"})
    job_id = await pool.image("r1")
    await becomes(pool, "returning", status="INACTIVE")
    assert len(await alerts(pool, "ACCOUNT_SESSION_EXPIRED")) == 1
    pool.emulator.put_account("returning", state="GOOD")
    job = await pool.ended(job_id)
    assert attempts_of(job)[-1] == ("returning", "SUCCEEDED", None, None)
    assert (await pool.account("returning"))["status"] == "ACTIVE"
    assert await alerts(pool, "ACCOUNT_SESSION_EXPIRED") == []
    await pool.check_ledger(["r1"])


@scenario
async def a_check_by_a_person(pool: Pool, _: Path) -> None:
    await pool.add("checked", emulated={"state": "EXPIRED"})
    payload = await pool.client.do(CHECK, ids=[pool.ids["checked"]])
    assert payload["accounts"][0]["status"] == "INACTIVE"
    pool.emulator.put_account("checked", state="GOOD", gift_credit=321)
    payload = await pool.client.do(CHECK, ids=[pool.ids["checked"]])
    assert payload["accounts"] == [{"status": "ACTIVE", "creditBalance": 321}]


@scenario
async def a_site_that_refuses_everybody_for_a_while(pool: Pool, _: Path) -> None:
    """1015 to all accounts of the site: none is taken out, one alert says so, and all is made when it is over."""
    names = [f"site-{number}" for number in range(3)]
    await pool.add(*names)
    pool.emulator.put_rule("site", "submit", sessions=names, ret="1015", times=7)
    storyboards = [f"s{number}" for number in range(6)]
    await pool.images(storyboards)

    async def raised() -> list[dict[str, Any]]:
        return await alerts(pool, "SITE_TROUBLE")

    (alert,) = await until("the site has trouble", raised)
    assert "site CN met the same fault" in alert["message"]
    await pool.all_ended(storyboards)
    for name in names:
        account = await pool.account(name)
        assert (account["status"], account["consecutiveFailures"]) == ("ACTIVE", 0)
    assert await alerts(pool, "SITE_TROUBLE") == []
    assert await alerts(pool, "ACCOUNT_SESSION_EXPIRED") == []
    await pool.check_ledger(storyboards)


# ---------------------------------------------------------------- credits


@scenario
async def a_model_that_the_plan_lacks_though_credits_suffice(pool: Pool, _: Path) -> None:
    """1006 for one model: the balance is looked at once, and only that model rests."""
    await pool.add("planless", emulated={"gift_credit": 500})
    pool.emulator.put_rule("plan", "submit", sessions="planless", models=IMAGE_MODEL, ret="1006")
    pool.emulator.put_rule("looks", "credit", sessions="planless")
    waiting = await pool.images(["p1", "p2", "p3"])
    account = await becomes(pool, "planless", creditBalance=500)

    async def is_settled() -> Any:
        cooldowns = (await pool.account("planless"))["cooldowns"]
        return cooldowns if cooldowns and "although the account has 500" in cooldowns[0]["reason"] else None

    (cooldown,) = await until("the refusal is settled", is_settled)
    assert (cooldown["kind"], cooldown["model"]) == ("IMAGE", IMAGE_MODEL)
    assert account["imageAvailability"] == "AVAILABLE"
    job = await pool.ended(await pool.image("p4", model="jimeng-4.1"))
    assert attempts_of(job) == [("planless", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("looks") <= 2
    assert pool.emulator.account("planless")["received_on"] == ""
    assert {(await pool.job(job_id))["status"] for job_id in waiting} == {"PENDING"}


# ---------------------------------------------------------------- one job that is always refused


@scenario
async def a_job_that_always_meets_a_limit(pool: Pool, _: Path) -> None:
    """The others are made meanwhile, and at most two accounts cool for it, for a moment."""
    await pool.add("limit-a", "limit-b")
    pool.emulator.put_rule("poison", "submit", prompt_contains="x0:", ret="1057")
    poisoned = await pool.image("x0")
    others = [f"x{number}" for number in range(1, 13)]
    await pool.images(others)
    await pool.all_ended(others)
    assert (await pool.job(poisoned))["status"] in ("PENDING", "RUNNING")
    assert pool.emulator.hits("poison") < 8
    await pool.check_ledger(others)


@scenario
async def a_job_that_risk_control_always_refuses(pool: Pool, _: Path) -> None:
    await pool.add("risk-a", "risk-b", "risk-c")
    first = [f"k{number}" for number in range(1, 10)]
    await pool.images(first)
    await pool.all_ended(first)
    pool.emulator.put_rule("risky", "submit", prompt_contains="k0:", ret="1019")
    job = await pool.ended(await pool.image("k0"), "FAILED")
    assert pool.emulator.hits("risky") == 2
    assert "about this request" in job["error"]["message"]
    others = [f"k{number}" for number in range(10, 14)]
    await pool.images(others)
    await pool.all_ended(others)


# ---------------------------------------------------------------- small pools


async def most_at_once(pool: Pool, prefix: str, sessions: list[str], **values: Any) -> int:
    """The most tasks that these accounts had under way, while 12 pictures were made."""
    await pool.add(*sessions, **values)
    pool.emulator.put_rule(f"slow {prefix}", "task", sessions=sessions, work_seconds=2.0)
    storyboards = [f"{prefix}{number}" for number in range(12)]
    await pool.images(storyboards)
    found = 0

    async def ask() -> bool:
        nonlocal found
        found = max(found, sum([(await pool.account(session))["inFlight"] for session in sessions]))
        return found == sum(values.get("maxConcurrent", 3) for _ in sessions)

    await until(f"all slots of {prefix} are used", ask)
    await pool.all_ended(storyboards)
    return found


@scenario
async def one_account_of_three_slots_runs_three(pool: Pool, _: Path) -> None:
    assert await most_at_once(pool, "o", ["small-3"], maxConcurrent=3) == 3
    assert pool.emulator.peaks("IMAGE")["small-3"] == 3


@scenario
async def two_accounts_of_one_slot_run_two(pool: Pool, _: Path) -> None:
    assert await most_at_once(pool, "w", ["small-1", "small-2"], maxConcurrent=1) == 2


@scenario
async def a_ratio_that_one_site_lacks_goes_to_another(pool: Pool, _: Path) -> None:
    await pool.add("lacking-us", emulated={"site": "US"}, type="INTERNATIONAL", site="US")
    job_id = await pool.image("a1", model="nanobanana", ratio="16:9", strategy=BY_PRIORITY)

    async def message() -> Any:
        text = (await pool.job(job_id))["message"] or ""
        return text if "16:9" in text else None

    assert "HK, JP, SG" in await until("it says which sites can", message)
    assert pool.emulator.tasks(session="lacking-us") == []
    await pool.add("able-hk", emulated={"site": "HK"}, type="INTERNATIONAL", site="HK")
    job = await pool.ended(job_id)
    assert attempts_of(job) == [("able-hk", "SUCCEEDED", None, None)]


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_what_passes_by_itself(name: str, outcomes: Played) -> None:
    check(outcomes[name])

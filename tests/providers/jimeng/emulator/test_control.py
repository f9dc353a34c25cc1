"""The emulator's control interface: reading and changing its state."""

import pytest

from providers.jimeng.emulator.accounts import Account
from tests.providers.jimeng.emulator.asking import Emulated
from tests.providers.jimeng.emulator.conftest import MakeEmulated


async def test_the_ledger_names_every_task(emulated: Emulated) -> None:
    history_id = await emulated.submitted()
    emulated.time += 25
    (entry,) = (await emulated.control("ledger"))["tasks"]
    assert entry["history_id"] == history_id
    assert (entry["account"], entry["model"], entry["kind"], entry["end"]) == ("one", "jimeng-4.5", "IMAGE", "DONE")
    assert (entry["ended_at"] - entry["created_at"], entry["status"], entry["refund"]) == (20, 50, 0)


async def test_accounts_are_added_and_changed_while_it_runs(emulated: Emulated) -> None:
    assert (await emulated.submit(session="two"))["ret"] == "1015"
    await emulated.control("accounts", {"accounts": [{"session": "two", "gift_credit": 16}, {"session": "three"}]})
    assert await emulated.submitted(session="two")
    await emulated.control("accounts", {"session": "two", "purchase_credit": 100})
    told = {account["session"]: account for account in (await emulated.control("accounts"))["accounts"]}
    assert (told["two"]["credit"], told["two"]["in_flight"]) == (100, {"IMAGE": 1, "VIDEO": 0})
    assert set(told) == {"one", "two", "three"}


async def test_rules_are_added_replaced_removed_and_cleared(emulated: Emulated) -> None:
    rule = {"name": "a", "endpoint": "submit", "ret": 1019, "first": 1}
    await emulated.control("rules", {"rules": [rule, {"name": "b", "endpoint": "query", "ret": -1}]})
    assert [(await emulated.submit())["ret"] for _ in range(2)] == ["1019", "0"]
    told = await emulated.control("rules", {"rules": [{**rule, "ret": 1310}], "remove": ["b"]})
    assert [(known["name"], known["ret"], known["hits"]) for known in told["rules"]] == [("a", "1310", 0)]
    assert (await emulated.submit())["ret"] == "1310"
    assert (await emulated.control("rules", {"clear": True}))["rules"] == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("settings", {"seconds_per_imag": 3}),
        ("settings", {"seconds_per_image": -1}),
        ("settings", {"deduplicates": 1}),
        ("settings", {"visible_after_seconds": [3, 1]}),
        ("settings", {"jitter": 1}),
        ("rules", {"rules": [{"endpoint": "nowhere"}]}),
        ("accounts", {"session": "x", "site": "FR"}),
        ("clock", {"advance_seconds": -1}),
        ("clock", {}),
    ],
)
async def test_what_cannot_be_set_changes_nothing(emulated: Emulated, name: str, body: object) -> None:
    before = [await emulated.control(what) for what in ("settings", "rules", "accounts")]
    response = await emulated.http.post(f"/__emulator__/{name}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]
    assert [await emulated.control(what) for what in ("settings", "rules", "accounts")] == before


async def test_settings_hold_for_tasks_from_then_on(emulated: Emulated) -> None:
    await emulated.control("settings", {"seconds_per_image": 5, "images_per_task": 2, "visible_after_seconds": 0})
    history_id = await emulated.submitted()
    emulated.time += 5
    record = await emulated.record(history_id)
    assert record is not None
    assert (record["status"], len(record["item_list"])) == (50, 2)


async def test_the_clock_is_moved_for_tasks_and_not_for_callers(emulated: Emulated) -> None:
    history_id = await emulated.submitted()
    await emulated.control("clock", {"advance_seconds": 86_400})
    record = await emulated.record(history_id)  # its Device-Time is still the old one
    assert record is not None
    assert record["status"] == 50


async def test_statistics_count_calls_refusals_and_time_in_slots(make: MakeEmulated) -> None:
    emulated = make(Account("one", image_limit=2, video_limit=1))
    await emulated.submitted()
    await emulated.submit(session="nobody")
    emulated.time += 40
    told = await emulated.control("statistics")
    assert told["requests"] == {"submit": 2}
    assert told["refusals"] == {"submit 1015": 1}
    assert told["last_refusals"][0]["why"]
    assert told["tasks_by_end"] == {"DONE": 1}
    assert told["slots"]["IMAGE"] == {"count": 2, "used_seconds": 20, "used_share": 0.25}
    assert told["cpu_seconds"] >= 0


async def test_a_reset_forgets_tasks_and_puts_accounts_back(emulated: Emulated) -> None:
    await emulated.control("rules", {"rules": [{"name": "a", "endpoint": "query", "ret": 1, "first": 1}]})
    history_id = await emulated.submitted()
    await emulated.control("accounts", {"session": "one", "state": "EXPIRED"})
    await emulated.control("reset", {})
    assert (await emulated.control("ledger"))["tasks"] == []
    assert await emulated.credit() == 1000
    assert (await emulated.control("statistics"))["requests"] == {"credit": 1}
    assert len((await emulated.control("rules"))["rules"]) == 1
    assert await emulated.submitted() != history_id

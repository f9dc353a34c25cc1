"""Fault rules: which calls they apply to, and what the caller sees."""

import time
from typing import Any

import pytest

from providers.jimeng.emulator.accounts import Account
from providers.jimeng.emulator.faults import RuleBook, Subject, rule_from
from providers.pooled import GenerationOrder
from tests.providers.jimeng.emulator.asking import CLIP, CREDIT, GENERATE, HISTORY, PICTURE, RECEIVE, Emulated, body_of
from tests.providers.jimeng.emulator.conftest import MakeEmulated


def _hits(rule: dict[str, Any], count: int = 10, **about: Any) -> list[int]:
    book = RuleBook(1, [rule_from({"endpoint": "submit", "ret": "1019", **rule})])
    subject = Subject(**{"endpoint": "submit", "session": "one", **about})
    return [number for number in range(1, count + 1) if book.rule_for(subject, 0.0)]


def test_calls_are_hit_by_number() -> None:
    assert _hits({"calls": [2, 5]}) == [2, 5]
    assert _hits({"first": 3}) == [1, 2, 3]
    assert _hits({"every": 4}) == [4, 8]
    assert _hits({"times": 2}) == [1, 2]
    assert _hits({"every": 3, "times": 2}) == [3, 6]


def test_a_rate_is_about_kept_and_the_same_for_the_same_seed() -> None:
    hits = _hits({"rate": 0.1}, 2000)
    assert 150 < len(hits) < 250
    assert hits == _hits({"rate": 0.1}, 2000)
    assert _hits({"rate": 0.0}) == []


def test_a_rule_is_about_what_it_names() -> None:
    rule = {"sessions": ["two"], "sites": ["CN"], "kinds": ["VIDEO"], "models": ["m"], "prompt_contains": "cat"}
    about = {"session": "two", "site": "CN", "kind": "VIDEO", "model": "m", "prompt": "a cat"}
    assert _hits(rule, 1, **about) == [1]
    for name in about:
        assert _hits(rule, 1, **{**about, name: "another"}) == []
    assert _hits(rule, 1, **about, endpoint="query") == []


def test_a_rule_has_its_time() -> None:
    book = RuleBook(1, [rule_from({"endpoint": "submit", "ret": "1", "from_seconds": 10, "until_seconds": 20})])
    subject = Subject("submit")
    assert [bool(book.rule_for(subject, elapsed)) for elapsed in (0, 9.9, 10, 19.9, 20)] == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_accounts_are_counted_one_by_one_where_said() -> None:
    book = RuleBook(1, [rule_from({"endpoint": "submit", "ret": "1", "first": 1, "per_account": True})])
    hits = [bool(book.rule_for(Subject("submit", session), 0.0)) for session in ("one", "one", "two", "two")]
    assert hits == [True, False, True, False]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"endpoint": "sumbit"},
        {"endpoint": "submit", "rte": 0.5},
        {"endpoint": "submit", "rate": 1.5},
        {"endpoint": "submit", "rate": "often"},
        {"endpoint": "submit", "drop": "sometimes"},
        {"endpoint": "submit", "calls": ["one"]},
        {"endpoint": "submit", "every": 0},
        {"endpoint": "submit", "http_status": 42},
        {"endpoint": "task", "hidden_seconds": [5, 1]},
        {"endpoint": "task", "missing_seconds": [5, 1]},
        {"endpoint": "task", "shape": "round"},
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        rule_from(rule)


async def test_a_refused_submit_takes_nothing(make: MakeEmulated) -> None:
    rule = {"endpoint": "submit", "ret": 4013, "fail_code": "4013", "kinds": ["VIDEO"]}
    emulated = make(rules=(rule,))
    answer = await emulated.submit(CLIP)
    assert (answer["ret"], answer["data"]["fail_code"]) == ("4013", "4013")
    assert answer["errmsg"]
    assert await emulated.credit() == 1000
    assert await emulated.submitted(PICTURE)


async def test_what_is_wrong_with_a_call_goes_before_the_rule(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "submit", "ret": 1019},))
    assert (await emulated.ask(GENERATE, {**body_of(PICTURE), "draft_content": {}}))["ret"] == "1002"


async def test_a_receive_is_refused_with_data_all_the_same(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "receive", "ret": -4},))
    answer = await emulated.ask(RECEIVE, {"time_zone": "Asia/Shanghai"})
    assert (answer["ret"], answer["errmsg"], answer["data"]["receive_quota"]) == ("-4", "shark check reject", 0)
    assert await emulated.credit() == 1000


@pytest.mark.parametrize("status", [404, 429, 500, 502])
async def test_a_page_in_html_with_a_wait(make: MakeEmulated, status: int) -> None:
    emulated = make(rules=({"endpoint": "query", "http_status": status, "retry_after_seconds": 7, "first": 1},))
    response = await emulated.post(HISTORY, {"history_ids": ["1"]})
    assert (response.status_code, response.headers["retry-after"]) == (status, "7")
    assert response.text.startswith("<html>")
    assert (await emulated.post(HISTORY, {"history_ids": ["1"]})).status_code == 200


@pytest.mark.parametrize(
    ("rule", "header"),
    [
        ({"retry_after_seconds": 1_800_000}, "1800000"),
        ({"retry_after_seconds": 0.5}, "0.5"),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "Wed, 21 Oct 2026 07:28:00 GMT"),
    ],
)
async def test_a_wait_is_told_in_plain_numbers_or_as_given(
    make: MakeEmulated, rule: dict[str, Any], header: str
) -> None:
    emulated = make(rules=({"endpoint": "query", "http_status": 429, **rule},))
    response = await emulated.post(HISTORY, {"history_ids": ["1"]})
    assert response.headers["retry-after"] == header


async def test_a_submit_may_be_taken_though_a_page_says_that_it_failed(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "submit", "http_status": 502, "works_first": True},))
    assert (await emulated.post(GENERATE, body_of(PICTURE))).status_code == 502
    assert len((await emulated.control("ledger"))["tasks"]) == 1


@pytest.mark.parametrize(("drop", "tasks"), [("before", 0), ("after", 1)])
async def test_a_connection_is_dropped_before_or_after_the_task_is_taken(
    make: MakeEmulated, drop: str, tasks: int
) -> None:
    emulated = make(rules=({"endpoint": "submit", "drop": drop},))
    with pytest.raises(ConnectionResetError):
        await emulated.post(GENERATE, body_of(PICTURE))
    assert len((await emulated.control("ledger"))["tasks"]) == tasks
    assert await emulated.credit() == 1000 - 16 * tasks


async def test_an_answer_may_lack_the_history_id_and_the_task_is_there(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "submit", "omits_history_id": True},))
    answer = await emulated.submit()
    assert (answer["ret"], answer["data"]["aigc_data"]) == ("0", {})
    assert len((await emulated.control("ledger"))["tasks"]) == 1


async def test_an_answer_may_be_cut_short(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "credit", "garbles": True},))
    response = await emulated.post(CREDIT, {})
    with pytest.raises(ValueError):
        response.json()


async def test_a_slow_answer_is_one_about_something_that_was_done(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "submit", "delay_seconds": 0.2},))
    began = time.monotonic()
    assert await emulated.submitted()
    assert time.monotonic() - began > 0.15


@pytest.mark.parametrize(
    ("code", "refund", "task_status"), [("2038", 16, 10), ("2039", 16, 40), ("1017", 0, 30), ("9999", 0, 30)]
)
async def test_what_review_refuses_is_refunded(make: MakeEmulated, code: str, refund: int, task_status: int) -> None:
    emulated = make(rules=({"endpoint": "task", "fail_code": code, "message": "no", "at_fraction": 0.5},))
    history_id = await emulated.submitted()
    emulated.time += 10
    record = await emulated.record(history_id)
    assert record is not None
    assert (record["status"], record["fail_code"], record["task"]["status"]) == (30, code, task_status)
    assert (record["fail_starling_message"], record["item_list"]) == ("no", [])
    assert await emulated.credit() == 984 + refund
    (entry,) = (await emulated.control("ledger"))["tasks"]
    assert (entry["end"], entry["charge"], entry["refund"]) == ("FAILED", 16, refund)


async def test_a_rule_may_say_otherwise_about_the_refund(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "fail_code": "2039", "refunds": False},))
    await emulated.submitted()
    emulated.time += 20
    assert await emulated.credit() == 984


async def test_a_failed_task_may_have_results(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "fail_code": "5001", "items": 2},))
    history_id = await emulated.submitted()
    emulated.time += 20
    record = await emulated.record(history_id)
    assert record is not None
    assert (record["status"], len(record["item_list"])) == (30, 2)
    link = record["item_list"][1]["image"]["large_images"][0]["image_url"]
    assert (await emulated.http.get(link)).status_code == 200


async def test_a_success_may_lack_links(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "has_links": False},))
    for order in (PICTURE, CLIP):
        history_id = await emulated.submitted(order)
        emulated.time += 100
        record = await emulated.record(history_id)
        assert record is not None
        assert record["status"] == 50
        assert "http" not in str(record["item_list"])


ITEMS, URIS = "/mweb/v1/get_local_item_list", "/mweb/v1/get_image_by_uri"


async def test_links_may_come_late(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "links_after_seconds": 5},))
    history_id = await emulated.submitted()
    emulated.time += 22
    record = await emulated.record(history_id)
    assert "http" not in str(record)
    emulated.time += 4
    assert "http" in str((await emulated.record(history_id) or {})["item_list"])


@pytest.mark.parametrize("shape", ["renditions", "item_id", "uri", "cover_map", "origin_list", "common_attr"])
@pytest.mark.parametrize("order", [PICTURE, CLIP])
async def test_a_success_may_have_its_links_elsewhere(make: MakeEmulated, shape: str, order: GenerationOrder) -> None:
    """Whatever its form, its links are there, or can be asked for by what is there."""
    emulated = make(rules=({"endpoint": "task", "shape": shape},))
    history_id = await emulated.submitted(order)
    emulated.time += 101
    record = await emulated.record(history_id)
    assert record is not None
    items = record["origin_item_list" if shape == "origin_list" else "item_list"]
    assert len(items) == (4 if order is PICTURE else 1)
    told = str(items[0])
    if shape == "item_id":
        assert "http" not in told
        told = str(await emulated.ask(ITEMS, {"item_id_list": [items[0]["common_attr"]["id"]]}))
    elif shape == "uri" and order is PICTURE:
        assert "http" not in told
        told = str(await emulated.ask(URIS, {"uris": [items[0]["image"]["large_images"][0]["image_uri"]]}))
    elif shape == "renditions" and order is CLIP:
        assert "origin" not in told
    assert f"/obj/{history_id}/0-" in told


async def test_a_success_may_have_another_status_and_no_time(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "end_status": 200, "has_finish_time": False},))
    history_id = await emulated.submitted()
    emulated.time += 21
    record = await emulated.record(history_id)
    assert record is not None
    assert (record["status"], record["task"]["finish_time"], record["finished_image_count"]) == (200, 0, 4)


async def test_numbers_may_be_text(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "shape": "text_numbers"},))
    history_id = await emulated.submitted()
    emulated.time += 21
    record = await emulated.record(history_id)
    assert record is not None
    assert (record["status"], record["total_image_count"]) == ("50", "4")


async def test_a_task_may_be_missing_for_a_while(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "missing_seconds": [5, 60]},))
    history_id = await emulated.submitted()
    seen = []
    for _ in range(3):
        seen.append(await emulated.record(history_id) is not None)
        emulated.time += 31
    assert seen == [True, False, True]


async def test_tasks_that_match_are_hidden_and_take_longer(make: MakeEmulated) -> None:
    rule = {"endpoint": "task", "prompt_contains": "dog", "hidden_seconds": [5, 5], "work_seconds": 60}
    emulated = make(rules=(rule,))
    hidden = await emulated.submitted(GenerationOrder("IMAGE", "jimeng-4.5", "a dog"))
    seen = await emulated.submitted()
    assert await emulated.record(hidden) is None
    assert await emulated.record(seen) is not None
    emulated.time += 21
    slow, quick = await emulated.record(hidden), await emulated.record(seen)
    assert slow is not None
    assert quick is not None
    assert (slow["status"], quick["status"]) == (42, 50)


async def test_a_rule_of_one_account_spares_the_others(make: MakeEmulated) -> None:
    rules = ({"endpoint": ["submit", "query"], "sessions": ["two"], "ret": 1019},)
    emulated = make(Account("one"), Account("two"), rules=rules)
    assert (await emulated.submit(session="two"))["ret"] == "1019"
    assert (await emulated.ask(HISTORY, {"history_ids": ["1"]}, session="two"))["ret"] == "1019"
    assert await emulated.submitted()


async def test_uploads_fail_by_rule(emulated: Emulated) -> None:
    await emulated.control("rules", {"rules": [{"endpoint": "apply", "ret": 5000}]})
    token = await emulated.token()
    answer = (await emulated.apply(token, 8)).json()
    assert answer["ResponseMetadata"]["Error"]["Code"] == "5000"

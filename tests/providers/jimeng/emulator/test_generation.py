"""Tasks from the caller's view: responses, records, charges, refunds, ids, queue, cancellation."""

from providers.jimeng.emulator.accounts import Account
from providers.pooled import GenerationOrder
from tests.providers.jimeng.emulator.asking import CLIP, HISTORY, PICTURE, Emulated, new_id
from tests.providers.jimeng.emulator.conftest import MakeEmulated

CANCEL = "/mweb/v1/aigc_draft/cancel_generate"
SEEDANCE = GenerationOrder("VIDEO", "jimeng-video-seedance-2.0-mini", "a lion runs", duration_seconds=10)


async def test_a_submit_is_answered_with_the_task(emulated: Emulated) -> None:
    submit_id = new_id()
    answer = await emulated.submit(submit_id=submit_id)
    data = answer["data"]["aigc_data"]
    assert (answer["ret"], isinstance(answer["logid"], str), answer["systime"]) == ("0", True, "1795000000")
    assert data["history_record_id"].isdecimal()
    assert 12 <= len(data["history_record_id"]) <= 14
    assert (data["status"], data["generate_type"], data["submit_id"]) == (20, 1, submit_id)
    assert data["task"]["history_id"] == data["history_record_id"]


async def test_a_record_walks_to_its_end(emulated: Emulated) -> None:
    history_id = await emulated.submitted()
    seen = []
    for seconds in (0, 4, 9, 10):
        emulated.time += seconds
        record = await emulated.record(history_id)
        assert record is not None
        seen.append((record["status"], record["finished_image_count"], len(record["item_list"])))
    assert seen == [(20, 0, 0), (42, 0, 0), (45, 0, 0), (50, 4, 4)]
    assert record is not None
    assert record["total_image_count"] == 4
    assert record["task"]["finish_time"] == 1_795_000_020
    image = record["item_list"][0]["image"]["large_images"][0]
    assert (image["width"], image["height"], image["format"]) == (2048, 2048, "png")
    assert len({item["common_attr"]["id"] for item in record["item_list"]}) == 4


async def test_a_clip_has_one_result_and_a_better_one_for_download(make: MakeEmulated) -> None:
    for site in ("CN", "SG"):
        emulated = make(Account("one", site))
        history_id = await emulated.submitted(CLIP, site=site)
        emulated.time += 100
        record = await emulated.record(history_id, site=site)
        assert record is not None
        item = record["item_list"][0]
        preview = item["video"]["transcoded_video"]["origin"]["video_url"]
        assert "\\u0026" in preview
        body = {"item_id_list": [item["common_attr"]["id"]], "is_for_video_download": True}
        answer = await emulated.ask("/mweb/v1/get_local_item_list", body, site=site)
        listed = answer["data"]["item_list"][0]
        place = listed["common_attr"] if site == "SG" else listed["video"]
        assert "-download.mp4?" in place["transcoded_video"]["origin"]["video_url"]


async def test_several_tasks_are_asked_for_at_once_by_either_name(emulated: Emulated) -> None:
    submit_id = new_id()
    first, second = await emulated.submitted(), await emulated.submitted(submit_id=submit_id)
    answer = await emulated.ask(HISTORY, {"history_ids": [first, "1"], "submit_ids": [submit_id, new_id()]})
    assert set(answer["data"]) == {first, submit_id}
    assert answer["data"][submit_id]["history_record_id"] == second


async def test_tasks_of_other_accounts_are_not_seen(make: MakeEmulated) -> None:
    emulated = make(Account("one"), Account("two"))
    submit_id = new_id()
    history_id = await emulated.submitted(submit_id=submit_id)
    answer = await emulated.ask(HISTORY, {"history_ids": [history_id], "submit_ids": [submit_id]}, session="two")
    assert answer["data"] == {}
    assert (await emulated.ask(CANCEL, {"history_id": history_id}, session="two"))["ret"] == "1000"
    assert await emulated.record(history_id) is not None


async def test_a_query_without_ids_is_refused(emulated: Emulated) -> None:
    assert (await emulated.ask(HISTORY, {"history_ids": []}))["ret"] == "1000"
    assert (await emulated.ask(HISTORY, {"historyIds": ["1"]}))["ret"] == "1000"


async def test_prices_are_those_of_the_catalogue(emulated: Emulated) -> None:
    emulated.service.accounts.put({"session": "one", "video_limit": 9})
    for order, price in (
        (PICTURE, 16),
        (GenerationOrder("IMAGE", "jimeng-5.0", "a cat"), 12),
        (GenerationOrder("IMAGE", "jimeng-3.1", "a cat", resolution="1k"), 4),
        (GenerationOrder("VIDEO", "jimeng-video-seedance-2.0-mini", "a lion"), 24),
        (SEEDANCE, 48),
        (CLIP, 25),
    ):
        before = await emulated.credit()
        await emulated.submitted(order)
        assert before - await emulated.credit() == price


async def test_too_few_credits_take_nothing(make: MakeEmulated) -> None:
    emulated = make(Account("one", gift_credit=10, purchase_credit=5))
    answer = await emulated.submit()
    assert (answer["ret"], answer["errmsg"]) == ("1006", "Not enough credits left")
    assert await emulated.credit() == 15
    emulated.service.accounts.put({"session": "one", "vip_credit": 1})
    assert await emulated.submitted()
    assert await emulated.credit() == 0


async def test_a_submit_id_starts_one_task_and_is_charged_once(emulated: Emulated) -> None:
    submit_id = new_id()
    names = {await emulated.submitted(submit_id=submit_id) for _ in range(3)}
    (entry,) = (await emulated.control("ledger"))["tasks"]
    assert (names, entry["times_submitted"], entry["charge"]) == ({entry["history_id"]}, 3, 16)
    assert await emulated.credit() == 984


async def test_without_deduplication_each_submit_is_a_task_and_a_charge(emulated: Emulated) -> None:
    await emulated.control("settings", {"deduplicates": False})
    submit_id = new_id()
    names = {await emulated.submitted(submit_id=submit_id) for _ in range(2)}
    assert len(names) == 2
    assert [entry["charge"] for entry in (await emulated.control("ledger"))["tasks"]] == [16, 16]
    assert await emulated.credit() == 968


async def test_the_same_submit_id_of_two_accounts_is_two_tasks(make: MakeEmulated) -> None:
    emulated = make(Account("one"), Account("two"))
    submit_id = new_id()
    assert await emulated.submitted(submit_id=submit_id) != await emulated.submitted(submit_id=submit_id, session="two")


async def test_an_account_has_so_many_tasks_of_a_kind_at_once(make: MakeEmulated) -> None:
    emulated = make(Account("one", image_limit=2, video_limit=1))
    await emulated.submitted()
    await emulated.submitted()
    await emulated.submitted(CLIP)
    assert (await emulated.submit())["ret"] == "1310"
    assert (await emulated.submit(CLIP))["ret"] == "1310"
    assert await emulated.credit() == 1000 - 2 * 16 - 25
    emulated.time += 20
    assert await emulated.submitted()
    statistics = await emulated.control("statistics")
    assert {"account": "one", "kind": "IMAGE", "tasks": 2} in statistics["peak_in_flight"]


async def test_the_service_works_on_so_many_at_once_and_tells_places(make: MakeEmulated) -> None:
    emulated = make(image_slots=1)
    names = [await emulated.submitted() for _ in range(3)]
    answer = await emulated.ask("/mweb/v1/get_history_queue_info", {"history_ids": names})
    places = [
        (answer["data"][name]["queue_info"]["queue_idx"], answer["data"][name]["queue_info"]["queue_length"])
        for name in names
    ]
    assert places == [(0, 2), (1, 2), (2, 2)]
    emulated.time += 21
    last = await emulated.record(names[2])
    assert last is not None
    assert (last["status"], last["queue_info"]["queue_idx"], last["queue_info"]["queue_status"]) == (20, 1, 2)


async def test_queue_info_can_be_left_out(make: MakeEmulated) -> None:
    emulated = make(has_queue_info=False)
    record = await emulated.record(await emulated.submitted())
    assert record is not None
    assert "queue_info" not in record


async def test_a_new_task_is_missing_until_it_can_be_seen(make: MakeEmulated) -> None:
    emulated = make(visible_after_seconds=(3.0, 6.0), seed=7)
    submit_id = new_id()
    history_id = await emulated.submitted(submit_id=submit_id)
    (entry,) = (await emulated.control("ledger"))["tasks"]
    hidden = entry["visible_at"] - entry["created_at"]
    assert 3 <= hidden <= 6
    emulated.time += hidden - 0.1
    body = {"history_ids": [history_id], "submit_ids": [submit_id]}
    assert (await emulated.ask(HISTORY, body))["data"] == {}
    emulated.time += 0.2
    assert set((await emulated.ask(HISTORY, body))["data"]) == {history_id, submit_id}


async def test_a_cancelled_task_is_refunded_once(emulated: Emulated) -> None:
    history_id = await emulated.submitted(CLIP)
    assert await emulated.credit() == 975
    assert (await emulated.ask(CANCEL, {"history_id": history_id}))["ret"] == "0"
    assert await emulated.credit() == 1000
    assert (await emulated.ask(CANCEL, {"history_id": history_id}))["ret"] == "1000"
    assert await emulated.credit() == 1000
    record = await emulated.record(history_id)
    assert record is not None
    assert (record["status"], record["task"]["status"], record["queue_info"]["queue_status"]) == (30, 30, 3)


async def test_times_vary_as_far_as_is_said_and_by_seed(make: MakeEmulated) -> None:
    lengths = []
    for _ in range(2):
        emulated = make(Account("one", image_limit=20), jitter=0.5, seed=3)
        for _ in range(10):
            await emulated.submitted()
        lengths.append([task.work_seconds for task in emulated.service.tasks.all()])
    assert lengths[0] == lengths[1]
    assert len(set(lengths[0])) == 10
    assert all(10 <= seconds <= 30 for seconds in lengths[0])

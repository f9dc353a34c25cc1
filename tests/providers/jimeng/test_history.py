"""Parsing records of tasks: all statuses and all locations of results."""

from typing import Any

import pytest

from providers.jimeng.history import image_info, read_task
from providers.jimeng.results import links_by_uri
from providers.pooled import FaultKind, TaskPhase, UpstreamTask

PICTURE = "https://p9-sign.toutiaoimg.com/a.png?x=1"
CLIP = "https://v9-dreamnia.jimeng.com/a.mp4"


def picture(link: str | None = PICTURE, name: str = "7649") -> dict[str, Any]:
    large = [] if link is None else [{"image_uri": "tos", "image_url": link, "width": 2048, "height": 2048}]
    return {"common_attr": {"id": name, "status": 144}, "image": {"format": "png", "large_images": large}}


def clip(**video: Any) -> dict[str, Any]:
    return {"common_attr": {"id": "77", "cover_url": "https://cover"}, "video": video}


def record(status: Any, **values: Any) -> dict[str, Any]:
    return {
        "generate_type": 1,
        "history_record_id": "25594898552322",
        "created_time": 1770632534.591,
        "status": status,
        "fail_code": "",
        "submit_id": "19637d71",
        "task": {"task_id": "25594898552322", "status": status, "finish_time": 0},
        "item_list": [],
        **values,
    }


def read(status: Any, kind: str = "IMAGE", **values: Any) -> UpstreamTask:
    return read_task("25594898552322", kind, record(status, **values))


@pytest.mark.parametrize(
    ("status", "with_results", "phase"),
    [
        (0, False, "RUNNING"),
        (20, False, "RUNNING"),
        (20, True, "RUNNING"),
        (42, False, "RUNNING"),
        (45, False, "RUNNING"),
        (45, True, "RUNNING"),
        (99, True, "RUNNING"),
        (50, True, "DONE"),
        (50, False, "DONE"),
        (21, True, "DONE"),
        (21, False, "RUNNING"),
        (10, True, "DONE"),
        (10, False, "FAILED"),
        (30, True, "DONE"),
        (30, False, "FAILED"),
        (40, False, "FAILED"),
        (40, True, "FAILED"),
        (100, False, "FAILED"),
    ],
)
def test_every_status_has_its_phase(status: int, with_results: bool, phase: str) -> None:
    task = read(status, item_list=[picture()] if with_results else [])
    assert (task.phase, task.status) == (TaskPhase(phase), status)
    assert (task.fault is not None) == (task.phase is TaskPhase.FAILED)


def test_a_task_that_is_done_tells_all_about_itself() -> None:
    links = [f"https://p9/{number}.png" for number in range(4)]
    task = read(
        50,
        item_list=[picture(link, f"id{number}") for number, link in enumerate(links)],
        total_image_count=4,
        finished_image_count=4,
        task={"finish_time": 1770632560, "status": 50},
        queue_info={"queue_idx": 0, "queue_status": 3},
    )
    assert task.links == tuple(links)
    assert task.item_ids == ("id0", "id1", "id2", "id3")
    assert (task.history_id, task.submit_id, task.kind, task.item_count) == ("25594898552322", "19637d71", "IMAGE", 4)
    assert (task.created_at, task.finished_at) == (1770632534.591, 1770632560.0)
    assert (task.progress, task.queue_position, task.fail_code) == (1.0, 0, None)
    assert task.raw["status"] == 50


def test_a_success_without_a_link_is_an_end_whose_results_are_asked_for_unless_it_names_a_fault() -> None:
    task = read(50, item_list=[picture(None)])
    assert (task.phase, task.links, task.unlinked_ids, task.unlinked_uris) == (TaskPhase.DONE, (), ("7649",), ())
    failed = read(50, fail_code="2004")
    assert failed.fault is not None
    assert (failed.phase, failed.fault.kind) == (TaskPhase.FAILED, FaultKind.CONTENT_REJECTED)


def test_almost_all_results_are_an_end_only_when_they_are_all() -> None:
    two = [picture("https://p/1"), picture("https://p/2")]
    assert read(45, item_list=two, total_image_count=4, finished_image_count=2).phase is TaskPhase.RUNNING
    assert read(45, item_list=two, total_image_count=2, finished_image_count=2).phase is TaskPhase.DONE
    assert read(45, total_image_count=0, finished_image_count=0).phase is TaskPhase.RUNNING


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"fail_code": "2038"}, "CONTENT_REJECTED"),
        ({"fail_code": 4013}, "MODEL_RISK_CONTROL"),
        ({"fail_code": "0", "task": {"status": 10}}, "CONTENT_REJECTED"),
        ({"task": {"status": 40}}, "CONTENT_REJECTED"),
        ({"fail_code": None, "task": {"status": 30}}, "GENERATION_FAILED"),
        ({"task": None}, "GENERATION_FAILED"),
    ],
)
def test_a_failure_says_why(values: dict[str, Any], kind: str) -> None:
    task = read(30, **values)
    assert task.fault is not None
    assert task.fault.kind is FaultKind(kind)
    assert task.progress is None


@pytest.mark.parametrize(
    ("status", "counts", "progress"),
    [
        (0, (0, 0), 0.02),
        (20, (4, 0), 0.1),
        (20, (4, 2), 0.45),
        (42, (4, 1), 0.5),
        (45, (0, 0), 0.8),
        (99, (0, 0), None),
    ],
)
def test_progress_is_the_status_or_the_share_that_is_there(
    status: int, counts: tuple[int, int], progress: float | None
) -> None:
    task = read(status, total_image_count=counts[0], finished_image_count=counts[1])
    assert task.progress == progress


@pytest.mark.parametrize(
    ("queue", "position"),
    [
        ({"queue_idx": 5, "queue_status": 2}, 5),
        ({"queue_idx": "7"}, 7),
        ({"queue_idx": 3, "queue_status": 3}, 0),
        ({}, None),
        (None, None),
    ],
)
def test_the_place_in_the_queue_is_told_where_upstream_tells_it(queue: object, position: int | None) -> None:
    assert read(20, queue_info=queue).queue_position == position


@pytest.mark.parametrize(
    ("item", "link"),
    [
        (clip(transcoded_video={"origin": {"video_url": CLIP}}, play_url="https://worse"), CLIP),
        (clip(play_url=CLIP, download_url="https://worse"), CLIP),
        (clip(download_url=CLIP, url="https://worse"), CLIP),
        (clip(url=CLIP), CLIP),
        ({**clip(url="https://worse"), "common_attr": {"transcoded_video": {"origin": {"video_url": CLIP}}}}, CLIP),
        (clip(url="https://v/a.mp4?a=1\\u0026b=2"), "https://v/a.mp4?a=1&b=2"),
    ],
)
def test_a_clip_is_found_at_each_of_its_places(item: dict[str, Any], link: str) -> None:
    task = read(50, "VIDEO", item_list=[item])
    assert (task.phase, task.links, task.kind) == (TaskPhase.DONE, (link,), "VIDEO")


def test_the_cover_of_a_clip_is_no_result() -> None:
    assert read(50, "VIDEO", item_list=[clip(duration_ms=5000)]).links == ()
    assert read(50, "VIDEO", item_list=[{"id": "7", "common_attr": {"cover_url": "https://cover"}}]).links == ()
    posters = {"cover": {"video_url": "https://cover"}, "poster_url": "https://poster"}
    assert read(50, "VIDEO", item_list=[clip(**posters)]).links == ()


RENDITIONS = {
    "360p": {"video_url": "https://v/360", "width": 640, "height": 360},
    "1080p": {"video_url": CLIP, "width": 1920, "height": 1080},
    "720p": {"video_url": "https://v/720", "width": 1280, "height": 720},
}


@pytest.mark.parametrize(
    "item",
    [
        clip(transcoded_video=RENDITIONS),
        clip(transcoded_video={**RENDITIONS, "origin": {"video_url": ""}}),
        clip(transcoded_video={**RENDITIONS, "origin": {}}, play_url="https://worse"),
        clip(transcoded_video=list(RENDITIONS.values())),
        clip(transcoded_video={"1080p": {"url": CLIP}}),
        clip(transcoded_video={"1080p": CLIP, "360p": "https://v/360"}),
        clip(transcoded_video={"origin": {"video_url": CLIP}, "1080p": {"video_url": "https://v/1080"}}),
        {**clip(), "common_attr": {"id": "77", "transcoded_video": RENDITIONS}},
        {**clip(), "common_attr": {"id": "77", "video": {"transcoded_video": RENDITIONS}}},
        {"common_attr": {"id": "77"}, "video": {"model": {"renditions": [{"main_url": CLIP}]}}},
        clip(transcoded_video={"origin": {"video_url": CLIP.removeprefix("https:")}}),
    ],
)
def test_a_clip_is_found_under_any_rendition(item: dict[str, Any]) -> None:
    task = read(50, "VIDEO", item_list=[item])
    assert (task.phase, task.links) == (TaskPhase.DONE, (CLIP,))


@pytest.mark.parametrize("link", ["", "tos-cn-i-x/1", "blob:https://p/1", "ftp://p/1", "https://", "javascript:1", 5])
def test_what_is_no_link_of_http_is_no_link(link: object) -> None:
    item = {"common_attr": {"id": "7"}, "image": {"large_images": [{"image_uri": "tos/1", "image_url": link}]}}
    task = read(50, item_list=[item])
    assert (task.links, task.unlinked_ids, task.unlinked_uris) == ((), ("7",), ("tos/1",))


ALL = {"item_list": [picture("https://p/1")], "total_image_count": 1, "finished_image_count": 1}
ENDED = {"task": {"finish_time": 1770632560}}


@pytest.mark.parametrize(
    ("status", "kind", "values", "phase"),
    [
        (60, "IMAGE", ALL, "DONE"),
        (200, "IMAGE", ALL, "DONE"),
        ("200", "IMAGE", {**ALL, "total_image_count": "1", "finished_image_count": "1"}, "DONE"),
        (60, "IMAGE", {**ALL, "total_image_count": 4}, "RUNNING"),
        (60, "IMAGE", {**ALL, "total_image_count": 2, "failed_item_list": [{"id": "9"}]}, "DONE"),
        (60, "IMAGE", {"item_list": [picture()], **ENDED}, "DONE"),
        (60, "IMAGE", {"item_list": [picture(None)], **ENDED}, "DONE"),
        (60, "IMAGE", ENDED, "DONE"),
        (60, "IMAGE", {"fail_code": "2038"}, "FAILED"),
        (60, "VIDEO", {"item_list": [clip(url=CLIP)]}, "DONE"),
        (60, "VIDEO", {"item_list": [clip(duration_ms=5000)]}, "RUNNING"),
        (45, "IMAGE", {"item_list": [picture()], **ENDED}, "DONE"),
        (45, "VIDEO", {"item_list": [clip(url=CLIP)], "task": {"finish_time": "1770632560"}}, "DONE"),
        (45, "IMAGE", {**ALL, "total_image_count": 2, "failed_item_list": [{"id": "9"}]}, "DONE"),
        (20, "IMAGE", {**ENDED, "fail_code": "2038"}, "FAILED"),
        (20, "IMAGE", ENDED, "RUNNING"),
        (0, "IMAGE", ALL, "DONE"),
        (42, "IMAGE", ALL, "DONE"),
        (42, "IMAGE", {**ALL, "item_list": [picture(None)]}, "RUNNING"),
        (42, "IMAGE", {**ALL, "total_image_count": 4}, "RUNNING"),
        (0, "VIDEO", {"item_list": [clip(url=CLIP)]}, "DONE"),
        (20, "VIDEO", {"item_list": [clip(duration_ms=5000)]}, "RUNNING"),
        (50, "IMAGE", {**ALL, "total_image_count": 4}, "DONE"),
        (None, "IMAGE", {**ALL, "task": {"status": 50}}, "DONE"),
        (float("inf"), "IMAGE", {}, "RUNNING"),
    ],
)
def test_finished_is_finished_whatever_its_status(status: Any, kind: str, values: dict[str, Any], phase: str) -> None:
    assert read(status, kind, **values).phase is TaskPhase(phase)


def test_results_are_found_in_the_other_list_too() -> None:
    assert read(50, item_list=[], origin_item_list=[picture(PICTURE)]).links == (PICTURE,)
    both = read(
        50, item_list=[picture(None, "1"), picture("https://p/2", "2")], origin_item_list=[picture(PICTURE, "1")]
    )
    assert both.links == (PICTURE, "https://p/2")
    assert both.unlinked_ids == ()


def test_a_picture_in_common_attr_is_found() -> None:
    large = {"large_images": [{"image_url": PICTURE}]}
    assert read(50, item_list=[{"common_attr": {"id": "1", "image": large}}]).links == (PICTURE,)


def test_how_many_were_to_be_made_is_told() -> None:
    assert read(50, **{**ALL, "total_image_count": 4}).expected_count == 4
    assert read(50, "VIDEO", item_list=[clip(url=CLIP)], total_image_count=0).expected_count is None


@pytest.mark.parametrize(
    "data",
    [
        {"tos/1": "https://p/1"},
        {"tos/1": {"url": "https://p/1"}},
        {
            "image_list": [
                {"uri": "tos/0", "image_url": "https://p/0"},
                {"image_uri": "tos/1", "image_url": "https://p/1"},
            ]
        },
    ],
)
def test_links_for_uris_are_read_in_each_form(data: object) -> None:
    assert links_by_uri(data, ["tos/2", "tos/1"]) == ("https://p/1",)
    assert links_by_uri(None, ["tos/1"]) == ()


def test_a_picture_without_its_own_link_has_its_widest_cover() -> None:
    covers = {"cover_url": "https://small", "cover_url_map": {"360": "https://360", "2400": "https://2400"}}
    assert read(50, item_list=[{"common_attr": covers, "image": {}}]).links == ("https://2400",)
    assert read(50, item_list=[{"common_attr": {"cover_url": "https://small"}}]).links == ("https://small",)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"item_id": "1", "id": "2"}, "1"),
        ({"id": 2, "local_item_id": "3"}, "2"),
        ({"local_item_id": "3", "common_attr": {"id": "4"}}, "3"),
        ({"common_attr": {"id": "4"}}, "4"),
    ],
)
def test_an_item_has_its_id_at_one_of_four_places(item: dict[str, Any], name: str) -> None:
    assert read(50, item_list=[{**picture(), **item, "video": {"url": CLIP}}]).item_ids == (name,)


def test_nonsense_is_a_task_that_runs() -> None:
    task = read_task("5", "IMAGE", {"status": None, "task": "x", "item_list": {"a": 1}, "created_time": "soon"})
    assert (task.history_id, task.submit_id, task.phase, task.links) == ("5", None, TaskPhase.RUNNING, ())


def test_pictures_are_asked_for_in_ready_made_sizes() -> None:
    scenes = image_info()["image_scene_list"]
    assert scenes[0] == {
        "scene": "smart_crop", "width": 360, "height": 360, "uniq_key": "smart_crop-w:360-h:360", "format": "webp",
    }  # fmt: skip
    assert {"scene": "normal", "width": 2400, "height": 2400, "uniq_key": "2400", "format": "webp"} in scenes
    assert len(scenes) == 12

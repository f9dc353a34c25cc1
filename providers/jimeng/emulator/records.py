"""The wire format of tasks: the response to a submit, and records with items and links."""

from collections.abc import Callable
from typing import Any

from providers.jimeng.emulator.shapes import shaped, shaped_item
from providers.jimeng.emulator.tasks import Task, item_id

_WAITING, _OUT_OF_QUEUE = 2, 3
_POLLING = {"interval_seconds": 30, "timeout_seconds": 86400}
# Upstream's forecast is several times the actual charge; clients must not bill by it.
_FORECAST_FACTOR = 4
_ITEM_STATUS = 144  # of an item, not of a task
Link = Callable[[Task, int, str], str]


def accepted(task: Task, position: int | None, queue_length: int, *, has_queue_info: bool) -> dict[str, Any]:
    """`data` of the response to an accepted submit."""
    record = _head(task, task.created_at, position, queue_length, has_queue_info=has_queue_info)
    return {
        "aigc_data": {**record, "mode": "workbench"},
        "fail_code": "",
        "fail_starling_key": "",
        "fail_starling_message": "",
    }


def record(
    task: Task, now: float, link: Link, position: int | None, queue_length: int, *, has_queue_info: bool
) -> dict[str, Any]:
    """The record of a task. link: the URL of a result by task, number and purpose (preview, cover, download)."""
    failure = task.outcome if task.end == "FAILED" else None
    message = failure.message if failure else ""
    items = [_item(task, number, link, now) for number in range(task.items(now))]
    told = {
        **_head(task, now, position, queue_length, has_queue_info=has_queue_info),
        "origin_history_record_id": None,
        "fail_code": failure.fail_code if failure else "",
        "fail_starling_key": message,
        "fail_starling_message": message,
        "finished_image_count": len(items) if task.draft.kind == "IMAGE" else 0,
        "item_list": items,
        "origin_item_list": [],
        "failed_item_list": [],
    }
    return shaped(told, task.outcome.shape if task.end == "DONE" else None)


def queue_info(task: Task, position: int | None, queue_length: int) -> dict[str, Any]:
    is_waiting = position is not None or (task.end is None and task.started_at is None)
    return {
        "queue_idx": position or 0,
        "priority": 3,
        "queue_status": _WAITING if is_waiting else _OUT_OF_QUEUE,
        "queue_length": queue_length,
        "polling_config": _POLLING,
    }


def _head(task: Task, now: float, position: int | None, queue_length: int, *, has_queue_info: bool) -> dict[str, Any]:
    draft = task.draft
    head: dict[str, Any] = {
        "generate_type": draft.generate_type,
        "history_record_id": task.history_id,
        "created_time": round(task.created_at, 3),
        "status": task.status(now),
        "submit_id": task.submit_id,
        "task": {
            "task_id": task.history_id,
            "submit_id": task.submit_id,
            "history_id": task.history_id,
            "status": task.task_status(now),
            "finish_time": int(task.ended_at) if task.ended_at is not None and task.outcome.has_finish_time else 0,
        },
        "model_info": {"model_name": draft.model.name, "model_req_key": draft.model.key},
        "forecast_generate_cost": task.charge * _FORECAST_FACTOR,
        "forecast_queue_cost": 0,
        "total_image_count": draft.count if draft.kind == "IMAGE" else 0,
        "finished_image_count": 0,
    }
    if has_queue_info:
        head["queue_info"] = queue_info(task, position, queue_length)
    return head


def _item(task: Task, number: int, link: Link, now: float) -> dict[str, Any]:
    draft = task.draft
    attributes: dict[str, Any] = {"id": item_id(task.history_id, number), "status": _ITEM_STATUS}
    if draft.kind == "VIDEO":
        return {"common_attr": attributes, "video": clip_fields(task, number, link, "preview", now)}
    if not task.has_links(now):
        return {"common_attr": attributes, "image": {"format": "png", "large_images": []}}
    address = link(task, number, "preview")
    attributes |= {"cover_url": address, "cover_url_map": {"1080": address, "2400": address}}
    picture = {
        "image_uri": picture_uri(task, number),
        "image_url": address,
        "width": draft.width,
        "height": draft.height,
        "format": address.partition("?")[0].rpartition(".")[2],
    }
    return {"common_attr": attributes, "image": {"format": picture["format"], "large_images": [picture]}}


def clip_fields(task: Task, number: int, link: Link, purpose: str, now: float) -> dict[str, Any]:
    """`video` of an item. purpose: preview or download."""
    draft = task.draft
    fields: dict[str, Any] = {"duration_ms": draft.seconds * 1000, "width": draft.width, "height": draft.height}
    if task.has_links(now):
        address = link(task, number, purpose)
        fields["transcoded_video"] = {
            "origin": {"video_url": address, "width": draft.width, "height": draft.height, "format": "mp4"}
        }
        fields["play_url"] = address
    return fields


def download_item(task: Task, number: int, link: Link, now: float) -> dict[str, Any]:
    """An element of item_list of get_local_item_list. Overseas sites put the best link into common_attr. In the shape
    item_id only this call knows the links.
    """
    shape = None if task.outcome.shape == "item_id" else task.outcome.shape
    if task.draft.kind == "IMAGE":
        return shaped_item(_item(task, number, link, now), shape)
    clip = clip_fields(task, number, link, "download", now)
    attributes: dict[str, Any] = {"id": item_id(task.history_id, number), "status": _ITEM_STATUS}
    if task.site not in ("CN", "US") and "transcoded_video" in clip:
        attributes["transcoded_video"] = clip.pop("transcoded_video")
    return shaped_item({"common_attr": attributes, "video": clip}, shape)


def is_downloadable(task: Task) -> bool:
    return task.end == "DONE"


def picture_uri(task: Task, number: int) -> str:
    return f"tos-result/{task.history_id}-{number}"

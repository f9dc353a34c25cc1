"""Parses upstream's records of tasks: phase, progress, fault and result links."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from providers.jimeng.faults import refusal_of_task, task_words
from providers.pooled import TaskPhase, UpstreamFaultError, UpstreamTask

DONE_STATUSES = frozenset({10, 21, 50})
FAILED_STATUSES = frozenset({30, 40, 100})
REFUSED_BEFORE = 10  # the web page's meaning of 10; a record with results and status 10 is done nevertheless
PARTIAL = 30  # failed, but existing results are usable
ALMOST_ALL = 45  # some results exist; done only when all do
# Estimated progress by status; the share of finished results counts too.
PROGRESS = {0: 0.02, 20: 0.1, 42: 0.5, 45: 0.8}
OUT_OF_QUEUE = 3

Missing = TypeVar("Missing")

_SMART_CROPS = ((360, 360), (480, 480), (720, 720), (720, 480), (360, 240), (240, 320), (480, 640))
_WIDTHS = (2400, 1080, 720, 480, 360)


def image_info() -> dict[str, Any]:
    """The picture sizes that a query requests links for."""
    crops = [_scene("smart_crop", width, height, f"smart_crop-w:{width}-h:{height}") for width, height in _SMART_CROPS]
    whole = [_scene("normal", width, width, str(width)) for width in _WIDTHS]
    return {"width": 2048, "height": 2048, "format": "webp", "image_scene_list": [*crops, *whole]}


def _scene(scene: str, width: int, height: int, key: str) -> dict[str, Any]:
    return {"scene": scene, "width": width, "height": height, "uniq_key": key, "format": "webp"}


def read_task(asked: str, kind: str, record: Mapping[str, Any]) -> UpstreamTask:
    """Parses a history record. asked: the id that it was queried by. kind: of the query, IMAGE or VIDEO."""
    task = mapping(record.get("task"))
    items = [item for item in _list(record.get("item_list")) if isinstance(item, Mapping)]
    found = [(item_id(item), link) for item in items if (link := link_of(item)) is not None]
    status = whole_number(record.get("status"), 0)
    total, finished = whole_number(record.get("total_image_count"), 0), _finished(record, found)
    code = _text(record.get("fail_code"))
    fail_code = code if code not in ("", "0") else None
    phase = _phase(status, len(found), total, finished, fail_code)
    return UpstreamTask(
        history_id=_text(record.get("history_record_id")) or _text(task.get("history_id")) or asked,
        submit_id=_text(record.get("submit_id")) or _text(task.get("submit_id")) or None,
        phase=phase,
        kind=_kind(items, kind),
        status=status,
        fail_code=fail_code,
        fault=_fault(record, task, status, fail_code) if phase is TaskPhase.FAILED else None,
        links=tuple(link for _, link in found),
        item_ids=tuple(name for name, _ in found if name),
        item_count=len(items),
        progress=_progress(phase, status, total, finished),
        queue_position=_queue_position(mapping(record.get("queue_info"))),
        created_at=_seconds(record.get("created_time")),
        finished_at=_seconds(task.get("finish_time")),
        raw=record,
    )


def _phase(status: int, links: int, total: int, finished: int, fail_code: str | None) -> TaskPhase:
    if status in DONE_STATUSES:
        if links:
            return TaskPhase.DONE
        return TaskPhase.FAILED if status == REFUSED_BEFORE or fail_code else TaskPhase.RUNNING
    if status == PARTIAL and links:
        return TaskPhase.DONE
    if status in FAILED_STATUSES:
        return TaskPhase.FAILED
    if status == ALMOST_ALL and 0 < total <= min(finished, links):
        return TaskPhase.DONE
    return TaskPhase.RUNNING


def _fault(
    record: Mapping[str, Any], task: Mapping[str, Any], status: int, fail_code: str | None
) -> UpstreamFaultError:
    task_status = whole_number(task.get("status"), None)
    return refusal_of_task(status, task_status, fail_code or "", task_words(record))


def _kind(items: Iterable[Mapping[str, Any]], asked: str) -> str:
    """The kind by the items' content. Clips have a cover image too, so clip fields are checked first."""
    for item in items:
        if item.get("video") or mapping(item.get("common_attr")).get("transcoded_video"):
            return "VIDEO"
        if item.get("image"):
            return "IMAGE"
    return asked


def _finished(record: Mapping[str, Any], found: list[tuple[str, str]]) -> int:
    return whole_number(record.get("finished_image_count"), len(found))


def _progress(phase: TaskPhase, status: int, total: int, finished: int) -> float | None:
    if phase is TaskPhase.DONE:
        return 1.0
    if phase is TaskPhase.FAILED:
        return None
    share = 0.9 * min(finished, total) / total if total > 0 else 0.0
    by_status = PROGRESS.get(status)
    return share or None if by_status is None else max(by_status, share)


def _queue_position(queue: Mapping[str, Any]) -> int | None:
    if whole_number(queue.get("queue_status"), 0) == OUT_OF_QUEUE:
        return 0
    return whole_number(queue.get("queue_idx"), None)


# ---------------------------------------------------------------- results


def link_of(item: Mapping[str, Any]) -> str | None:
    """The link of a result: the best one of a clip, else the picture's."""
    common, video = mapping(item.get("common_attr")), mapping(item.get("video"))
    origins = (mapping(mapping(holder.get("transcoded_video")).get("origin")) for holder in (common, video))
    candidates = [origin.get("video_url") for origin in origins]
    candidates += [video.get(name) for name in ("play_url", "download_url", "url")]
    if not video:
        candidates += [
            mapping(image).get("image_url") for image in _list(mapping(item.get("image")).get("large_images"))
        ]
        covers = mapping(common.get("cover_url_map"))
        widest = max((key for key in covers if str(key).isdecimal()), key=int, default=None)
        candidates += [None if widest is None else covers[widest], common.get("cover_url")]
    return next((_plain(link) for link in candidates if isinstance(link, str) and link), None)


def item_id(item: Mapping[str, Any]) -> str:
    names = [item.get(name) for name in ("item_id", "id", "local_item_id")]
    names.append(mapping(item.get("common_attr")).get("id"))
    return next((_text(name) for name in names if name), "")


def _plain(link: str) -> str:
    """Some links contain & as the six characters of its JSON escape."""
    return link.replace("\\u0026", "&")


# ---------------------------------------------------------------- plain values


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def whole_number(value: object, missing: Missing) -> int | Missing:
    """An integer given as a number or as text; `missing` for anything else."""
    if isinstance(value, bool):
        return missing
    if isinstance(value, int | float):
        return int(value)
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else missing


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return None
    return seconds if seconds > 0 else None

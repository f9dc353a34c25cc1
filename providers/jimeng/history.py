"""Parses upstream's records of tasks: phase, progress, fault and results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.jimeng.faults import refusal_of_task, task_words
from providers.jimeng.results import is_clip, item_id, items_of, link_of, uri_of
from providers.jimeng.wire_values import mapping, mappings, seconds, text, whole_number
from providers.pooled import TaskPhase, UpstreamFaultError, UpstreamTask

SUCCESS = 50
DONE_STATUSES = frozenset({10, 21, SUCCESS})
RUNNING_STATUSES = frozenset({0, 20, 42, 45})
FAILED_STATUSES = frozenset({30, 40, 100})
REFUSED_BEFORE = 10  # the web page's meaning of 10; a record with results and status 10 is done nevertheless
PARTIAL = 30  # failed, but existing results are usable
ALMOST_ALL = 45  # some results exist; done only when all do, with or without links, or upstream tells when it finished
# Estimated progress by status; the share of finished results counts too.
PROGRESS = {0: 0.02, 20: 0.1, 42: 0.5, 45: 0.8}
OUT_OF_QUEUE = 3

_SMART_CROPS = ((360, 360), (480, 480), (720, 720), (720, 480), (360, 240), (240, 320), (480, 640))
_WIDTHS = (2400, 1080, 720, 480, 360)


def image_info() -> dict[str, Any]:
    """The picture sizes that a query requests links for."""
    crops = [_scene("smart_crop", width, height, f"smart_crop-w:{width}-h:{height}") for width, height in _SMART_CROPS]
    whole = [_scene("normal", width, width, str(width)) for width in _WIDTHS]
    return {"width": 2048, "height": 2048, "format": "webp", "image_scene_list": [*crops, *whole]}


def _scene(scene: str, width: int, height: int, key: str) -> dict[str, Any]:
    return {"scene": scene, "width": width, "height": height, "uniq_key": key, "format": "webp"}


@dataclass(frozen=True)
class _Results:
    """What a record tells about its results. named: those with a link, an id or a URI. total, finished, failed: as
    upstream counts them. has_ended: whether it tells when it finished.
    """

    linked: int
    named: int
    total: int
    finished: int
    failed: int
    has_ended: bool

    @property
    def are_complete(self) -> bool:
        return self.named > 0 and 0 < self.total <= min(self.finished, self.named) + self.failed

    @property
    def are_linked(self) -> bool:
        return self.linked == self.named


def read_task(asked: str, kind: str, record: Mapping[str, Any]) -> UpstreamTask:
    """Parses a history record. asked: the id that it was queried by. kind: of the query, IMAGE or VIDEO."""
    task = mapping(record.get("task"))
    items = items_of(record, kind)
    found = [(item_id(item), link) for item in items if (link := link_of(item, kind)) is not None]
    unlinked = [item for item in items if link_of(item, kind) is None]
    status = whole_number(record.get("status"), None)
    if status is None:
        status = whole_number(task.get("status"), 0)
    results = _Results(
        linked=len(found),
        named=len(found) + len([item for item in unlinked if item_id(item) or uri_of(item)]),
        total=whole_number(record.get("total_image_count"), 0),
        finished=whole_number(record.get("finished_image_count"), len(found)),
        failed=len(mappings(record.get("failed_item_list"))),
        has_ended=seconds(task.get("finish_time")) is not None,
    )
    code = text(record.get("fail_code"))
    fail_code = code if code not in ("", "0") else None
    phase = _phase(status, results, fail_code, _kind(items, kind))
    return UpstreamTask(
        history_id=text(record.get("history_record_id")) or text(task.get("history_id")) or asked,
        submit_id=text(record.get("submit_id")) or text(task.get("submit_id")) or None,
        phase=phase,
        kind=_kind(items, kind),
        status=status,
        fail_code=fail_code,
        fault=_fault(record, task, status, fail_code) if phase is TaskPhase.FAILED else None,
        links=tuple(link for _, link in found),
        item_ids=tuple(name for name, _ in found if name),
        item_count=len(items),
        unlinked_ids=tuple(name for item in unlinked if (name := item_id(item))),
        unlinked_uris=tuple(uri for item in unlinked if (uri := uri_of(item))),
        expected_count=results.total or None,
        finished_count=whole_number(record.get("finished_image_count"), None),
        progress=_progress(phase, status, results.total, results.finished),
        queue_position=_queue_position(mapping(record.get("queue_info"))),
        created_at=seconds(record.get("created_time")),
        finished_at=seconds(task.get("finish_time")),
        raw=record,
    )


def _phase(status: int, results: _Results, fail_code: str | None, kind: str) -> TaskPhase:
    """Finished is finished: by a final status, or by results that are all there under any other one."""
    if status in FAILED_STATUSES:
        return TaskPhase.DONE if status == PARTIAL and results.linked else TaskPhase.FAILED
    if status in DONE_STATUSES:
        if results.named and (results.linked or fail_code is None):
            return TaskPhase.DONE
        if status == REFUSED_BEFORE or fail_code:
            return TaskPhase.FAILED
        return TaskPhase.DONE if status == SUCCESS or results.has_ended else TaskPhase.RUNNING
    if status in RUNNING_STATUSES:
        is_all_there = results.are_complete and (status == ALMOST_ALL or results.are_linked)
        has_clip = kind == "VIDEO" and results.linked > 0  # it has no link before it is finished
        is_done = results.named > 0 and (results.has_ended or is_all_there or has_clip)
        if not is_done and results.has_ended and fail_code:
            return TaskPhase.FAILED
        return TaskPhase.DONE if is_done else TaskPhase.RUNNING
    # A status that nobody knows: what else the record says decides. A clip has no link before it is finished.
    if results.are_complete or (results.has_ended and results.named) or (kind == "VIDEO" and results.linked):
        return TaskPhase.DONE
    if fail_code:
        return TaskPhase.FAILED
    return TaskPhase.DONE if results.has_ended else TaskPhase.RUNNING


def _fault(
    record: Mapping[str, Any], task: Mapping[str, Any], status: int, fail_code: str | None
) -> UpstreamFaultError:
    task_status = whole_number(task.get("status"), None)
    return refusal_of_task(status, task_status, fail_code or "", task_words(record))


def _kind(items: Iterable[Mapping[str, Any]], asked: str) -> str:
    """The kind by the items' content."""
    for item in items:
        if is_clip(item):
            return "VIDEO"
        if item.get("image"):
            return "IMAGE"
    return asked


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

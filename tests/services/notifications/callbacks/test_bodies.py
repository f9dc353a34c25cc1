"""What callbacks say."""

from datetime import UTC, datetime, timedelta, timezone

from services.notifications.callbacks.bodies import (
    CANCELED,
    FAILED,
    SKIPPED,
    SUCCESS,
    Result,
    batch_body,
    file_ids_in,
    link,
    moment,
    record_body,
    with_links,
    workflow_body,
)

AT = datetime(2024, 12, 18, 10, 30, tzinfo=UTC)
ERROR = {"code": "CONTENT_REJECTED", "message": "No.", "retryable": False, "upstreamCode": "2038", "kind": "RISK"}
ERROR_BODY = {"code": "CONTENT_REJECTED", "message": "No.", "retryable": False, "upstream_code": "2038"}


def test_a_batch_body_has_what_the_contract_of_the_studio_asks_for() -> None:
    results = [
        Result("shot-1", SUCCESS, [7, 8, 7]),
        Result("shot-2", FAILED, (), ERROR),
        Result("shot-3", CANCELED),
        Result("shot-4", SKIPPED),
    ]
    body = batch_body("batch_completed", "batch_1", "project", "work", 4, results, AT)
    assert with_links(body, {7: "https://a/7", 8: "https://a/8"}) == {
        "type": "batch_completed",
        "event": "batch_completed",
        "batch_id": "batch_1",
        "project_id": "project",
        "work_id": "work",
        "summary": {"total": 4, "success": 1, "failed": 1, "success_rate": 0.3333},
        "results": [
            {"storyboard_id": "shot-1", "status": "success", "urls": ["https://a/7", "https://a/8"], "error": None},
            {"storyboard_id": "shot-2", "status": "failed", "urls": [], "error": ERROR_BODY},
            {"storyboard_id": "shot-3", "status": "canceled", "urls": [], "error": None},
            {"storyboard_id": "shot-4", "status": "skipped", "urls": [], "error": None},
        ],
        "timestamp": "2024-12-18T10:30:00.000Z",
    }


def test_where_all_was_skipped_nothing_failed() -> None:
    body = batch_body("batch_completed", "batch_1", "p", "w", 1, [Result("shot-1", SKIPPED)], AT)
    assert body["summary"] == {"total": 1, "success": 0, "failed": 0, "success_rate": 1.0}


def test_record_and_workflow_bodies_are_alike() -> None:
    record = record_body("record_failed", "rec_1", "job_1", "IMAGE", "p", "w", Result("s", FAILED, (), ERROR), AT)
    assert record == {
        "type": "record_failed",
        "event": "record_failed",
        "record_id": "rec_1",
        "job_id": "job_1",
        "kind": "IMAGE",
        "project_id": "p",
        "work_id": "w",
        "storyboard_id": "s",
        "status": "failed",
        "urls": [],
        "error": ERROR_BODY,
        "timestamp": "2024-12-18T10:30:00.000Z",
    }
    film = {"film": 1, "subtitles": None, "poster": 3}
    workflow = workflow_body("workflow_completed", "wf_1", "Lamp", SUCCESS, film, None, AT)
    assert file_ids_in(workflow) == {1, 3}
    assert with_links(workflow, {1: "https://a/1"})["urls"] == {
        "film": "https://a/1",
        "subtitles": None,
        "poster": None,
    }


def test_a_file_that_is_gone_is_left_out_of_its_list() -> None:
    body = {"urls": [link(1), link(2)], "deep": [{"urls": [link(3)]}], "one": link(4), "plain": [1, None, "x"]}
    assert file_ids_in(body) == {1, 2, 3, 4}
    assert with_links(body, {2: "u2"}) == {
        "urls": ["u2"],
        "deep": [{"urls": []}],
        "one": None,
        "plain": [1, None, "x"],
    }


def test_times_are_in_utc() -> None:
    assert moment(datetime(2024, 12, 18, 18, 30, tzinfo=timezone(timedelta(hours=8)))) == "2024-12-18T10:30:00.000Z"

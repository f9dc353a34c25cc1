"""What docs/callbacks.md shows holds: the code that verifies, the events, the bodies' names."""

import json
import os
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.notifications.callbacks.bodies import (
    FAILED,
    SUCCESS,
    Result,
    batch_body,
    link,
    record_body,
    workflow_body,
)
from services.notifications.callbacks.outbox import BATCH_EVENTS, RECORD_EVENTS, WORKFLOW_EVENTS
from services.notifications.callbacks.signing import secret_text, signed_headers

TEXT = (Path(__file__).parents[4] / "docs" / "callbacks.md").read_text("utf-8")
SECRET, OTHER_SECRET = secret_text(b"k" * 32), secret_text(b"o" * 32)
BODY = '{"type": "record_succeeded", "name": "絵コンテ"}'.encode()
AT = datetime(2024, 12, 18, 10, 30, tzinfo=UTC)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def headers(at: float) -> dict[str, str]:
    return signed_headers([OTHER_SECRET, SECRET], "cb_7", int(at), BODY)


def test_the_python_accepts_only_genuine_callbacks() -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)
    is_genuine = names["is_genuine"]
    now = time.time()
    assert is_genuine(SECRET, headers(now), BODY)
    assert not is_genuine(SECRET, headers(now), BODY + b" ")
    assert not is_genuine(secret_text(b"x" * 32), headers(now), BODY)
    assert not is_genuine(SECRET, headers(now - 3600), BODY)


@pytest.mark.node
def test_the_javascript_does_too(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        reason = "Node.js is needed to run the example of docs/callbacks.md"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    now = time.time()
    cases = [
        [SECRET, headers(now), BODY.decode()],
        [SECRET, headers(now), BODY.decode() + " "],
        [secret_text(b"x" * 32), headers(now), BODY.decode()],
        [SECRET, headers(now - 3600), BODY.decode()],
    ]
    (tmp_path / "verify.mjs").write_text(blocks("javascript")[0])
    (tmp_path / "run.mjs").write_text(
        f'import {{ isGenuine }} from "./verify.mjs";\nconst cases = {json.dumps(cases)};\n'
        "console.log(JSON.stringify(cases.map(([secret, headers, body]) =>"
        " isGenuine(secret, headers, Buffer.from(body)))));\n"
    )
    told = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(told.stdout) == [True, False, False, False]


def test_every_event_is_in_the_table() -> None:
    for event in (*BATCH_EVENTS.values(), *RECORD_EVENTS.values(), *WORKFLOW_EVENTS.values()):
        assert f"`{event}`" in TEXT


def test_the_bodies_have_the_names_that_are_sent() -> None:
    error = {"code": "CONTENT_REJECTED", "message": "No.", "retryable": False, "upstreamCode": "2038"}
    results = [Result("shot-1", SUCCESS, [1]), Result("shot-2", FAILED, (), error)]
    film = {"film": 1, "subtitles": 2, "subtitles_vtt": 4, "poster": 3}
    sent = [
        batch_body("batch_completed", "batch_1", "p", "w", 2, results, AT),
        record_body("record_succeeded", "rec_1", "job_1", "IMAGE", "p", "w", results[0], AT),
        workflow_body("workflow_completed", "wf_1", "The lamp", SUCCESS, film, None, AT),
    ]
    for body, shown in zip(sent, map(json.loads, blocks("json")[:3]), strict=True):
        assert list(body) == list(shown)
        assert body["type"] == shown["type"]
        assert body["timestamp"] == shown["timestamp"]
    shown_batch = json.loads(blocks("json")[0])
    assert [list(item) for item in shown_batch["results"]] == [list(item) for item in sent[0]["results"][:1]] * 4
    assert list(shown_batch["results"][1]["error"]) == list(sent[0]["results"][1]["error"])
    assert list(shown_batch["summary"]) == list(sent[0]["summary"])
    assert sent[2]["urls"]["film"] == link(1)
    assert list(json.loads(blocks("json")[2])["urls"]) == list(film)

"""What the demo shows and says, and the life of the server that it starts."""

import argparse
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import demo
import httpx
import psutil
import pytest
from display import Part, PlainDisplay, View, draw, elapsed_seconds
from own_server import ServerError, own_server, tail
from rich.console import Console

NOW = datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)


def stage(name: str, status: str = "PENDING", progress: float = 0.0, **more: Any) -> dict[str, Any]:
    row = {"stage": name, "status": status, "progress": progress, "startedAt": None, "finishedAt": None, "job": None}
    return row | more


def workflow(*stages: dict[str, Any], current: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": "wf_1", "status": "RUNNING", "currentStage": current, "error": None, "stages": stages} | more


def console(width: int = 100) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=False)


def printed(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


def test_the_picture_shows_stages_parts_and_news() -> None:
    view = View("a.txt  →  film")
    view.workflow = workflow(
        stage("SCRIPT", "SUCCEEDED", 1, startedAt="2026-01-01T12:00:00Z", finishedAt="2026-01-01T12:00:01.5Z"),
        stage("ASSETS", "RUNNING", 0.5, startedAt="2026-01-01T12:00:06+00:00", job={"message": "1 of 3 designs done"}),
        stage("STORYBOARD"),
        current="ASSETS",
    )
    view.parts = [Part("Mei", "SUCCEEDED"), Part("the lamp", "RUNNING"), Part("a street", "PENDING")]
    view.parts_stage, view.hidden_parts = "ASSETS", 26
    view.news.append("script done in 1.5 s")
    target = console()
    target.print(draw(view, NOW))
    text = printed(target)
    assert "■ script" in text
    assert "1.5 s" in text
    assert "▣ assets" in text
    assert "4.0 s" in text
    assert "1 of 3 designs done" in text
    assert "■ ▣ □" in text
    assert "and 26 more; at work: the lamp" in text
    assert "script done in 1.5 s" in text


def test_parts_of_a_stage_that_is_over_are_not_shown() -> None:
    view = View("t", workflow(stage("VIDEO", "RUNNING"), current="VIDEO"), [Part("1", "SUCCEEDED")], "ANIMATIC")
    assert view.current_parts == ()


def test_without_a_terminal_each_quarter_of_a_stage_is_one_line() -> None:
    target = console()
    display = PlainDisplay(target)
    for progress in (0.0, 0.1, 0.26, 0.3, 0.55, 0.99):
        row = stage("VIDEO", "RUNNING", progress, job={"message": "so far"})
        display.show(View("t", workflow(row, current="VIDEO")))
    lines = printed(target).split("\n")
    assert lines == [f"video: {done}, so far" for done in ("  0%", " 26%", " 55%", " 99%")] + [""]


def test_a_stage_that_has_not_begun_has_no_time() -> None:
    assert elapsed_seconds(stage("VIDEO"), NOW) is None


def test_parts_come_from_each_stages_own_objects() -> None:
    shot = {"sequence": 2, "title": "snow"}
    nodes: list[dict[str, Any]] = [{"name": "b", "status": "PENDING"}, {"name": "a", "status": "SUCCEEDED"}]
    found = demo.parts_of("ASSETS", {"assets": {"totalCount": 2, "nodes": nodes}})
    assert found == ([Part("a", "SUCCEEDED"), Part("b", "PENDING")], 0)
    nodes = [{**shot, "status": "RUNNING"}]
    found = demo.parts_of("STORYBOARD", {"storyboard": {"shots": {"totalCount": 101, "nodes": nodes}}})
    assert found == ([Part("2 snow", "RUNNING")], 100)
    nodes = [{"shot": shot, "video": {"sha256": "x"}}, {"shot": shot, "video": None}]
    parts, _ = demo.parts_of("ANIMATIC", {"animatic": {"shots": {"totalCount": 2, "nodes": nodes}}})
    assert [part.status for part in parts] == ["SUCCEEDED", "PENDING"]
    assert demo.parts_of("VIDEO", {"video": None}) == ([], 0)


def test_a_failure_names_stage_reason_and_code() -> None:
    error = {"code": "INVALID_INPUT", "message": "There are no words in it."}
    failed = workflow(status="FAILED", current="SCRIPT", error=error)
    assert demo.failure_text(failed) == "The workflow failed in script: There are no words in it. (INVALID_INPUT)"
    assert demo.failure_text(workflow(status="CANCELED")) == "The workflow ended as CANCELED."


def test_a_text_that_is_not_there_is_said_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["--text", "nowhere.txt"]) == 1
    assert "There is no file nowhere.txt." in capsys.readouterr().out


def test_every_option_has_a_default_that_works() -> None:
    options: argparse.Namespace = demo._parser().parse_args([])
    assert options.text.is_file()
    assert (options.ratio, options.resolution, options.target_shots, options.url) == ("16:9", "720p", None, None)


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("EKONTE_DATABASE_URL", "EKONTE_REDIS_URL", "EKONTE_STORAGE_URL", "EKONTE_SECRET", "EKONTE_JWKS_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


async def test_a_server_of_its_own_lives_as_long_as_the_block_and_guards_its_data(own_settings: Path) -> None:
    log = own_settings / "one.log"
    before = {child.pid for child in psutil.Process().children()}
    async with own_server(own_settings / "data", log) as url, httpx.AsyncClient() as http:
        started = [child for child in psutil.Process().children() if child.pid not in before]
        answer = await http.post(url, json={"query": "{ me { id } }"})
        assert answer.json() == {"data": {"me": {"id": "local"}}}
        with pytest.raises(ServerError, match="EKONTE_DATA_DIR: another server uses this data folder"):
            async with own_server(own_settings / "data", own_settings / "two.log"):
                pass
        assert (await http.get(url.replace("/graphql", "/healthz"))).status_code == 200
    assert started
    assert not any(child.is_running() for child in started)
    assert "Ekonte is listening" in log.read_text("utf-8")


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("1\n2\n3\n")
    assert tail(tmp_path / "log", 2) == "2\n3"
    assert tail(tmp_path / "none") == ""

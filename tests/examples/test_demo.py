"""The demo: display, messages, and starting and stopping its server."""

import argparse
import fcntl
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import demo
import httpx
import psutil
import pytest
from display import Part, PlainDisplay, View, draw, elapsed_seconds
from own_server import ServerError, own_server, tail, warnings
from rich.console import Console
from saving import free_name, output_folder, safe_name

from models.enums import Quality

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


def test_the_quality_is_one_that_the_server_knows() -> None:
    assert demo._parser().parse_args([]).quality == "STANDARD"
    assert demo._parser().parse_args(["--quality", "DRAFT"]).quality == "DRAFT"
    assert set(demo.QUALITIES) == {quality.value for quality in Quality}
    with pytest.raises(SystemExit):
        demo._parser().parse_args(["--quality", "draft"])


class Recorder:
    """A fake client that records requests."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def upload(self, document: str, path: Path) -> dict[str, Any]:
        return {"uploadScriptFile": {"file": {"id": "file_1"}}}

    async def execute(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        self.sent.append(variables)
        return {"createWorkflow": {"workflow": {"id": "wf_1"}}}


async def test_the_options_reach_the_server() -> None:
    client: Any = Recorder()
    options = demo._parser().parse_args(["--quality", "HIGH", "--target-shots", "9", "--ratio", "1:1"])
    assert await demo.create(client, options) == "wf_1"
    sent = client.sent[0]["input"]["options"]
    assert sent == {"ratio": "1:1", "resolution": "720p", "targetShots": 9, "quality": "HIGH"}


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("车夫", "车夫"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ('a:b\\c\n"d"?', "a_b_c_d_"),
        ("字" * 100, "字" * 40),
    ],
)
def test_designs_are_saved_under_names_that_any_system_takes(name: str, file_name: str) -> None:
    assert safe_name(name) == file_name


def test_no_two_designs_get_one_name() -> None:
    taken: set[str] = set()
    assert [free_name(name, taken) for name in ("Mei", "mei", "Mei", "Bo")] == ["Mei", "mei 2", "Mei 3", "Bo"]


def test_two_texts_with_one_stem_have_folders_of_their_own() -> None:
    folders = {output_folder(Path(name)) for name in ("a/story.txt", "a/story.md", "story")}
    assert {folder.name for folder in folders} == {"story-txt", "story-md", "story"}


def test_data_in_use_names_two_ways_out(
    tmp_path: Path, own_settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with (data / "server.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert demo.main(["--data", str(data)]) == 1
    said = capsys.readouterr().out
    assert "another server uses this data folder" in said
    assert "make demo DATA=other" in said
    assert 'make demo DEMO="--url http://127.0.0.1:8000/graphql"' in said
    assert not (data / "ekonte.sqlite3").exists()


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
        answer = await http.post(url, json={"query": "{ me { owner } }"})
        assert answer.json()["data"] == {"me": {"owner": "local"}}
        with pytest.raises(ServerError, match="EKONTE_DATA_DIR: another server uses this data folder"):
            async with own_server(own_settings / "data", own_settings / "two.log"):
                pass
        assert (await http.get(url.replace("/graphql", "/healthz"))).status_code == 200
    assert started
    assert not any(child.is_running() for child in started)
    assert "Ekonte is listening" in log.read_text("utf-8")


def test_warnings_of_the_start_are_found_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("ekonte: warning: EKONTE_PROT is not a setting\nekonte: other\n{}\n")
    assert warnings(tmp_path / "log") == ["EKONTE_PROT is not a setting"]


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("1\n2\n3\n")
    assert tail(tmp_path / "log", 2) == "2\n3"
    assert tail(tmp_path / "none") == ""

"""The pool demo: display, ledger, its emulator, and one complete run."""

import asyncio
import io
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pool_demo
import psutil
import pytest
from contact_sheet import CELL, Print, write_contact_sheet
from own_emulator import EmulatorError, own_emulator
from PIL import Image
from pool_display import PlainPoolDisplay, draw
from pool_ledger import compare
from pool_state import View, account_news, job_news, shot_of, standing
from rich.console import Console

from providers.jimeng.emulator.scenario import load_scenario

NOW = datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)
RESET = "2026-01-01T16:30:00Z"


def account(name: str = "a", **more: Any) -> dict[str, Any]:
    row = {"id": f"acct_{name}", "name": name, "site": "CN", "status": "ACTIVE", "statusReason": None}
    row |= {"imageAvailability": "AVAILABLE", "imageCount": 0, "maxConcurrent": 3, "quotaResetAt": RESET}
    return row | {"cooldowns": []} | more


def cooling(seconds: float, reason: str = "Too fast.") -> list[dict[str, str]]:
    return [{"until": (NOW + timedelta(seconds=seconds)).isoformat(), "reason": reason}]


def attempt(name: str, outcome: str = "RUNNING", history_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"account": {"name": name}, "outcome": outcome, "historyId": history_id, "error": None} | more


def job(*attempts: dict[str, Any], status: str = "RUNNING", progress: float = 0.0, **more: Any) -> dict[str, Any]:
    row = {"id": "job_1", "status": status, "progress": progress, "message": None, "error": None}
    return row | {"attempts": list(attempts)} | more


def console(width: int = 110) -> Console:
    return Console(file=io.StringIO(), width=width, height=40, force_terminal=False)


def printed(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


@pytest.mark.parametrize(
    ("present", "state"),
    [
        (None, "waiting"),
        (job(status="PENDING"), "waiting"),
        (job(attempt("a")), "submitted"),
        (job(attempt("a", history_id="7"), progress=0.4), "drawing"),
        (job(attempt("a", history_id="7"), progress=0.9), "storing"),
        (job(attempt("a", "SWITCHED"), status="PENDING"), "waiting"),
        (job(attempt("a", history_id="7"), status="PENDING"), "drawing"),
        (job(attempt("a", "SUCCEEDED", "7"), status="SUCCEEDED", progress=1.0), "stored"),
        (job(attempt("a", "FAILED"), status="FAILED"), "failed"),
    ],
)
def test_a_shots_state_is_told_by_its_job_and_newest_attempt(present: dict[str, Any] | None, state: str) -> None:
    assert shot_of(1, present).state == state


def test_switches_are_changes_of_the_account() -> None:
    tries = [attempt("a", "SWITCHED"), attempt("a", "SWITCHED"), attempt("b", "SWITCHED"), attempt("a")]
    shot = shot_of(1, job(*tries))
    assert (shot.account, shot.switches) == ("a", 2)


def test_what_an_account_may_do_is_said_in_a_word_or_two() -> None:
    assert standing(account(), NOW) == ("active", "")
    assert standing(account(status="BANNED", statusReason="Punished."), NOW) == ("banned", "Punished.")
    assert standing(account(cooldowns=cooling(4.2)), NOW) == ("cools 4 s", "Too fast.")
    assert standing(account(cooldowns=cooling(1800)), NOW) == ("cools 30 min", "Too fast.")
    assert standing(account(cooldowns=cooling(-1)), NOW) == ("active", "")
    local = datetime.fromisoformat(RESET).astimezone()
    assert standing(account(imageAvailability="EXHAUSTED"), NOW)[0] == f"exhausted until {local:%H:%M}"


def test_trouble_is_told_once() -> None:
    good, cool = account(), account(cooldowns=cooling(4))
    assert account_news(good, cool, NOW) == "a: cools 4 s. Too fast."
    assert account_news(None, cool, NOW) is not None
    assert account_news(cool, cool, NOW) is None
    assert account_news(cool, good, NOW) is None
    assert account_news(cool, account(cooldowns=cooling(9)), NOW) == "a: cools 9 s. Too fast."


def test_a_change_of_account_a_lost_answer_and_a_failure_are_news() -> None:
    at_a = job(attempt("a"))
    left = job(attempt("a", "SWITCHED", error={"message": "No session."}), status="PENDING")
    assert job_news(4, at_a, left) == "shot 4 leaves a: No session."
    assert job_news(4, left, left) is None
    lost = job(attempt("a"), message="The provider did not respond; checking whether it has the task.")
    assert job_news(4, at_a, lost) == "shot 4 on a: The provider did not respond; checking whether it has the task."
    assert job_news(4, lost, lost) is None
    assert job_news(4, at_a, job(status="FAILED", error={"message": "Refused."})) == "shot 4 failed: Refused."


def view() -> View:
    shown = View(started_at=NOW - timedelta(seconds=12), numbers={"1": 1, "2": 2, "3": 3, "4": 4})
    shown.accounts = {
        "a": account("steady", imageCount=7),
        "b": account("old", status="INACTIVE", statusReason="Over: so."),
    }
    shown.jobs = {
        "1": job(attempt("old", "SWITCHED"), attempt("steady", "SUCCEEDED", "7"), status="SUCCEEDED", progress=1.0),
        "2": job(attempt("steady", history_id="8"), progress=0.3),
        "3": job(attempt("old", "SWITCHED"), status="PENDING"),
    }
    return shown


def test_the_picture_shows_accounts_shots_and_news() -> None:
    shown, target = view(), console()
    shown.news.append("shot 3 leaves old: Over.")
    target.print(draw(shown, NOW))
    lines = [" ".join(line.split()) for line in printed(target).splitlines()]
    assert lines[0] == "12 s: 1 of 4 stored, 1 drawing, 2 waiting"
    assert lines[2] == "steady CN ▣□□ 7 1 active"
    assert lines[3] == "old CN □□□ 0 0 inactive Over"
    assert "1 ■ steady ↷1 2 ▣ steady 3 □ left old 4 □" in lines
    assert lines[-1] == "shot 3 leaves old: Over."


def test_a_narrow_terminal_has_fewer_columns_and_no_line_too_many() -> None:
    shown = view()
    shown.numbers = {str(number): number for number in range(1, 41)}
    shown.news.extend(f"news {number}" for number in range(5))
    target = Console(file=io.StringIO(), width=80, height=24, force_terminal=False)
    target.print(draw(shown, NOW))
    lines = printed(target).splitlines()
    assert len(lines) <= 24
    assert max(len(line) for line in lines) <= 80


def test_without_a_terminal_it_tells_news_and_now_and_then_how_far_all_is() -> None:
    shown, target = view(), console()
    display = PlainPoolDisplay(target)
    for _ in range(3):
        display.show(shown)
    display.tell(shown, "shot 3 leaves old: [Over].")
    lines = printed(target).splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("1 of 4 stored, 1 drawing, 2 waiting")
    assert lines[1] == "shot 3 leaves old: [Over]."


# ---------------------------------------------------------------- the ledger


def task(
    history_id: str, prompt: str = "p", charge: int = 4, refund: int = 0, end: str | None = "DONE"
) -> dict[str, Any]:
    return {"history_id": history_id, "prompt": prompt, "charge": charge, "refund": refund, "end": end}


def record(history_id: str, status: str = "SUCCEEDED", files: int = 4) -> dict[str, Any]:
    tries = [attempt("a", "SWITCHED", "0"), attempt("b", "SUCCEEDED", history_id)]
    return {"status": status, "files": [{"sha256": str(number)} for number in range(files)], "job": job(*tries)}


def test_even_books_say_so_in_one_line() -> None:
    tasks = [task("0", "p", refund=4, end="FAILED"), task("1", "p"), task("2", "q")]
    balance = compare(tasks, [record("1"), record("2")], 2)
    assert balance.is_even
    assert balance.sentence() == (
        "Upstream took 3 tasks, charged 2 (8 credits), and gave the credits of 1 back; "
        "2 of 2 shots have their picture (8 files): none paid twice, none lost."
    )


def test_a_shot_that_two_tasks_were_charged_for_is_paid_twice_and_one_of_them_is_lost() -> None:
    balance = compare([task("1"), task("2")], [record("1")], 1)
    assert (balance.twice, balance.lost, balance.missing) == (1, 1, 0)
    assert not balance.is_even
    assert balance.sentence().endswith(": 1 paid twice, 1 lost.")


def test_a_picture_that_upstream_knows_nothing_of_is_missing() -> None:
    balance = compare([], [record("1")], 1)
    assert (balance.lost, balance.missing, balance.is_even) == (0, 1, False)


def test_a_shot_without_its_picture_is_not_even() -> None:
    assert not compare([task("1")], [record("1", status="FAILED", files=0)], 1).is_even
    assert not compare([], [], 1).is_even


# ---------------------------------------------------------------- pictures and texts


def test_a_contact_sheet_has_all_pictures_in_rows(tmp_path: Path) -> None:
    prints = []
    for number, colour in enumerate(("red", "lime", "blue")):
        path = tmp_path / f"{colour}.png"
        Image.new("RGB", (1024, 576), colour).save(path)
        prints.append(Print(path, f"{number + 1:02}  {colour}"))
    path = write_contact_sheet(prints, tmp_path / "new" / "sheet.png", columns=2)
    with Image.open(path) as sheet:
        assert sheet.width > 2 * CELL[0]
        assert sheet.height > 2 * CELL[1]
        middle = (CELL[0] // 2, CELL[1] // 2)
        assert sheet.getpixel(middle) == (255, 0, 0)
        assert sheet.getpixel((middle[0] + CELL[0], middle[1])) == (0, 255, 0)
        assert sheet.getpixel((middle[0], sheet.height - CELL[1] // 2)) == (0, 0, 255)


def test_the_storyboard_has_forty_prompts_in_two_languages() -> None:
    prompts = pool_demo.read_prompts(pool_demo.PROMPTS)
    assert len(prompts) == 40
    assert sum(prompt.startswith("景别") for prompt in prompts) == 20


def test_the_scenario_is_one_that_the_emulator_takes() -> None:
    scenario = load_scenario(pool_demo.SCENARIO)
    assert len(scenario.accounts) == 8
    assert len({account.site for account in scenario.accounts if account.session.startswith("steady")}) == 3


def test_a_text_without_prompts_or_with_one_twice_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompts.txt"
    assert pool_demo.main(["--prompts", str(path)]) == 1
    path.write_text("\n \n")
    assert pool_demo.main(["--prompts", str(path)]) == 1
    path.write_text("a cat\na dog\na cat\n")
    assert pool_demo.main(["--prompts", str(path)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.split(str(tmp_path))[0] for line in said] == [
        "There is no file ",
        "There is no prompt in ",
        "Each prompt of ",
    ]


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("x")
    assert pool_demo.main(["--data", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_settings_of_another_server_stay_out_of_the_demos() -> None:
    own = {
        "PATH": "/bin",
        "EKONTE_DATABASE_URL": "postgres://x",
        "JIMENG_CN_BASE_URL": "https://real",
        "ekonte_secret": "s",
    }
    found = pool_demo.server_environment(own, {"JIMENG_US_BASE_URL": "http://127.0.0.1:1"})
    assert found == {"PATH": "/bin", "JIMENG_US_BASE_URL": "http://127.0.0.1:1", **pool_demo.TIMES}


# ---------------------------------------------------------------- the emulator, and a complete run

SCENARIO = """
[settings]
seconds_per_image = 0.2
images_per_task = 2

[[accounts]]
session = "steady"

[[accounts]]
session = "expired"
site = "US"
state = "EXPIRED"

[[rules]]
name = "lost answer"
endpoint = "submit"
sessions = "steady"
calls = [1]
drop = "after"
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO)
    return path


async def test_an_emulator_of_its_own_lives_as_long_as_the_block(tmp_path: Path, scenario: Path) -> None:
    async with own_emulator(tmp_path / "log", scenario, 0, "--fast") as upstream:
        assert upstream.environment["JIMENG_US_BASE_URL"] == upstream.address
        assert upstream.address == f"http://{upstream.environment['EKONTE_ALLOWED_PRIVATE_HOSTS']}"
        assert [one["session"] for one in (await upstream.get("accounts"))["accounts"]] == ["steady", "expired"]
        assert (await upstream.get("ledger")) == {"tasks": []}
        process = psutil.Process(upstream.process.pid)
    assert not process.is_running()


async def test_a_port_in_use_is_one_sentence(tmp_path: Path, scenario: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"^The emulator did not start: 127.0.0.1:{port} cannot be bound"):
            async with own_emulator(tmp_path / "log", scenario, port):
                pass


async def test_work_ends_with_the_emulator(tmp_path: Path, scenario: Path) -> None:
    is_stopped = asyncio.Event()

    async def work() -> int:
        try:
            await asyncio.Event().wait()
            return 0
        finally:
            is_stopped.set()

    async with own_emulator(tmp_path / "log", scenario, 0) as upstream:
        working = asyncio.create_task(pool_demo.beside(upstream.watch(), work()))
        await asyncio.sleep(0)
        upstream.process.kill()
        with pytest.raises(EmulatorError, match="ended unexpectedly"):
            await working
    assert is_stopped.is_set()


async def test_what_the_work_gives_is_the_answer() -> None:
    async def work() -> int:
        return 3

    async def watch() -> None:
        await asyncio.Event().wait()

    assert await pool_demo.beside(watch(), work()) == 3


def test_the_whole_demo_stores_each_picture_once(
    tmp_path: Path, scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a cat\na dog\n雪夜\na ship\n")
    before = {child.pid for child in psutil.Process().children()}
    options = [
        "--fast",
        "--prompts",
        prompts,
        "--scenario",
        scenario,
        "--data",
        tmp_path / "data",
        "--out",
        tmp_path / "out",
    ]
    assert pool_demo.main([str(option) for option in [*options, "--seconds-per-image", "0.2"]]) == 0
    said = capsys.readouterr().out
    assert "Upstream took 4 tasks, charged 4 (32 credits); 4 of 4 shots have their picture (8 files)" in said
    assert "none paid twice, none lost." in said
    assert "expired: inactive." in said
    assert [path.name for path in sorted((tmp_path / "out" / "shots").iterdir())] == [
        f"shot-00{number}.png" for number in range(1, 5)
    ]
    with Image.open(tmp_path / "out" / "contact-sheet.png") as sheet:
        assert sheet.height > CELL[1]
    assert not [child for child in psutil.Process().children() if child.pid not in before and child.is_running()]

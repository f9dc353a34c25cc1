"""The command line."""

import asyncio
import fcntl
import json
import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

import server
from models.database import open_database
from models.ids import use_process_number
from services.platform.audit import write_entry
from services.platform.identity import Identity
from services.platform.keys import load_keys
from services.platform.settings_table import settings_table
from services.platform.version import VERSION
from settings import Settings
from settings.names import ENV_PREFIX

SECRET = "a secret of more than thirty-two characters"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(ENV_PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EKONTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setitem(Settings.model_config, "env_file", None)


async def test_a_printed_token_is_one_that_the_server_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EKONTE_SECRET", SECRET)
    code = server.main(["token", "--user", "yuki", "--days", "7", "--scope", "system:read"])
    printed = capsys.readouterr().out.strip()
    settings = Settings(_env_file=None, secret=SECRET)
    viewer = await Identity(settings, load_keys(settings)).viewer(printed)
    assert code == 0
    assert (viewer.id, viewer.scopes) == ("yuki", ("system:read",))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--user", "yuki", "--days", "0"], "--days"),
        (["--user", "yuki", "--days", "nan"], "--days"),
        (["--user", "yuki", "--days", "1e9"], "--days"),
        (["--user", "", "--days", "1"], "--user"),
        (["--user", "a\nb", "--days", "1"], "--user"),
    ],
)
def test_a_token_for_nobody_or_no_time_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    monkeypatch.setenv("EKONTE_SECRET", SECRET)
    assert server.main(["token", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert named in printed.err


def test_without_a_secret_there_is_no_token(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert server.main(["token", "--user", "yuki", "--days", "1"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "EKONTE_SECRET" in printed.err
    assert not (tmp_path / "data").exists()


def test_a_wrong_setting_ends_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EKONTE_MAX_SUBMITS", "many")
    assert server.main([]) == 2
    assert capsys.readouterr().err.startswith("ekonte: EKONTE_MAX_SUBMITS: ")


def test_a_wrong_option_is_a_wrong_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert server.main(["--port", "99999"]) == 2
    assert "EKONTE_PORT" in capsys.readouterr().err


def test_the_settings_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert server.main(["settings"]) == 0
    assert capsys.readouterr().out == settings_table()


def test_help_needs_none_of_the_heavy_packages() -> None:
    probe = (
        "import sys, server\n"
        "try:\n"
        "    server.main(['--help'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'strawberry', 'uvicorn', 'tortoise', 'dramatiq', 'numpy', 'PIL'}, loaded\n"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    for option in ("--host", "--port", "--no-worker", "migrate", "token", "schema", "settings"):
        assert option in run.stdout


def test_a_data_folder_in_use_is_refused_in_one_sentence(tmp_path: Path) -> None:
    lock = tmp_path / "server.lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        environment = {**os.environ, "EKONTE_DATA_DIR": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "server.py", "--port", "0"], env=environment, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 2
    assert "ekonte: EKONTE_DATA_DIR: another server uses this data folder" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (tmp_path / "ekonte.sqlite3").exists()


def test_a_mistyped_variable_is_named_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EKONTE_PROT", "9000")
    assert server.main(["settings"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "ekonte: warning: EKONTE_PROT is not a setting; did you mean EKONTE_PORT?\n"
    assert printed.out == settings_table()


SERVE = ("--port", "0")


@pytest.mark.parametrize(
    ("command", "variable", "value"),
    [
        (SERVE, "EKONTE_DATA_DIR", "server.py"),
        (("migrate",), "EKONTE_DATA_DIR", "/proc/ekonte"),
        (SERVE, "EKONTE_REDIS_URL", "redis://:oysters@127.0.0.1:{closed}/0"),
        (("migrate",), "EKONTE_REDIS_URL", "redis://:oysters@127.0.0.1:{closed}/0"),
        (SERVE, "EKONTE_DATABASE_URL", "postgres://user:oysters@127.0.0.1:{closed}/ekonte"),
        (("migrate",), "EKONTE_DATABASE_URL", "postgres://user:oysters@127.0.0.1:{closed}/ekonte"),
        (("migrate",), "EKONTE_DATABASE_URL", "postgres://user:oys/ters@127.0.0.1/ekonte"),
        (("migrate",), "EKONTE_DATABASE_URL", "sqlite:///proc/ekonte/file.sqlite3"),
    ],
)
def test_what_cannot_be_used_or_reached_at_the_start_is_told_in_one_sentence(
    tmp_path: Path, closed_port: int, command: tuple[str, ...], variable: str, value: str
) -> None:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ENV_PREFIX)}
    environment = {**kept, "EKONTE_DATA_DIR": str(tmp_path / "data"), "EKONTE_LOG_LEVEL": "ERROR"}
    environment[variable] = value.format(closed=closed_port)
    ended = subprocess.run(
        [sys.executable, "server.py", *command], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    said = ended.stdout + ended.stderr
    assert said.startswith(f"ekonte: {variable}: ")
    assert said.count("\n") == 1
    assert "oys" not in said
    assert not (tmp_path / "data" / "ekonte.sqlite3").exists()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A bound port without a listener, so that connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_sessions_are_sealed_anew_with_the_first_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, migrated_sqlite: bytes
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ekonte.sqlite3").write_bytes(migrated_sqlite)
    old, new = (Fernet.generate_key().decode() for _ in range(2))

    def run(keys: str) -> int:
        monkeypatch.setenv("EKONTE_ENCRYPTION_KEYS", keys)
        return server.main(["reseal"])

    assert run(old) == 0
    assert run(f"{new},{old}") == 0
    assert run(new) == 0
    assert capsys.readouterr().out == "0 secrets re-encrypted\n" * 3
    assert run(old) == 2
    assert "EKONTE_ENCRYPTION_KEYS" in capsys.readouterr().err


def test_the_audit_command_prints_the_newest_entries_as_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, migrated_sqlite: bytes
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ekonte.sqlite3").write_bytes(migrated_sqlite)

    async def write() -> None:
        use_process_number(1)
        async with open_database(None, tmp_path / "data"):
            for owner in ("mira", "noor", "mira"):
                await write_entry(owner, "cancelJob", outcome="OK", arguments={"id": "job_1"})

    asyncio.run(write())
    for arguments, owners in (
        ([], ["mira", "noor", "mira"]),
        (["--limit", "2"], ["noor", "mira"]),
        (["--owner", "mira", "--since", "2026-01-01"], ["mira", "mira"]),
        (["--since", "2999-01-01T00:00:00Z"], []),
    ):
        capsys.readouterr()
        assert server.main(["audit", *arguments]) == 0
        printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [entry["owner"] for entry in printed] == owners
        assert all((entry["operation"], entry["named"]) == ("cancelJob", ["job_1"]) for entry in printed)


@pytest.mark.parametrize(("option", "value"), [("--since", "yesterday"), ("--limit", "0")])
def test_the_audit_command_refuses_what_it_cannot_use(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert server.main(["audit", option, value]) == 2
    assert capsys.readouterr().err.startswith(f"ekonte: {option}: must be")


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(server.__file__).parent / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == VERSION

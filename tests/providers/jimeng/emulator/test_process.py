"""The command: output, refusals, and serving and dropping connections over real HTTP."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from providers.jimeng.emulator.__main__ import environment, main
from settings import JimengSettings
from tests.providers.jimeng.emulator.asking import GENERATE, PICTURE, body_of
from tests.providers.jimeng.emulator.running import running_emulator
from tests.providers.jimeng.emulator.signing import page_headers

SCENARIO = """
[[rules]]
name = "lost"
endpoint = "submit"
drop = "after"
calls = [1]
"""


def test_the_variables_are_settings_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-env", "--port", "8199"]) == 0
    printed = capsys.readouterr().out
    assert "export JIMENG_CN_BASE_URL=http://127.0.0.1:8199\n" in printed
    assert "export EKONTE_ALLOWED_PRIVATE_HOSTS=127.0.0.1:8199\n" in printed
    known = {name.upper() for name in JimengSettings.model_fields} | {"EKONTE_ALLOWED_PRIVATE_HOSTS"}
    assert set(environment("127.0.0.1", 8199)) <= known
    assert environment("::1", 8199)["JIMENG_HK_COMMERCE_URL"] == "http://[::1]:8199"


def test_what_cannot_be_used_is_told_and_not_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = tmp_path / "bad.toml"
    scenario.write_text("[settings]\nspeed = 1\n", "utf-8")
    assert main(["--scenario", str(scenario)]) == 2
    assert "speed" in capsys.readouterr().err
    assert main(["--seconds-per-image", "-1"]) == 2
    assert "seconds_per_image" in capsys.readouterr().err


def test_it_serves_over_http_and_a_lost_answer_is_a_task_all_the_same(tmp_path: Path) -> None:
    scenario = tmp_path / "lost.toml"
    scenario.write_text(SCENARIO, "utf-8")
    with running_emulator("--scenario", str(scenario), "--accounts", "1", "--fast") as variables:
        base = variables["JIMENG_CN_BASE_URL"]
        query = {"aid": "513695", "region": "cn", "device_platform": "web", "da_version": "3.3.9"}
        body = body_of(PICTURE)
        with httpx.Client(base_url=base) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                client.post(GENERATE, params=query, headers=page_headers(GENERATE, "emulated-0001"), json=body)
            again = client.post(GENERATE, params=query, headers=page_headers(GENERATE, "emulated-0001"), json=body)
            (entry,) = client.get("/__emulator__/ledger").json()["tasks"]
            assert client.get("/nowhere").status_code == 404
    assert again.json()["data"]["aigc_data"]["history_record_id"] == entry["history_id"]
    assert (entry["times_submitted"], entry["charge"]) == (2, 16)


def test_a_port_that_is_taken_is_told() -> None:
    with running_emulator() as variables:
        port = variables["EKONTE_ALLOWED_PRIVATE_HOSTS"].rpartition(":")[2]
        second = subprocess.run(
            [sys.executable, "-m", "providers.jimeng.emulator", "--port", port],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert second.returncode == 2
    assert "cannot be bound" in second.stderr

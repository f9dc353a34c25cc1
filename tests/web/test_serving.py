"""The server process: start, refused starts, and shutdown."""

import asyncio
import json
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from errors import ConfigurationError
from tests.web.conftest import SECRET, MakeSettings
from tests.web.processes import REPOSITORY, running_server
from tests.web.test_websocket import acknowledged
from web.serving import OTHER_FILES, check_exposure, connection_limits, greeting

SHUTDOWN_SECONDS = 10


async def test_sigterm_ends_the_server_though_sockets_and_streams_are_open(tmp_path: Path) -> None:
    """Fails after ten seconds, the promised bound under test."""
    with running_server(tmp_path) as server:
        async with acknowledged(server) as socket, httpx.AsyncClient(timeout=30) as client:
            await socket.send(type="subscribe", id="1", payload={"query": "subscription { endless }"})
            await socket.receive()
            stream = client.stream(
                "POST",
                server.graphql,
                json={"query": "subscription { endless }"},
                headers={"accept": "text/event-stream"},
            )
            async with stream as response:
                lines = response.aiter_lines()
                await anext(lines)
                started_at = time.monotonic()
                code = await asyncio.to_thread(server.end, signal.SIGTERM)
                took_seconds = time.monotonic() - started_at
            closed = await socket.close_code()
    assert code == 0
    assert took_seconds < SHUTDOWN_SECONDS
    assert closed == 1012
    events = [json.loads(line)["event"] for line in server.log if line.startswith("{")]
    assert "Application shutdown complete." in events
    assert not [line for line in server.log if "Traceback" in line]


def test_ctrl_c_ends_the_server(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert server.end(signal.SIGINT) == 0


def test_every_log_line_of_the_process_is_json_and_holds_no_secret(tmp_path: Path) -> None:
    with running_server(tmp_path, EKONTE_SECRET=SECRET) as server:
        token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abcdefghijk"
        headers = {"authorization": f"Bearer {token}", "x-request-id": "look-for-me"}
        httpx.post(f"{server.graphql}?token=swordfish", json={"query": "{ hello }"}, headers=headers)
        httpx.get(f"{server.url}/files/a/b?expires=1&signature=swordfish")
        assert server.end() == 0
    lines = [json.loads(line) for line in server.log]
    [request] = [line for line in lines if line.get("request_id") == "look-for-me"]
    assert (request["path"], request["status"]) == ("/graphql", 401)
    written = "".join(server.log)
    assert "swordfish" not in written
    assert token not in written
    assert SECRET not in written


def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = run_server_command(tmp_path, "--port", str(port))
    assert run.returncode == 2
    assert run.stderr.startswith(f"ekonte: EKONTE_PORT: cannot listen on 127.0.0.1 port {port}: ")
    assert "Traceback" not in run.stderr


def test_a_host_that_is_no_address_is_said_so(tmp_path: Path) -> None:
    run = run_server_command(tmp_path, "--host", "no.such.host.invalid", EKONTE_SECRET=SECRET)
    assert run.returncode == 2
    assert "EKONTE_HOST" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])
def test_without_keys_another_address_than_loopback_is_refused(tmp_path: Path, host: str) -> None:
    run = run_server_command(tmp_path, "--host", host)
    assert run.returncode == 2
    assert run.stderr.startswith("ekonte: EKONTE_HOST: ")
    assert "EKONTE_SECRET" in run.stderr
    assert not (tmp_path / "data").exists()


def run_server_command(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "server.py"), *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "EKONTE_DATA_DIR": str(folder / "data"), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"host": "::1"},
        {"host": "localhost"},
        {"host": "127.0.0.9"},
        {"host": "0.0.0.0", "secret": SECRET},
        {"host": "0.0.0.0", "jwks_url": "https://id.example/jwks", "jwt_audience": "films", "jwt_issuer": "https://id"},
        {"secret": SECRET, "allowed_hosts": "*", "allowed_origins": "*"},
        {"allowed_hosts": "films.example"},
    ],
)
def test_what_is_guarded_or_local_may_listen(make_settings: MakeSettings, values: dict[str, Any]) -> None:
    check_exposure(make_settings(**values))


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"host": "0.0.0.0"}, "EKONTE_HOST"),
        ({"host": "10.0.0.1"}, "EKONTE_HOST"),
        ({"host": "films.example"}, "EKONTE_HOST"),
        ({"allowed_hosts": "*"}, "EKONTE_ALLOWED_HOSTS"),
        ({"allowed_origins": "*"}, "EKONTE_ALLOWED_ORIGINS"),
        ({"jwks_url": "https://id.example/jwks"}, "EKONTE_JWT_AUDIENCE, EKONTE_JWT_ISSUER"),
        ({"jwks_url": "https://id.example/jwks", "jwt_issuer": "https://id"}, "EKONTE_JWT_AUDIENCE"),
        ({"jwks_url": "https://id.example/jwks", "jwt_audience": "films", "secret": SECRET}, "EKONTE_JWT_ISSUER"),
    ],
)
def test_what_is_open_to_others_may_not(make_settings: MakeSettings, values: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        check_exposure(make_settings(**values))


def test_the_greeting_has_addresses_that_can_be_opened(make_settings: MakeSettings) -> None:
    assert "http://127.0.0.1:8123/graphql" in greeting(make_settings(port=8123))
    assert "http://[::1]:8123/graphql" in greeting(make_settings(host="::1", port=8123))
    exposed = greeting(make_settings(host="0.0.0.0", port=8123, secret=SECRET))
    assert "http://127.0.0.1:8123/graphql" in exposed
    assert "EKONTE_ALLOWED_HOSTS" in exposed
    assert SECRET not in exposed


def test_the_proxies_of_the_documents_fit_the_settings(make_settings: MakeSettings) -> None:
    settings = make_settings(trusted_proxies="127.0.0.1, 10.0.0.0/24")
    document = (REPOSITORY / "docs" / "operating.md").read_text("utf-8")
    assert f"client_max_body_size {settings.max_request_bytes // 1024**2}m;" in document
    assert f"max_size {settings.max_request_bytes // 1024**2}MiB" in document
    kept = [int(seconds) for seconds in re.findall(r"(?:keepalive_timeout|keepalive) (\d+)s", document)]
    assert len(kept) == 2
    assert max(kept) < settings.keep_alive_seconds
    assert f"{settings.max_connections:,}" in document
    assert f"of one address than {settings.max_connections_per_address}" in document


@pytest.mark.parametrize("value", ["*", "0.0.0.0/0", "::/0", "proxy.example", "10.0.0.1/8"])
def test_a_proxy_is_an_address_or_a_network(make_settings: MakeSettings, value: str) -> None:
    with pytest.raises(ValidationError, match="addresses"):
        make_settings(trusted_proxies=value)


def test_the_limit_of_connections_leaves_files_for_the_rest(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    assert connection_limits(make_settings()).connections == 1024 - OTHER_FILES
    assert connection_limits(make_settings(max_connections=100)).connections == 100

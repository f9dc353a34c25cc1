"""Runs the programs of the clients against one server, which is restarted once while they all hold subscriptions."""

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.acceptance.deployment import EMBEDDED, Deployment
from tests.clients.installed import CLIENTS, node_modules, python_of_clients

RUN_SECONDS = 240
RELAY_SECONDS = 60


@dataclass
class Program:
    """One program: its command, where it runs, and what it told. results: by client and check the error, or None."""

    command: Sequence[str | Path]
    folder: Path
    results: dict[tuple[str, str], str | None] = field(default_factory=dict)
    is_waiting: threading.Event = field(default_factory=threading.Event)
    said: list[str] = field(default_factory=list)

    def start(self, url: str, token: str) -> None:
        self.process = subprocess.Popen(
            [*self.command, url, token],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                self.said.append(line)
                continue
            if "waiting" in told:
                self.is_waiting.set()
            elif "check" in told:
                self.results[told["client"], told["check"]] = told["error"]
        self.is_waiting.set()  # it has ended; not all have a subscription to hold

    def go_on(self) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write("\n")
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def finish(self) -> None:
        try:
            self.process.wait(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
        self.reader.join(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def node_program(name: str, root: Path) -> Program:
    folder = root / name
    shutil.copytree(CLIENTS / "node" / name, folder)
    shutil.copy(CLIENTS / "node" / "operations.mjs", folder)
    (folder / "node_modules").symlink_to(node_modules(name))
    if (folder / "relay.config.json").exists():
        (folder / "__generated__").mkdir()
        shutil.copy(CLIENTS.parents[1] / "schema" / "schema.graphql", folder)
        compiler = [folder / "node_modules/.bin/relay-compiler"]
        subprocess.run(compiler, cwd=folder, check=True, timeout=RELAY_SECONDS, capture_output=True)
    return Program(["node", "clients.mjs"], folder)


def python_program(name: str, python: str | Path, root: Path) -> Program:
    folder = root / name.removesuffix(".py")
    folder.mkdir()
    return Program([python, "-W", "ignore", CLIENTS / "python" / name], folder)


def programs(root: Path) -> list[Program]:
    other = python_of_clients()
    return [
        node_program("current", root),
        node_program("previous", root),
        python_program("with_gql.py", sys.executable, root),
        python_program("with_sgqlc.py", other, root),
        python_program("with_ariadne_codegen.py", other, root),
    ]


def run_clients(root: Path) -> dict[tuple[str, str], str | None]:
    """All that the clients told: by client and check the error, or None where it went well."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"EKONTE_PORT": port, "EKONTE_SECRET": "a secret of the clients' tests, long enough"}
    deployment = Deployment(EMBEDDED, root / "server", settings, server_program=("server.py", "--no-worker"))
    running = programs(root)
    (root / "server").mkdir()
    deployment.create()
    try:
        deployment.start_server()
        token = deployment.token()
        assert token is not None
        _create_accounts(deployment.url, token)
        for program in running:
            program.start(f"{deployment.url}/graphql", token)
        for program in running:
            program.is_waiting.wait(RUN_SECONDS)
        assert deployment.server is not None
        code, _ = deployment.server.end()
        deployment.start_server()
        for program in running:
            program.go_on()
        for program in running:
            program.finish()
        results: dict[tuple[str, str], str | None] = {("server", "ends"): None if code == 0 else f"exit code {code}"}
        errors = [line for name, log in deployment.logs() for line in log.splitlines() if '"level":"error"' in line]
        results["server", "logs no errors"] = "\n".join(errors) or None
    finally:
        for program in running:
            if hasattr(program, "process"):
                program.process.kill()
        deployment.close()
    for program in running:
        results |= program.results
        if program.process.returncode != 0:
            results[str(program.folder.name), "ends"] = "".join(program.said) or str(program.process.returncode)
    return results


def _create_accounts(url: str, token: str) -> None:
    """Enough for several pages."""
    accounts = [{"name": f"a{n}", "type": "DOMESTIC", "sessionId": f"the-session-{n}"} for n in range(5)]
    query = "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) { successCount } }"
    response = httpx.post(
        f"{url}/graphql",
        json={"query": query, "variables": {"input": {"accounts": accounts}}},
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert response.json()["data"]["createAccounts"]["successCount"] == 5

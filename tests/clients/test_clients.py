"""Clients that others wrote, unchanged, against a real server: what docs/clients.md says of each."""

import json
from pathlib import Path

import pytest

from tests.clients.installed import CLIENTS
from tests.clients.programs import run_clients

DOCUMENT = CLIENTS.parents[1] / "docs" / "clients.md"
COLUMNS = ("types", "query", "mutation", "upload", "paging", "websocket", "sse", "reconnect", "errors", "persisted")


def promised() -> list[tuple[str, str]]:
    """Client and check of each ✓ in the table of docs/clients.md."""
    rows = [line.strip().strip("|").split("|") for line in DOCUMENT.read_text("utf-8").splitlines() if "✓" in line]
    return [
        (cells[0].strip(), column)
        for cells in rows
        if len(cells) == len(COLUMNS) + 1
        for column, cell in zip(COLUMNS, cells[1:], strict=True)
        if cell.strip() == "✓"
    ]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str | None]:
    return run_clients(tmp_path_factory.mktemp("clients"))


@pytest.mark.node
@pytest.mark.timeout(580)
@pytest.mark.parametrize(("client", "what"), promised(), ids=lambda value: value)
def test_a_client_does_what_the_document_promises(
    told: dict[tuple[str, str], str | None], client: str, what: str
) -> None:
    assert (client, what) in told, f"not tried; told was {sorted(told)}"
    assert told[client, what] is None


@pytest.mark.node
@pytest.mark.timeout(580)
def test_all_that_was_tried_is_in_the_document_and_went_well(told: dict[tuple[str, str], str | None]) -> None:
    assert {key: error for key, error in told.items() if error is not None} == {}
    tried = {key for key in told if key[0] != "server"}
    assert tried == set(promised())


def test_the_locks_name_no_download_addresses() -> None:
    for lock in (CLIENTS / "node").glob("*/package-lock.json"):
        packages = json.loads(lock.read_text("utf-8"))["packages"]
        assert all("resolved" not in package for package in packages.values()), lock
        assert all("integrity" in package for name, package in packages.items() if name), lock
    assert "://" not in Path(CLIENTS / "python" / "requirements.txt").read_text("utf-8")

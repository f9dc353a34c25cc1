"""Every place in the product that changes a status names statuses that the tables allow."""

import ast
import subprocess
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from models.enums import ATTEMPT_TRANSITIONS, JOB_TRANSITIONS, AttemptState, JobStatus

ROOT = Path(__file__).resolve().parents[3]
TABLES: dict[str, Mapping[StrEnum, Collection[StrEnum]]] = {
    "JobStatus": JOB_TRANSITIONS,  # type: ignore[dict-item]
    "AttemptState": ATTEMPT_TRANSITIONS,  # type: ignore[dict-item]
}
ENUMS: dict[str, type[StrEnum]] = {"JobStatus": JobStatus, "AttemptState": AttemptState}


def forbidden_changes(source: str) -> Iterator[str]:
    """Calls with literal `to` and `expected` that name a change which the table does not have."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        if "to" not in words or "expected" not in words:
            continue
        targets, origins = list(_named(words["to"])), list(_named(words["expected"]))
        for enum, to in targets:
            for _, old in origins:
                if ENUMS[enum][to] not in TABLES[enum][ENUMS[enum][old]]:
                    yield f"line {node.lineno}: {old} to {to}"


def _named(node: ast.AST) -> Iterator[tuple[str, str]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in ENUMS:
            yield part.value.id, part.attr


def test_no_call_asks_for_a_change_that_its_table_does_not_have() -> None:
    listed = subprocess.run(["git", "ls-files", "services/*.py"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [path for path in listed.stdout.decode().split("\n") if (ROOT / path).is_file()]
    found = {path: list(forbidden_changes((ROOT / path).read_text("utf-8"))) for path in paths}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_call_that_does_is_found() -> None:
    source = (
        "transition(ids, to=JobStatus.RUNNING, expected=[JobStatus.SUCCEEDED, JobStatus.PENDING])\n"
        "move(to=AttemptState.ENDED, expected=[AttemptState.SENT])\n"
    )
    assert list(forbidden_changes(source)) == ["line 1: SUCCEEDED to RUNNING"]

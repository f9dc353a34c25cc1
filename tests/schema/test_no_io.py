"""What schema/ may do (decision 0020): it declares types, and reads through the loaders of its context only."""

import ast
import dataclasses
import enum
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_origin

import pytest

SCHEMA = Path(__file__).resolve().parent.parent.parent / "schema"
FILES = sorted(SCHEMA.glob("*.py"))

# Functions of services that types call: pure ones, over values and rows that are at hand.
PURE_FUNCTIONS = {
    "batch_jobs",
    "file_name",
    "generation_seconds",
    "is_waiting",
    "length_warnings",
    "page_request",
    "progress_of",
    "switch_count",
    "timetable",
    "total_seconds",
}
FORBIDDEN_PACKAGES = {"settings", "tortoise", "asyncio", "httpx", "resolvers", "web", "tasks", "media"}


def imported(source: str) -> Iterator[tuple[str, str]]:
    """(module, name) of everything that is imported anywhere in the source; the name is "" for a whole module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.module, alias.name) for alias in node.names)


def is_value(thing: object) -> bool:
    """A type of values, an alias of one, or a constant."""
    if inspect.isclass(thing):
        return dataclasses.is_dataclass(thing) or issubclass(thing, enum.Enum)
    return not callable(thing) or get_origin(thing) is not None


def import_faults(source: str) -> list[str]:
    """What the source imports and must not."""
    faults = []
    for module, name in imported(source):
        package = module.split(".")[0]
        if package in FORBIDDEN_PACKAGES or module == "models.database":
            faults.append(f"imports {module}")
        elif package in ("services", "providers"):
            thing = getattr(importlib.import_module(module), name, None) if name else None
            is_pure = name in PURE_FUNCTIONS and not inspect.iscoroutinefunction(thing)
            if not name or not (is_value(thing) or is_pure):
                faults.append(f"imports {module}.{name}: neither a value nor a pure function")
    return faults


def await_faults(source: str, own: set[str]) -> list[str]:
    """What the source awaits beside loaders and coroutines of schema/ itself (`own`)."""
    return [
        f"awaits {ast.unparse(node.value)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Await) and _called(node.value) not in own | {"load", "load_many"}
    ] + [
        f"uses {type(node).__name__}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.AsyncFor | ast.AsyncWith) or (isinstance(node, ast.comprehension) and node.is_async)
    ]


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
        return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return ""


def own_coroutines() -> set[str]:
    """Functions of schema/ that are coroutines; `count` is the one that a Connection is given, a loader's too; `next_`
    is what a field extension goes on with.
    """
    trees = [ast.parse(path.read_text("utf-8")) for path in FILES]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)} | {
        "count",
        "next_",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_types_import_values_only(path: Path) -> None:
    assert import_faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_types_wait_for_loaders_only(path: Path) -> None:
    assert await_faults(path.read_text("utf-8"), own_coroutines()) == []


def test_every_pure_function_is_still_needed() -> None:
    names = {name for path in FILES for module, name in imported(path.read_text("utf-8")) if module[:9] == "services."}
    assert names >= PURE_FUNCTIONS


@pytest.mark.parametrize(
    "source",
    [
        "from settings import get_settings",
        "from tortoise.queryset import QuerySet",
        "from models.database import execute",
        "import services.queries.lists",
        "from services.queries.row_lists import row_page",
        "from services.queries.lists import jobs_where",
        "def f():\n    from services.platform.audit import write_entry",
    ],
)
def test_imports_of_work_are_found(source: str) -> None:
    assert len(import_faults(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from services.queries.accounts import Availability, Standing",
        "from services.queries.children import SHOTS, Only",
        "from services.queries.timetable import timetable",
        "from models.jobs import Job",
    ],
)
def test_imports_of_values_are_let_through(source: str) -> None:
    assert import_faults(source) == []


@pytest.mark.parametrize(
    "statement", ["await self.row.save()", "await Job.get(id=1)", "await pending", "async for row in rows: pass"]
)
def test_waiting_for_anything_else_is_found(statement: str) -> None:
    assert len(await_faults(f"async def f(self):\n    {statement}", {"linked"})) == 1

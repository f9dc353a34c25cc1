"""A table that has a store is written by that store alone, in SQL as through Tortoise."""

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise.models import Model

from models.database import MODEL_MODULES

ROOT = Path(__file__).resolve().parents[3]

# By table the module, or the package, that alone writes it.
STORES: dict[str, str] = {}

# Statements whose table is a value: what they may write all the same.
TABLE_IS_A_VALUE: dict[str, str] = {
    "services/platform/table_scan.py": "deletes old rows of the tables that its callers name; none of them has a store",
    "services/accounts/sessions.py": "seals columns of accounts and webhook secrets anew under another key",
    "services/film/workflow/deletion.py": "deletes the rows of a workflow's parts",
    "services/worker/retention/expiry.py": "deletes references of jobs that are gone",
    "services/worker/retention/purge.py": "deletes what hangs on purged rows",
}

PRODUCT = ("services", "resolvers", "tasks", "web", "schema", "models", "server.py")
WRITES_OF_MODELS = {
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "update",
    "delete",
    "save",
}
STATEMENT = re.compile(r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|DELETE\s+FROM|UPDATE)\s+\"?([a-z_]+|\{\})")
Write = tuple[str, int]
"The table, and the line."


def models_by_name() -> dict[str, str]:
    """By name of a Tortoise model its table."""
    found: dict[str, str] = {}
    for module in map(importlib.import_module, MODEL_MODULES):
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, Model) and value._meta.db_table:
                found[name] = value._meta.db_table
    return found


def writes_in(source: str, tables: dict[str, str]) -> Iterator[Write]:
    """Every write that the source spells out; `{}` is a table that is a value. tables: by model's name."""
    tree = ast.parse(source)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and id(node) not in inside):
            for table in STATEMENT.findall(_text(node)):
                yield table, node.lineno
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            yield from _writes_of_models(function, tables)


def _writes_of_models(function: ast.AST, tables: dict[str, str]) -> Iterator[Write]:
    names = {name: {name} for name in tables}
    for node in ast.walk(function):
        for target, value in _bindings(node):
            models = {word.id for word in ast.walk(value) if isinstance(word, ast.Name)} & set(tables)
            if models:
                names[target] = names.get(target, set()) | models
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES_OF_MODELS:
            for model in sorted(names.get(_root(node.func.value), ())):
                yield tables[model], node.lineno


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names that a node gives to something, with what that is: assignments, loops and annotated parameters."""
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension) and isinstance(node.target, ast.Name):
        yield node.target.id, node.iter
    elif isinstance(node, ast.arg) and node.annotation is not None:
        yield node.arg, node.annotation


def _root(node: ast.AST) -> str:
    """What a chain such as `Job.filter(id=1).exclude(id=2)` begins with."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute | ast.Await | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "type" else node.func
        else:
            return ""
    return node.id


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _product_files() -> list[str]:
    answer = subprocess.run(["git", "ls-files", "-z", "--", *PRODUCT], cwd=ROOT, capture_output=True, check=False)
    if answer.returncode != 0:
        pytest.skip("not a git checkout")
    paths = answer.stdout.decode().split("\0")
    return [path for path in paths if path.endswith(".py") and "migrations" not in path and (ROOT / path).is_file()]


def _is_store(path: str, module: str) -> bool:
    place = module.replace(".", "/")
    return path == f"{place}.py" or path.startswith(f"{place}/")


def test_tables_with_a_store_are_written_by_it_alone() -> None:
    tables = models_by_name()
    wrong = [
        f"{path}:{line} writes {table}"
        for path in _product_files()
        for table, line in sorted(set(writes_in((ROOT / path).read_text("utf-8"), tables)))
        if table in STORES and not _is_store(path, STORES[table])
    ]
    assert wrong == []


def test_every_store_writes_its_table() -> None:
    tables = models_by_name()
    written = {
        table
        for path in _product_files()
        for table, _ in writes_in((ROOT / path).read_text("utf-8"), tables)
        if table in STORES and _is_store(path, STORES[table])
    }
    assert written == set(STORES)


def test_a_statement_whose_table_is_a_value_is_known_to_write_no_table_of_a_store() -> None:
    found = {
        path
        for path in _product_files()
        if not path.startswith("services/stores/")
        and any(table == "{}" for table, _ in writes_in((ROOT / path).read_text("utf-8"), {}))
    }
    assert found == set(TABLE_IS_A_VALUE)


SAMPLE = """
async def body(row: Job, table):
    await execute("UPDATE job SET a = 1", 1)
    await execute(f"INSERT INTO job_file (id) VALUES {x}")
    await execute("SELECT 1 FROM job" f" WHERE {x}; DELETE FROM attempt WHERE 1 = 1")
    await execute("SELECT id FROM job FOR UPDATE")
    await Job.filter(id=1).exclude(id=2).update(a=1)
    await Job.filter(id=1)
    waiting = Attempt.filter(id=1)
    await waiting.delete()
    await row.save()
    for each in (JobFile, JobInput):
        await each.filter(id=1).delete()
    await execute(f"DELETE FROM {table}")
    names = {}
    names.update(a=1)
"""


def test_writes_are_found_however_they_are_spelled() -> None:
    tables = {"Job": "job", "Attempt": "attempt", "JobFile": "job_file", "JobInput": "job_input"}
    assert sorted(set(writes_in(SAMPLE, tables))) == [
        ("attempt", 5),
        ("attempt", 10),
        ("job", 3),
        ("job", 7),
        ("job", 11),
        ("job_file", 4),
        ("job_file", 13),
        ("job_input", 13),
        ("{}", 14),
    ]

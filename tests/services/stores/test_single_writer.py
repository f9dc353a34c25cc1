"""Every table is written by its writer alone, in SQL as through Tortoise."""

import ast
import functools
import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise.models import Model

from models.database import MODEL_MODULES

ROOT = Path(__file__).resolve().parents[3]

# By table the modules, or the package, that alone write it: one, or one more for its leases or its charges.
WRITERS: dict[str, tuple[str, ...]] = {
    "account": ("services.stores.accounts", "services.stores.account_leases"),
    "account_cooldown": ("services.stores.account_cooldowns",),
    "account_fault": ("services.stores.account_faults",),
    "account_usage": ("services.stores.account_usage",),
    "alert": ("services.stores.alerts",),
    "animatic": ("services.stores.films",),
    "animatic_part": ("services.stores.films",),
    "artifact": ("services.stores.artifacts",),
    "artifact_file": ("services.stores.artifacts",),
    "asset": ("services.stores.scripts",),
    "attempt": ("services.stores.attempts", "services.stores.charges"),
    "audit_entry": ("services.platform.audit",),
    "batch": ("services.stores.batches",),
    "callback_delivery": ("services.stores.callbacks",),
    "callback_try": ("services.stores.callbacks",),
    "credit_price": ("services.stores.credit_prices",),
    "deployment_fact": ("services.platform.deployment_facts",),
    "edit": ("services.stores.films",),
    "generation_record": ("services.stores.records",),
    "idempotency_key": ("services.platform.idempotency",),
    "job": ("services.stores.jobs",),
    "job_file": ("services.stores.jobs",),
    "job_input": ("services.stores.jobs",),
    "model_timing": ("services.stores.model_timings",),
    "process_lease": ("services.platform.process_leases",),
    "record_version": ("services.stores.records",),
    "revocation": ("services.platform.revocations",),
    "route": ("services.stores.routes",),
    "scheduler_lease": ("services.accounts.pool.scheduling",),
    "script": ("services.stores.scripts",),
    "script_scene": ("services.stores.scripts",),
    "script_shot": ("services.stores.scripts",),
    "shot": ("services.stores.storyboards",),
    "similarity_key": ("services.stores.similarity_keys",),
    "site_trouble": ("services.stores.account_faults",),
    "statistics_cell": ("services.stores.statistics",),
    "statistics_delta": ("services.stores.statistics",),
    "stored_file": ("services.platform.files", "services.platform.file_removal"),
    "storyboard": ("services.stores.storyboards",),
    "uploaded_input": ("services.stores.account_usage",),
    "video": ("services.stores.films",),
    "video_segment": ("services.stores.films",),
    "webhook_secret": ("services.stores.webhook_secrets",),
    "workflow": ("services.stores.workflows",),
    "workflow_stage": ("services.stores.workflows",),
}

# Statements whose table is a value: naming the table to them counts as writing it.
TABLE_IS_A_VALUE: dict[str, str] = {
    "models/newest_tables.py": "the script of a new file names the migrations that made its tables",
    "services/platform/table_scan.py": "deletes old rows of a table",
    "services/platform/leases.py": "leases rows of a table",
    "services/stores/updates.py": "updates or deletes rows of a table",
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
NAMES_ITS_TABLE = {"LeasedTable", "NamedLeases", "update", "delete", "delete_in_parts"}
"Called by these names, something writes the table, or the model, that is the first argument."
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
        if isinstance(node, ast.Call) and _text(node.func) in NAMES_ITS_TABLE and node.args:
            named = _text(node.args[0])
            yield tables.get(named, named), node.lineno
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
    """A string as it is written, with `{}` for what is computed; a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _product_files() -> list[str]:
    answer = subprocess.run(["git", "ls-files", "-z", "--", *PRODUCT], cwd=ROOT, capture_output=True, check=False)
    if answer.returncode != 0:
        pytest.skip("not a git checkout")
    paths = answer.stdout.decode().split("\0")
    return [path for path in paths if path.endswith(".py") and "migrations" not in path and (ROOT / path).is_file()]


def _is_writer(path: str, table: str) -> bool:
    places = [module.replace(".", "/") for module in WRITERS[table]]
    return any(path == f"{place}.py" or path.startswith(f"{place}/") for place in places)


@functools.cache
def _writes() -> tuple[tuple[str, str, int], ...]:
    """All writes of the product: the path, the table and the line."""
    tables = models_by_name()
    return tuple(
        (path, table, line)
        for path in _product_files()
        for table, line in sorted(set(writes_in((ROOT / path).read_text("utf-8"), tables)))
    )


def test_every_table_has_a_writer() -> None:
    assert set(WRITERS) == set(models_by_name().values())


def test_tables_are_written_by_their_writers_alone() -> None:
    wrong = [
        f"{path}:{line} writes {table}"
        for path, table, line in _writes()
        if table in WRITERS and not _is_writer(path, table)
    ]
    assert wrong == []


def test_every_writer_writes_its_table() -> None:
    written = {
        (table, module)
        for path, table, _ in _writes()
        for module in WRITERS.get(table, ())
        if path.removesuffix(".py").replace("/", ".").startswith(module)
    }
    assert written == {(table, module) for table, modules in WRITERS.items() for module in modules}


def test_statements_whose_table_is_a_value_stand_in_few_places() -> None:
    assert {path for path, table, _ in _writes() if table == "{}"} == set(TABLE_IS_A_VALUE)


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
    LeasedTable("batch")
    await update(Job, {"a": 1}, where)
    await delete("attempt", where)
    await delete_in_parts("job_file", "a < 1")
"""


def test_writes_are_found_however_they_are_spelled() -> None:
    tables = {"Job": "job", "Attempt": "attempt", "JobFile": "job_file", "JobInput": "job_input"}
    assert sorted(set(writes_in(SAMPLE, tables))) == [
        ("attempt", 5),
        ("attempt", 10),
        ("attempt", 19),
        ("batch", 17),
        ("job", 3),
        ("job", 7),
        ("job", 11),
        ("job", 18),
        ("job_file", 4),
        ("job_file", 13),
        ("job_file", 20),
        ("job_input", 13),
        ("{}", 14),
    ]

"""Every argument of the schema, with values at the ends of its bounds and of wrong kinds: a refusal, never INTERNAL."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from graphql import GraphQLError
from starlette.datastructures import UploadFile
from tortoise.context import require_context

import resolvers
from models.database import execute as execute_sql
from models.films import Animatic
from resolvers.context import build_context
from services.platform.files import use_storage
from tests.account_factories import make_account
from tests.batch_factories import make_batch
from tests.callback_factories import make_delivery
from tests.factories import make_film
from tests.record_factories import made
from tests.resolvers.argument_values import Place, document_of, places, values, variables_with
from tests.resolvers.asking import viewer
from web.graphql_errors import present_error

CORE = resolvers.schema._schema
LAST = ("delete", "cancel", "pause", "retry")
UNCOUNTED = {"audit_entry"}
FORBIDDEN = {"INTERNAL", "STORAGE_FAILED", "QUEUE_FAILED"}


async def examples() -> dict[str, Any]:
    """Ids of rows of the caller, by the name of the argument that takes them, and texts that are allowed."""
    film, account, batch = await make_film(shot_count=1), await make_account(), await make_batch()
    await Animatic.filter(id=film.animatic.id).update(options={"width": 640, "height": 360})
    record, delivery = await made("board-1"), await make_delivery()
    job = film.jobs[next(iter(film.jobs))].global_id
    by_word = {"Workflow": film.workflow.global_id, "Batch": batch.global_id, "Job": job}
    ids = {
        f"{field}(id)": next((value for word, value in by_word.items() if word in field), job)
        for field in (*CORE.mutation_type.fields, *CORE.subscription_type.fields)  # type: ignore[union-attr]
    }
    return {
        **ids,
        "workflowId": film.workflow.global_id,
        "scriptId": film.script.global_id,
        "assetId": film.assets[0].global_id,
        "CreateAnimaticInput.storyboardId": film.storyboard.global_id,
        "RegenerateShotsInput.storyboardId": film.storyboard.global_id,
        "shotId": film.shots[0].global_id,
        "shotIds": film.shots[0].global_id,
        "animaticId": film.animatic.global_id,
        "videoId": film.video.global_id,
        "editId": film.edit.global_id,
        "recordId": record.global_id,
        "deliveryId": delivery.global_id,
        "batchId": batch.global_id,
        "AccountChangesInput.id": account.global_id,
        "RetryBatchInput.id": batch.global_id,
        "storyboardId": "board-1",
        "workId": "default",
        "prompt": "A street.",
        "inputContent": "A street. Ann walks.",
        "CreateWorkflowInput.inputContent": "A street. Ann walks.",
        "CreateScriptInput.inputContent": "A street. Ann walks.",
        "ids": "none_1",
        "accountId": "none_1",
    }


@dataclass
class Rows:
    """How many rows all tables had when they were counted last."""

    count: int


async def row_count() -> int:
    tables = {model._meta.db_table for model in require_context().apps["ekonte"].values()} - UNCOUNTED
    counts = " + ".join(f"(SELECT COUNT(*) FROM {table})" for table in sorted(tables))
    return int((await execute_sql(f"SELECT {counts} AS n"))[0]["n"])


async def answer_of(place: Place, variables: dict[str, Any]) -> tuple[list[GraphQLError], Any]:
    """The errors as the caller sees them, and the data. A subscription's first event."""
    document, context = document_of(CORE, place), build_context(viewer(), "request-1")
    if place.operation != "subscription":
        result = await resolvers.schema.execute(document, variable_values=variables, context_value=context)
        return list(map(present_error, result.errors or ())), result.data
    source: Any = await resolvers.schema.subscribe(document, variable_values=variables, context_value=context)
    first = asyncio.ensure_future(anext(source, None))
    done, _ = await asyncio.wait([first], timeout=0.5)  # an admitted subscription may have nothing to say yet
    result = first.result() if done else first.cancel() and None
    return list(map(present_error, getattr(result, "errors", None) or ())), getattr(result, "data", None)


def told_paths(error: GraphQLError) -> list[list[str]]:
    extensions = error.extensions or {}
    return [fault["path"] for fault in extensions.get("faults", ())] or [extensions.get("path", [])]


async def fault_of(place: Place, value: Any, is_beyond: bool, variables: dict[str, Any], known: Rows) -> str | None:
    """What is wrong with the answer, if anything."""
    with structlog.testing.capture_logs() as logged:
        errors, _ = await answer_of(place, variables)
    shown = f"{place} = {str(value)[:40]!r} ({type(value).__name__})"
    codes = {(error.extensions or {}).get("code") for error in errors}
    if codes & FORBIDDEN or None in codes:
        causes = [repr(entry["exc_info"])[:300] for entry in logged if "exc_info" in entry]
        return f"{shown}: {codes} {causes} {[error.message[:300] for error in errors]}"
    before, known.count = known.count, await row_count()
    if errors and known.count != before:
        return f"{shown}: refused, but rows have changed"
    wanted = [str(step) for step in place.path]
    if is_beyond and not any(wanted in told_paths(error) for error in errors):
        return f"{shown}: not refused there: {[(error.message[:100], error.extensions) for error in errors]}"
    return None


def each_once(found: Iterable[Place]) -> list[Place]:
    """The places, without those of input types that another field of the same kind has already shown."""
    known: set[tuple[object, ...]] = set()
    kept = []
    for place in found:
        kind = (place.operation, place.coordinate, str(place.kind))
        if place.coordinate.endswith(":)") or ("Strategy" not in place.coordinate and "Audio" not in place.coordinate):
            kept.append(place)
        elif kind not in known:
            known.add(kind)
            kept.append(place)
    return kept


def concerns_a_database(value: Any) -> bool:
    """Whether databases may differ in it; all else is read before any of them is asked."""
    if isinstance(value, str):
        return len(value) > 20 or not value.isascii() or "\x00" in value or "%" in value
    return isinstance(value, dict | UploadFile)


def is_itemwise(place: Place) -> bool:
    """Whether the place lies in an item that is refused on its own, in the payload."""
    return place.field in ("createAccounts", "updateAccounts") and len(place.path) > 2


async def test_nothing_that_a_caller_gives_is_internal_and_a_refusal_changes_nothing(
    either_database: str, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "strawberry.execution")  # thousands of expected tracebacks
    use_storage(None, data_dir)
    known = await examples()
    faults: list[str] = []
    tried, rows = 0, Rows(await row_count())
    for place in sorted(each_once(places(CORE)), key=lambda place: place.field.startswith(LAST)):
        for value, is_beyond in values(place, known):
            if either_database == "postgres" and not concerns_a_database(value):
                continue
            tried += 1
            variables = variables_with(CORE, place, value, known)
            fault = await fault_of(place, value, is_beyond and not is_itemwise(place), variables, rows)
            if fault is not None:
                faults.append(fault)
    assert faults == [], f"{len(faults)} of {tried}:\n" + "\n".join(faults[:200])
    assert tried > 2000

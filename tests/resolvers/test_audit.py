"""The audit log: every mutation that ran or was refused, with names and ids and no values."""

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

import resolvers
from models.audit import AuditEntry
from resolvers.auditing import Audited
from tests.account_factories import install_pool
from tests.factories import OTHER, OWNER, make_job
from tests.resolvers.asking import ask, execute, refused

pytestmark = pytest.mark.usefixtures("either_database")

SESSION = "fedcba9876543210fedcba9876543210"
CREATE = (
    "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input)"
    " { accounts { id } failures { message } successCount } }"
)
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { job { status } } }"


async def entries() -> list[dict[str, Any]]:
    rows = await AuditEntry.all().order_by("id")
    return [
        {
            "owner": row.owner,
            "operation": row.operation,
            "outcome": row.outcome,
            "named": row.named_ids,
            "made": row.made_ids,
        }
        for row in rows
    ]


async def test_a_mutation_is_written_with_who_what_and_on_which() -> None:
    job = await make_job()
    await ask(CANCEL, id=job.global_id)
    (row,) = await AuditEntry.all()
    assert (row.owner, row.operation, row.outcome, row.request_id) == (OWNER, "cancelJob", "OK", "request-1")
    assert (row.named_ids, row.made_ids) == ([job.global_id], [])


async def test_a_refusal_is_written_with_its_code() -> None:
    job = await make_job(OTHER)
    await refused(CANCEL, id=job.global_id)
    assert await entries() == [
        {"owner": OWNER, "operation": "cancelJob", "outcome": "NOT_FOUND", "named": [job.global_id], "made": []}
    ]


async def test_what_a_mutation_made_is_told_apart_from_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    install_pool(monkeypatch)
    answer = await ask(CREATE, input={"accounts": [{"name": "Mei", "type": "DOMESTIC", "sessionId": SESSION}]})
    made = [account["id"] for account in answer["createAccounts"]["accounts"]]
    assert [(entry["named"], entry["made"]) for entry in await entries()] == [([], made)]


async def test_no_session_id_gets_into_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    install_pool(monkeypatch)
    looks_like_an_id = "job_123456789012345678"
    accounts = [
        {"name": "Mei", "type": "DOMESTIC", "sessionId": SESSION},
        {"name": "Lin", "type": "DOMESTIC", "sessionId": looks_like_an_id},
        {"name": "no", "type": "DOMESTIC", "sessionId": "has a space in it"},
    ]
    with capture_logs() as lines:
        await ask(CREATE, input={"accounts": accounts})
        await execute(CREATE, input={"accounts": accounts * 50})
    written = json.dumps(await entries()) + json.dumps([line for line in lines if line["event"] == "audit"])
    assert len(await entries()) == 2
    for account in accounts:
        assert account["sessionId"] not in written
        assert account["name"] not in written


async def test_an_idempotent_repeat_is_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    install_pool(monkeypatch)
    given = {"accounts": [{"name": "Mei", "type": "DOMESTIC", "sessionId": SESSION}], "idempotencyKey": "once"}
    for _ in range(2):
        await ask(CREATE, input=given)
    first, second = await entries()
    assert first == second
    assert len(first["made"]) == 1


async def test_each_field_of_a_request_has_its_entry() -> None:
    first, second = await make_job(), await make_job(OTHER)
    document = (
        "mutation ($a: ID!, $b: ID!) { one: cancelJob(id: $a) { job { id } } two: retryJob(id: $a) { job { id } }"
        " three: cancelJob(id: $b) { job { id } } }"
    )
    await execute(document, a=first.global_id, b=second.global_id)
    assert [(entry["operation"], entry["outcome"], entry["named"]) for entry in await entries()] == [
        ("cancelJob", "OK", [first.global_id]),
        ("retryJob", "OK", [first.global_id]),
        ("cancelJob", "NOT_FOUND", [second.global_id]),
    ]


async def test_queries_are_not_written() -> None:
    await ask("{ me { owner } }")
    assert await entries() == []


async def test_an_entry_that_cannot_be_written_does_not_touch_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(**_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(AuditEntry, "create", fail)
    job = await make_job()
    with capture_logs() as lines:
        answer = await ask(CANCEL, id=job.global_id)
    assert answer["cancelJob"]["job"]["status"] == "CANCELED"
    assert [line["event"] for line in lines if "audit" in line["event"]] == ["audit", "audit.write_failed"]
    # What the database did not take stands in the log.
    (line,) = [line for line in lines if line["event"] == "audit"]
    assert (line["owner"], line["operation"], line["named"]) == (OWNER, "cancelJob", [job.global_id])


async def test_a_mutation_whose_caller_goes_away_is_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    began, never = asyncio.Event(), asyncio.Event()

    async def hang(*_: Any) -> None:
        began.set()
        await never.wait()

    monkeypatch.setattr("services.film.jobs.cancel_job", hang)
    job = await make_job()
    asking = asyncio.create_task(execute(CANCEL, id=job.global_id))
    await began.wait()
    asking.cancel()
    await asyncio.wait([asking])
    async with asyncio.timeout(60):
        while not await AuditEntry.all().count():
            await asyncio.sleep(0.01)
    assert [entry["outcome"] for entry in await entries()] == ["INTERRUPTED"]


def test_every_mutation_of_the_schema_is_audited() -> None:
    definition: Any = resolvers.schema.get_type_by_name("Mutation")
    bare = [
        field.python_name
        for field in definition.fields
        if not any(isinstance(extension, Audited) for extension in field.extensions)
    ]
    assert len(definition.fields) > 30
    assert bare == []

"""Writes every mutation field to the audit log, including refused ones."""

import asyncio
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types import Info

from errors import EkonteError, ErrorCode, JobErrorCode, JobFailure
from services.platform.audit import INTERRUPTED, OK, write_entry
from services.platform.runtime import runtime


class _WriteTasks(set["asyncio.Task[None]"]):
    """References to running write tasks: the event loop keeps only weak references, and a task could be collected."""


class Audited(FieldExtension):
    """Writes the audit entry when the field has returned or raised, before the response is sent.

    The entry is also written where the caller disconnects meanwhile, because the mutation may have taken effect.
    """

    async def resolve_async(self, next_: Any, source: Any, info: Info, **arguments: Any) -> Any:
        outcome, answer = INTERRUPTED, None
        try:
            answer = await next_(source, info, **arguments)
            outcome = OK
            return answer
        except Exception as error:
            outcome = code_of(error).value
            raise
        finally:
            context = info.context
            entry = write_entry(
                context.owner,
                info.field_name,
                outcome=outcome,
                arguments=arguments,
                answer=answer,
                request_id=context.request_id,
            )
            await _write(entry)


async def write_refusal(info: Any, mutation: str, code: ErrorCode) -> None:
    """Writes the entry of a mutation that was refused before its resolver ran. info: graphql-core's or Strawberry's."""
    context = info.context
    await _write(write_entry(context.owner, mutation, outcome=code.value, arguments={}, request_id=context.request_id))


async def _write(entry: Any) -> None:
    """Writes the entry and waits for it; the write completes even where the wait is cancelled."""
    task = asyncio.ensure_future(entry)
    write_tasks = runtime().state(_WriteTasks)
    write_tasks.add(task)
    task.add_done_callback(write_tasks.discard)
    await asyncio.shield(task)


def code_of(error: Exception) -> ErrorCode:
    """The error code that the caller receives for an exception."""
    if isinstance(error, EkonteError):
        return error.code
    if isinstance(error, JobFailure) and error.code is JobErrorCode.STORAGE_ERROR:
        return ErrorCode.STORAGE_FAILED
    return ErrorCode.INTERNAL

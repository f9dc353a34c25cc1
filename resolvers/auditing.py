"""Has every mutation field written into the audit log, those that were refused too."""

import asyncio
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types import Info

from errors import EkonteError, ErrorCode, JobErrorCode, JobFailure
from services.platform.audit import INTERRUPTED, OK, write_entry
from services.platform.runtime import runtime


class _Writing(set["asyncio.Task[None]"]):
    """Entries that are being written: a task that nobody refers to may vanish."""


class Audited(FieldExtension):
    """Writes the entry once the field's answer or refusal is known, before it goes out.

    Where the caller goes away meanwhile, what the field did may stand: the entry is written all the same.
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
            await _written(entry)


async def _written(entry: Any) -> None:
    """Waits for the entry; it is written to its end even where the waiting is cancelled."""
    task = asyncio.ensure_future(entry)
    writing = runtime().state(_Writing)
    writing.add(task)
    task.add_done_callback(writing.discard)
    await asyncio.shield(task)


def code_of(error: Exception) -> ErrorCode:
    """The code under which an error is shown to the caller."""
    if isinstance(error, EkonteError):
        return error.code
    if isinstance(error, JobFailure) and error.code is JobErrorCode.STORAGE_ERROR:
        return ErrorCode.STORAGE_FAILED
    return ErrorCode.INTERNAL

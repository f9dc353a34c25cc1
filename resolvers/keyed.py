"""Idempotency keys of mutations whose service does not handle them itself: the payload is remembered under the key."""

import asyncio
import hashlib
from enum import Enum
from typing import Any

import strawberry
from starlette.datastructures import UploadFile
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from resolvers.mutating import key_for
from resolvers.outcomes import comparable, outcome_of, payload_of
from schema.context import Info
from services.platform.idempotency import (
    KeyedRequest,
    Remembered,
    remembered_in_transaction,
    remembered_with_claim,
)

DESCRIPTION = (
    "A key of the caller's own, 1 to 255 characters: the same key with the same input answers as the first time, and"
    " does nothing."
)


class Repeats(Enum):
    """How a mutation honours an idempotency key.

    BY_SERVICE: its service does. IN_TRANSACTION: its payload is stored in the transaction that does the work, which
    must be SQL only. WITH_CLAIM: the key is claimed, then the work is done, then the payload is stored; for work that
    is not SQL alone, or takes several transactions, and may be done again if the process dies before the last step.
    """

    BY_SERVICE = "BY_SERVICE"
    IN_TRANSACTION = "IN_TRANSACTION"
    WITH_CLAIM = "WITH_CLAIM"


class HonoursKey(FieldExtension):
    """Answers a repeated request with the payload of the first. The key is the argument idempotencyKey, which it adds
    to a field without `input`, else the header.
    """

    def __init__(self, repeats: Repeats) -> None:
        self.repeats = repeats

    def apply(self, field: StrawberryField) -> None:
        if any(argument.python_name in ("input", "idempotency_key") for argument in field.arguments):
            return
        key = StrawberryArgument(
            python_name="idempotency_key",
            graphql_name=None,
            type_annotation=StrawberryAnnotation(str | None),
            default=strawberry.UNSET,
            description=DESCRIPTION,
        )
        field.arguments = [*field.arguments, key]

    async def resolve_async(self, next_: Any, source: Any, info: Info, **arguments: Any) -> Any:
        has_input = "input" in arguments
        given = arguments["input"].idempotency_key if has_input else arguments.pop("idempotency_key", strawberry.UNSET)
        key = key_for(info, given)
        if key is None:
            return await next_(source, info, **arguments)
        request = KeyedRequest(
            info.context.owner,
            info.field_name,
            key,
            {name: await _compared(value) for name, value in arguments.items()},
            path=["input", "idempotencyKey"] if has_input else ["idempotencyKey"],
        )
        once = remembered_in_transaction if self.repeats is Repeats.IN_TRANSACTION else remembered_with_claim
        answer = await once(request, lambda: next_(source, info, **arguments), outcome_of)
        return await payload_of(answer.outcome, info) if isinstance(answer, Remembered) else answer


async def _compared(value: Any) -> Any:
    if isinstance(value, UploadFile):
        return {"name": value.filename, "sha256": await asyncio.to_thread(_sha256, value.file)}
    return comparable(value)


def _sha256(file: Any) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest

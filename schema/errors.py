"""Errors of jobs, and failures of single items of a list."""

from collections.abc import Mapping
from typing import Any

import strawberry

from errors import EkonteError, ErrorCode, JobErrorCode
from schema import enums as enums


@strawberry.type(description="Why work failed.")
class JobError:
    code: JobErrorCode = strawberry.field(description="The error code.")
    message: str = strawberry.field(description="The reason, as human-readable text.")
    retryable: bool = strawberry.field(description="Whether a retry could help.")
    upstream_code: str | None = strawberry.field(description="The provider's own error code, if any.")

    @staticmethod
    def from_stored(stored: Mapping[str, Any]) -> "JobError":
        code = str(stored.get("code"))
        return JobError(
            code=JobErrorCode(code) if code in JobErrorCode.__members__ else JobErrorCode.INTERNAL,
            message=str(stored.get("message") or ""),
            retryable=bool(stored.get("retryable")),
            upstream_code=stored.get("upstreamCode"),
        )

    @staticmethod
    def maybe(stored: Mapping[str, Any] | None) -> "JobError | None":
        return None if stored is None else JobError.from_stored(stored)


@strawberry.type(description="One of the reasons why an input was refused.")
class Fault:
    path: list[str] = strawberry.field(description="The place of the invalid value in the input.")
    code: ErrorCode = strawberry.field(description="The error code.")
    message: str = strawberry.field(description="The reason, as human-readable text.")


@strawberry.type(
    description='Why one item of a list was refused; path is the item\'s place in the input, e.g. ["ids", "3"].'
)
class ItemFailure:
    path: list[str] = strawberry.field(description="The item's place in the input.")
    target_id: strawberry.ID | None = strawberry.field(
        description="The id of the object that the item is about, as it was given; null where it has none."
    )
    code: ErrorCode = strawberry.field(description="The error code.")
    message: str = strawberry.field(description="The reason, as human-readable text.")
    faults: list[Fault] = strawberry.field(description="All reasons; path, code and message are those of the first.")

    @staticmethod
    def of(error: EkonteError, path: list[str], target_id: str | None) -> "ItemFailure":
        item = path[: len(path) - len(error.path)]
        return ItemFailure(
            path=path,
            target_id=None if target_id is None else strawberry.ID(target_id),
            code=error.code,
            message=error.message,
            faults=[
                Fault(path=[*item, *fault.path], code=fault.code, message=fault.message)
                for fault in error.faults or (error,)
            ],
        )


@strawberry.type(description="The deleted objects, and why others were not deleted.")
class DeletePayload:
    deleted_ids: list[strawberry.ID] = strawberry.field(description="The ids of the deleted objects.")
    failures: list[ItemFailure] = strawberry.field(description="Why the others were not deleted.")
    success_count: int = strawberry.field(description="How many were deleted.")
    failed_count: int = strawberry.field(description="How many were not.")

"""Applies one operation to each of a list of ids, and reports which succeeded and why the others failed."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import strawberry

from errors import BadInputError, EkonteError
from resolvers.ids import missing, number_of
from schema.context import Info
from schema.errors import DeletePayload, ItemFailure
from services.platform.paging import check_id_count

R = TypeVar("R")

Outcomes = Iterable[tuple[int, R | EkonteError]]


def check_some(ids: Sequence[strawberry.ID], *path: str) -> None:
    """Raises BadInputError for no ids, or more than 1000."""
    check_id_count(ids, *path)
    if not ids:
        raise BadInputError("The list is empty; name at least one id.", path=path)


async def each_by_id(
    info: Info, ids: Sequence[strawberry.ID], model: str, do: Callable[[str, list[int]], Awaitable[Outcomes[R]]]
) -> dict[strawberry.ID, R | EkonteError]:
    """Calls `do(owner, numbers)` once and returns its outcome for each distinct id, in the order of the ids.

    An id that is not one of the model's has the error of a missing row. Raises BadInputError for no ids, or more than
    1000.
    """
    check_some(ids, "ids")
    numbers = {global_id: number_of(global_id, model) for global_id in ids}
    known = list(dict.fromkeys(number for number in numbers.values() if number is not None))
    outcomes = dict(await do(info.context.owner, known))
    return {global_id: missing(model) if number is None else outcomes[number] for global_id, number in numbers.items()}


async def delete_each(
    info: Info,
    ids: Sequence[strawberry.ID],
    model: str,
    delete: Callable[[str, list[int]], Awaitable[Outcomes[None]]],
) -> DeletePayload:
    """Deletes each distinct id once. `delete` returns for each number None, or the error that prevented it."""
    outcomes = await each_by_id(info, ids, model, delete)
    deleted = [global_id for global_id, error in outcomes.items() if error is None]
    return DeletePayload(deleted_ids=deleted, **failed(outcomes, ids), success_count=len(deleted))


def failed(outcomes: Mapping[strawberry.ID, object], ids: Sequence[strawberry.ID]) -> dict[str, Any]:
    """A payload's `failures` and `failed_count`; the path of a failure is the first position of its id."""
    failures = [
        item_failure(error, ["ids", str(ids.index(global_id))], global_id)
        for global_id, error in outcomes.items()
        if isinstance(error, EkonteError)
    ]
    return {"failures": failures, "failed_count": len(failures)}


def item_failure(error: EkonteError, place: list[str], target_id: str | None) -> ItemFailure:
    """place: the item's path; the error's own path is appended to it."""
    return ItemFailure.of(error, [*place, *error.path], target_id)

"""Mutations that do the same with each of a list of ids, and answer which succeeded and why the others failed."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import strawberry

from errors import EkonteError
from resolvers.ids import missing, number_of
from schema.context import Info
from schema.errors import DeletePayload, ItemFailure
from services.platform.paging import check_id_count

R = TypeVar("R")

Outcomes = Iterable[tuple[int, R | EkonteError]]


async def each_by_id(
    info: Info, ids: Sequence[strawberry.ID], model: str, do: Callable[[str, list[int]], Awaitable[Outcomes[R]]]
) -> dict[strawberry.ID, R | EkonteError]:
    """What `do` (of the owner and the numbers) gives for each id, in the order of the ids, each once.

    An id that is none of that model's has the error of a row that is not there. Raises BadInputError for more than
    1000 ids.
    """
    check_id_count(ids, "ids")
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
    """Deletes each once. `delete` gives for each number None, or why it is still there."""
    outcomes = await each_by_id(info, ids, model, delete)
    deleted = [global_id for global_id, error in outcomes.items() if error is None]
    return DeletePayload(deleted_ids=deleted, **failed(outcomes, ids), success_count=len(deleted))


def failed(outcomes: Mapping[strawberry.ID, object], ids: Sequence[strawberry.ID]) -> dict[str, Any]:
    """A payload's failures and failed_count; each failure names the first place of its id."""
    failures = [
        item_failure(error, ["ids", str(ids.index(global_id))], global_id)
        for global_id, error in outcomes.items()
        if isinstance(error, EkonteError)
    ]
    return {"failures": failures, "failed_count": len(failures)}


def item_failure(error: EkonteError, place: list[str], item_id: str | None) -> ItemFailure:
    """place: the item's; the error's own path goes on from there."""
    return ItemFailure.of(error, [*place, *error.path], item_id)

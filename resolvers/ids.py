"""Parses global ids in requests into numbers, checking their type."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from errors import EkonteError, not_found
from models.ids import parse_global_id
from resolvers.places import word_of
from schema.fields import given
from services.platform.faults import open_faults
from services.platform.paging import check_id_count

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


def number_of(global_id: str, model: str) -> int | None:
    """The number in a global id of that model; None where the id is invalid or of another type."""
    parsed = parse_global_id(global_id)
    return parsed[1] if parsed is not None and parsed[0] == model else None


def need(global_id: str, model: str, *path: str) -> int:
    """The number in the id. Raises WorkflowNotFoundError or NotFoundError for an id that is not one of that model.

    Where the request collects its faults, the error is added to them instead, and the number is 0, which no row has.
    """
    number = number_of(global_id, model)
    if number is None:
        error, faults = missing(model, *path), open_faults()
        if faults is None:
            raise error
        faults.add(error)
        return 0
    return number


def missing(model: str, *path: str) -> EkonteError:
    """The error for a row of that model that does not exist or belongs to another owner."""
    return not_found(word_of(model), path)


def maybe(global_id: strawberry.ID | None, model: str, *path: str) -> int | None:
    """Like `need`; None where no id was given."""
    return None if given(global_id) is None else need(str(global_id), model, *path)


def need_all(global_ids: Sequence[str], model: str, *path: str) -> list[int]:
    """Like `need`, for a list of at most 1000 ids, without duplicates."""
    check_id_count(global_ids, *path)
    numbers = [need(global_id, model, *path, str(index)) for index, global_id in enumerate(global_ids)]
    return list(dict.fromkeys(numbers))

"""Global ids in requests, turned into numbers of the type that is meant."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from errors import EkonteError, not_found
from models.ids import parse_global_id
from resolvers.places import word_of
from schema.fields import given
from services.platform.paging import check_id_count

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


def number_of(global_id: str, model: str) -> int | None:
    """The number in an id of that model, or None where it is none."""
    parsed = parse_global_id(global_id)
    return parsed[1] if parsed is not None and parsed[0] == model else None


def need(global_id: str, model: str, *path: str) -> int:
    """Raises WorkflowNotFoundError or NotFoundError, as for an object that is not there."""
    number = number_of(global_id, model)
    if number is None:
        raise missing(model, *path)
    return number


def missing(model: str, *path: str) -> EkonteError:
    """The error of a row of that model that is not there, or is somebody else's."""
    return not_found(word_of(model), path)


def maybe(global_id: strawberry.ID | None, model: str, *path: str) -> int | None:
    """As `need`; None where no id was given."""
    return None if given(global_id) is None else need(str(global_id), model, *path)


def need_all(global_ids: Sequence[str], model: str, *path: str) -> list[int]:
    """As `need`, for a list of at most 1000, each once."""
    check_id_count(global_ids, *path)
    numbers = [need(global_id, model, *path, str(index)) for index, global_id in enumerate(global_ids)]
    return list(dict.fromkeys(numbers))

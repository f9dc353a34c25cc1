"""Limits of a request's variables, checked before they are coerced, which takes microseconds for each value."""

from dataclasses import dataclass
from typing import Any

from errors import BadInputError

MAX_DEPTH = 110  # a JSON value may have 100 levels, and lies within inputs


@dataclass(frozen=True)
class VariableLimits:
    """list_items: of one list. values: of all variables together: objects, lists, strings, numbers, nulls."""

    list_items: int = 1000
    values: int = 50_000


def check_variables(variables: object, limits: VariableLimits) -> None:
    """Raises BadInputError, which names the place, if a list is too long, a value is nested too deep, or there are too
    many values. Takes time in proportion to the values, and none for what is beyond the limit.
    """
    values = 0
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(variables, ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, list):
            if len(value) > limits.list_items:
                raise BadInputError(
                    f"The list has {len(value):,} items; at most {limits.list_items:,} are allowed.", path=path
                )
            inner: Any = enumerate(value)
        elif isinstance(value, dict):
            inner = value.items()
        else:
            continue
        values += len(value)
        if values > limits.values:
            raise BadInputError(f"The variables have more than the allowed {limits.values:,} values.", path=path)
        if len(path) > MAX_DEPTH:
            raise BadInputError(f"The variables are nested more than the allowed {MAX_DEPTH} levels deep.")
        waiting += [(each, (*path, key)) for key, each in inner if isinstance(each, (list, dict))]

"""Pieces that the stores make their statements of: computed values, assignments and checked transitions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import orjson

from models.database import now_ms, now_ms_sql
from models.job_errors import JobError
from services.platform.sql import timestamp_sql

State = TypeVar("State", bound=StrEnum)


class ForbiddenTransitionError(Exception):
    """A mistake in our code: it wants a change of state that the state's table does not have."""


def check_transition(table: Mapping[State, Collection[State]], expected: Collection[State], to: State) -> None:
    """Raises ForbiddenTransitionError unless each of the expected states may become `to`."""
    wrong = [state.value for state in expected if to not in table[state]]
    if wrong or not expected:
        raise ForbiddenTransitionError(f"{', '.join(wrong) or 'nothing'} cannot become {to.value}")


@dataclass(frozen=True)
class Sql:
    """An expression that the database computes, with the values of its `?` places."""

    text: str
    values: tuple[Any, ...] = ()


NULL = Sql("NULL")


def now_sql() -> Sql:
    """The database's clock, for columns in milliseconds."""
    return Sql(now_ms_sql())


def in_ms(wait_ms: int | None) -> Sql:
    """So many milliseconds from now, for columns in milliseconds; None: no time."""
    return NULL if wait_ms is None else Sql(f"{now_ms_sql()} + ?", (wait_ms,))


def moment_sql() -> Sql:
    """The database's clock, for DatetimeField columns."""
    return Sql(timestamp_sql())


def raised(column: str, by: int = 1) -> Sql:
    return Sql(f"{column} + {by}" if by >= 0 else f"{column} - {-by}")


def assignments(changes: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """What follows SET, with the values of its places. A dict, a list or a JobError is written as JSON."""
    parts: list[str] = []
    values: list[Any] = []
    for column, value in changes.items():
        expression = value if isinstance(value, Sql) else Sql("?", (as_column(value),))
        parts.append(f"{column} = {expression.text}")
        values += expression.values
    return ", ".join(parts), values


def as_column(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, JobError):
        value = value.to_json()
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


@dataclass(frozen=True)
class Moment:
    """One reading of the database's clock, for rows that are inserted."""

    ms: int

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.ms / 1000, UTC)

    @staticmethod
    async def now() -> "Moment":
        return Moment(await now_ms())

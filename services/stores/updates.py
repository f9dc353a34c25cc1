"""Builds the stores' statements: columns by name, values in stored form, times by the database's clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tortoise.models import Model

from models.database import execute
from models.sql import timestamp_sql
from services.platform.owned import places


@dataclass(frozen=True)
class Sql:
    """A piece of SQL with `?` places, and their values."""

    text: str
    values: tuple[Any, ...] = ()


def database_time() -> Sql:
    """The database's current time, for DatetimeField columns."""
    return Sql(timestamp_sql())


def one_of(column: str, values: Collection[Any]) -> Sql:
    """`column IN (…)`; enums are compared by value."""
    return Sql(
        f"{column} IN ({places(list(values))})",
        tuple(value.value if isinstance(value, Enum) else value for value in values),
    )


def id_in(column: str, ids: Collection[int]) -> Sql:
    """`column IN (…)` with the ids as literals, so that the database's limit on values does not apply."""
    return Sql(f"{column} IN ({', '.join(str(int(row_id)) for row_id in ids)})" if ids else "1 = 0")


def all_of(*conditions: Sql) -> Sql:
    return Sql(
        " AND ".join(condition.text for condition in conditions),
        tuple(value for condition in conditions for value in condition.values),
    )


async def update(
    model: type[Model], changes: Mapping[str, Any], where: Sql, returning: Sequence[str] = ("id",)
) -> list[dict[str, Any]]:
    """Updates columns of the rows that meet `where`. Returns for each changed row the columns named by `returning`.

    changes: by column, a value of the model's field type, or Sql. One statement.
    """
    columns: list[str] = []
    values: list[Any] = []
    for name, value in changes.items():
        if isinstance(value, Sql):
            columns.append(f"{name} = {value.text}")
            values += value.values
        else:
            columns.append(f"{name} = ?")
            values.append(stored(model, name, value))
    return await execute(
        f"UPDATE {model._meta.db_table} SET {', '.join(columns)} WHERE {where.text} RETURNING {', '.join(returning)}",
        *values,
        *where.values,
    )


async def delete(table: str, where: Sql) -> int:
    """Deletes the rows that meet `where`; returns how many. The table must have a column id."""
    return len(await execute(f"DELETE FROM {table} WHERE {where.text} RETURNING id", *where.values))


def stored(model: type[Model], column: str, value: Any) -> Any:
    """Converts a value to the form in which the column stores it: enums by value, JSON as text."""
    return model._meta.fields_map[column].to_db_value(value, None)  # type: ignore[arg-type]

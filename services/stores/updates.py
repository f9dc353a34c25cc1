"""Building the stores' UPDATE statements: columns by name, values as stored, times by the database's clock."""

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
    """A piece of SQL with `?` places, and what they hold."""

    text: str
    values: tuple[Any, ...] = ()


def database_time() -> Sql:
    """The database's clock, for DatetimeField columns."""
    return Sql(timestamp_sql())


def one_of(column: str, values: Collection[Any]) -> Sql:
    """`column IN (…)`; enums by their values."""
    return Sql(
        f"{column} IN ({places(list(values))})",
        tuple(value.value if isinstance(value, Enum) else value for value in values),
    )


def id_in(column: str, ids: Collection[int]) -> Sql:
    """`column IN (…)` with the ids written out, so that a statement's limit of values does not matter."""
    return Sql(f"{column} IN ({', '.join(str(int(row_id)) for row_id in ids)})" if ids else "1 = 0")


def all_of(*conditions: Sql) -> Sql:
    return Sql(
        " AND ".join(condition.text for condition in conditions),
        tuple(value for condition in conditions for value in condition.values),
    )


async def update(
    model: type[Model], changes: Mapping[str, Any], where: Sql, returning: Sequence[str] = ("id",)
) -> list[dict[str, Any]]:
    """Writes columns of the rows of which `where` holds; of each row that changed what `returning` names.

    changes: by column a value as the model's field has it, or Sql. One statement.
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
    """Removes the rows of which `where` holds; how many. For tables with ids."""
    return len(await execute(f"DELETE FROM {table} WHERE {where.text} RETURNING id", *where.values))


def stored(model: type[Model], column: str, value: Any) -> Any:
    """A value in the form in which the column keeps it: enums by value, JSON as text."""
    return model._meta.fields_map[column].to_db_value(value, None)  # type: ignore[arg-type]

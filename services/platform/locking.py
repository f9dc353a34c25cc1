"""Locking rows until the end of a transaction: the one way to do it on both databases.

PostgreSQL locks what `SELECT … FOR UPDATE` finds. On SQLite every transaction is alone from its beginning
(models/sqlite.py), so reading the rows is enough. Outside of a transaction nothing could be held: that is refused.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from tortoise.models import Model

from models.database import execute, is_in_transaction
from services.platform.sql import for_update_sql

M = TypeVar("M", bound=Model)


async def lock_row(model: type[M], row_id: int, where: str = "") -> M | None:
    """The row as it is now, locked until the transaction's end; None where there is none or `where` does not hold.

    where: a further SQL condition of ours without places, e.g. "deleted_at IS NULL". One statement. Locking a row
    twice changes nothing.
    """
    rows: list[M] = await model.raw(_select(model, "*", str(int(row_id)), where))
    return rows[0] if rows else None


async def lock_rows(
    model: type[Model], ids: Collection[int], where: str = "", columns: Sequence[str] = ("id",)
) -> list[dict[str, Any]]:
    """The named columns of those of the rows that are there and of which `where` holds, in the order of their ids.

    Rows are locked in that order too, so that two transactions that lock several do not wait for each other. One
    statement; none where no ids are given.
    """
    if not ids:
        _check_transaction()
        return []
    listed = ", ".join(str(int(row_id)) for row_id in sorted(set(ids)))
    return await execute(_select(model, ", ".join(columns), listed, where))


def _select(model: type[Model], columns: str, listed_ids: str, where: str) -> str:
    _check_transaction()
    condition = f" AND {where}" if where else ""
    table = model._meta.db_table
    return f"SELECT {columns} FROM {table} WHERE id IN ({listed_ids}){condition} ORDER BY id{for_update_sql()}"


def _check_transaction() -> None:
    if not is_in_transaction():
        raise RuntimeError("a row can only be locked within a transaction")

"""Locks rows until the end of a transaction, in the same way on both databases.

PostgreSQL locks the rows that `SELECT … FOR UPDATE` finds. On SQLite every transaction is exclusive from its beginning
(models/sqlite.py), so reading the rows is enough. Outside of a transaction no lock would last, so the functions raise
RuntimeError.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from tortoise.models import Model

from models.database import execute, is_in_transaction, is_sqlite

M = TypeVar("M", bound=Model)


async def lock_row(model: type[M], row_id: int, where: str = "") -> M | None:
    """Returns the current row, locked until the end of the transaction; None if it does not exist or does not meet
    `where`.

    where: a further SQL condition without places, e.g. "deleted_at IS NULL". One statement. Locking a row twice
    changes nothing.
    """
    rows: list[M] = await model.raw(_select(model, "*", str(int(row_id)), where))
    return rows[0] if rows else None


async def lock_rows(
    model: type[Model], ids: Collection[int], where: str = "", columns: Sequence[str] = ("id",)
) -> list[dict[str, Any]]:
    """Returns the named columns of those of the rows that exist and meet `where`, in the order of their ids.

    Rows are locked in the same order, so that two transactions that lock several do not deadlock. One statement; none
    for no ids.
    """
    if not ids:
        _check_transaction()
        return []
    listed = ", ".join(str(int(row_id)) for row_id in sorted(set(ids)))
    return await execute(_select(model, ", ".join(columns), listed, where))


async def lock_where(
    model: type[Model], where: str, *values: Any, columns: Sequence[str] = ("id",), limit: int | None = None
) -> list[dict[str, Any]]:
    """As `lock_rows`, for the rows that meet an SQL condition with `?` places; at most the first `limit`.

    If the condition reads other tables, read the rows again once they are locked: the condition was evaluated before
    the lock.
    """
    _check_transaction()
    first = "" if limit is None else f" LIMIT {int(limit)}"
    table = model._meta.db_table
    sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {where} ORDER BY id{first}{_for_update_sql()}"
    return await execute(sql, *values)


def _for_update_sql() -> str:
    return "" if is_sqlite() else " FOR UPDATE"


def _select(model: type[Model], columns: str, listed_ids: str, where: str) -> str:
    _check_transaction()
    condition = f" AND {where}" if where else ""
    table = model._meta.db_table
    return f"SELECT {columns} FROM {table} WHERE id IN ({listed_ids}){condition} ORDER BY id{_for_update_sql()}"


def _check_transaction() -> None:
    if not is_in_transaction():
        raise RuntimeError("rows can only be locked inside a transaction")

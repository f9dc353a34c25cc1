"""Leases in the database: the right to work on a row until a time, by the database's clock.

A claim moves the row's time to the end of the lease and raises its epoch. Every later write of the holder names that
epoch, so a holder that lost its lease changes 0 rows and stops. Dead workers need no detection: their rows become due
when the leases end.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute, now_ms_sql


@dataclass(frozen=True)
class Lease:
    """The right to write a row's outcome. epoch: the token that every write names; each claim changes it."""

    id: int
    epoch: int


@dataclass(frozen=True)
class LeasedTable:
    """A table whose rows are leased. until: the column of the lease's end, in milliseconds, after which the row is
    due; epoch: the column that each claim raises. epoch None: the lease's end itself is the token, and such a lease
    cannot be extended.
    """

    table: str
    until: str = "due_at_ms"
    epoch: str | None = "lease_epoch"

    @property
    def token(self) -> str:
        return self.epoch or self.until

    async def claim(
        self,
        candidates: str,
        values: Sequence[Any],
        lease_seconds: float,
        *,
        guard: str = "",
        guard_values: Sequence[Any] = (),
        sets: str = "",
        set_values: Sequence[Any] = (),
        returning: str = "",
        is_one: bool = False,
    ) -> list[tuple[Lease, dict[str, Any]]]:
        """Leases the rows whose ids a SELECT returns; returns each lease with the row's `returning` columns. One
        statement.

        candidates: the SELECT, with places for `values`, which skips locked rows. guard: a condition that is checked
        again when the row is written, after waiting for its lock. sets: other columns that a claim changes. All of
        them are SQL. is_one: the SELECT returns at most one id. Only one of several simultaneous claims gets a row.
        """
        raised = f"{self.epoch} = {self.epoch} + 1, " if self.epoch else ""
        rows = await execute(
            f"UPDATE {self.table} SET {raised}{self.until} = {now_ms_sql()} + ?{', ' + sets if sets else ''}"
            f" WHERE {guard + ' AND ' if guard else ''}id {'=' if is_one else 'IN'} ({candidates})"
            f" RETURNING id, {self.token} AS lease_token{', ' + returning if returning else ''}",
            int(lease_seconds * 1000),
            *set_values,
            *guard_values,
            *values,
        )
        return [(Lease(row["id"], row["lease_token"]), row) for row in rows]

    async def extend(self, leases: Collection[Lease], lease_seconds: float, *, guard: str = "") -> set[int]:
        """Extends the leases to `lease_seconds` from now; returns the ids of those that are still held. One statement,
        none for no leases.

        guard: a further SQL condition on the row.
        """
        assert self.epoch is not None, "without an epoch, extending the lease would change its token"
        if not leases:
            return set()
        held = ", ".join("(CAST(? AS BIGINT), CAST(? AS INTEGER))" for _ in leases)
        rows = await execute(
            f"UPDATE {self.table} SET {self.until} = {now_ms_sql()} + ?"
            f" WHERE {guard + ' AND ' if guard else ''}(id, {self.epoch}) IN (VALUES {held}) RETURNING id",
            int(lease_seconds * 1000),
            *(value for lease in leases for value in (lease.id, lease.epoch)),
        )
        return {row["id"] for row in rows}

    async def release(self, lease: Lease, *, in_ms: int | None = 0, guard: str = "", sets: str = "") -> bool:
        """Releases the lease: the row is due in `in_ms` milliseconds; None sets the time to 0. Returns whether the
        lease was still held.

        guard, sets: as for `claim`. A second call changes nothing if `guard` distinguishes a released row from a
        leased one, or if the lease's end is the token; otherwise it only moves the due time.
        """
        due = "0" if in_ms is None else f"{now_ms_sql()} + {int(in_ms)}"
        rows = await execute(
            f"UPDATE {self.table} SET {self.until} = {due}{', ' + sets if sets else ''}"
            f" WHERE {guard + ' AND ' if guard else ''}id = ? AND {self.token} = ? RETURNING id",
            lease.id,
            lease.epoch,
        )
        return bool(rows)


@dataclass(frozen=True)
class NamedLeases:
    """A table with one lease per name, each with a holder. The first claim of a name inserts its row.

    until: the column of the lease's end; is_text: it stores the milliseconds as text.
    """

    table: str
    name: str
    holder: str | None = "holder"
    until: str = "until_ms"
    is_text: bool = False

    async def claim(
        self, name: str | int, holder: str | None, lease_seconds: float, also: Mapping[str, str] | None = None
    ) -> bool:
        """Claims the lease for `lease_seconds` if it is free, has expired or belongs to `holder` already; returns
        whether `holder` has it. also: SQL expressions for other columns. One statement; only one of several
        simultaneous claims succeeds. Without a holder column a lease cannot be extended and has to expire.
        """
        also = also or {}
        now, values = now_ms_sql(), [name]
        columns = {self.name: "?"}
        if self.holder is not None:
            columns[self.holder] = "?"
            values.append(holder or "")
        columns[self.until] = f"CAST({now} + ? AS TEXT)" if self.is_text else f"{now} + ?"
        changed = [column for column in (*columns, *also) if column != self.name]
        ended = f"{self.table}.{self.until}"
        ended = f"CAST({ended} AS BIGINT)" if self.is_text else ended
        is_own = f"{self.table}.{self.holder} = excluded.{self.holder} OR " if self.holder is not None else ""
        rows = await execute(
            f"INSERT INTO {self.table} ({', '.join((*columns, *also))})"
            f" VALUES ({', '.join((*columns.values(), *also.values()))}) ON CONFLICT ({self.name}) DO UPDATE SET"
            f" {', '.join(f'{column} = excluded.{column}' for column in changed)}"
            f" WHERE {is_own}{ended} <= {now} RETURNING {self.name}",
            *values,
            int(lease_seconds * 1000),
        )
        return bool(rows)

    async def extend(
        self, name: str | int, holder: str, lease_seconds: float, also: Mapping[str, str] | None = None
    ) -> bool:
        """Extends the lease to `lease_seconds` from now; returns whether `holder` still had it. also: as
        for `claim`.
        """
        others = "".join(f", {column} = {value}" for column, value in (also or {}).items())
        rows = await execute(
            f"UPDATE {self.table} SET {self.until} = {now_ms_sql()} + ?{others}"
            f" WHERE {self.name} = ? AND {self.holder} = ? RETURNING {self.name}",
            int(lease_seconds * 1000),
            name,
            holder,
        )
        return bool(rows)

    async def release(self, holder: str) -> None:
        """Ends all leases of a holder. A second call changes nothing."""
        await execute(f"DELETE FROM {self.table} WHERE {self.holder} = ? RETURNING {self.name}", holder)

    async def release_all(self) -> None:
        """Ends the leases of all holders. Only for a process that knows that no other process is alive."""
        await execute(f"DELETE FROM {self.table} RETURNING {self.name}")

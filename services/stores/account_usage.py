"""Writes the tables account_usage and uploaded_input: the tasks that accounts ran, and the pictures and films
that they have uploaded upstream.
"""

from collections.abc import Sequence

from models.database import execute
from models.enums import MediaKind
from models.ids import new_id
from models.sql import timestamp_before_sql, timestamp_sql
from providers.pooled import UploadedFile
from services.platform.owned import places
from services.platform.table_scan import delete_in_parts
from services.stores.updates import Sql, delete, id_in


async def count(account_id: int, kind: MediaKind, day: str, credits: int | None) -> None:
    """Counts one more task of the kind, with its credits (None: unknown), on the quota day (YYYY-MM-DD)."""
    await execute(
        "INSERT INTO account_usage (id, created_at, account_id, kind, day, count, credits, credits_unknown)"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, 1, ?, ?) ON CONFLICT (account_id, kind, day)"
        " DO UPDATE SET count = account_usage.count + 1, credits = account_usage.credits + excluded.credits,"
        " credits_unknown = account_usage.credits_unknown + excluded.credits_unknown RETURNING id",
        new_id(),
        account_id,
        kind.value,
        day,
        credits or 0,
        int(credits is None),
    )


async def add_measured(account_id: int, kind: MediaKind, day: str, credits: int, unknown: int) -> None:
    """Adds to the credits of the quota day, and to its number of tasks whose charge is unknown."""
    await execute(
        "UPDATE account_usage SET credits = credits + ?, credits_unknown = credits_unknown + ?"
        " WHERE account_id = ? AND kind = ? AND day = ? RETURNING id",
        credits,
        unknown,
        account_id,
        kind.value,
        day,
    )


async def reset(account_ids: Sequence[int], day: str) -> None:
    """Sets the accounts' task counts of the quota day to 0."""
    await execute(
        f"UPDATE account_usage SET count = 0 WHERE day = ? AND account_id IN ({places(account_ids)}) RETURNING id",
        day,
        *account_ids,
    )


async def purge(account_ids: Sequence[int]) -> None:
    """Removes the usage and the uploads of deleted accounts."""
    await delete("account_usage", id_in("account_id", account_ids))
    await delete("uploaded_input", id_in("account_id", account_ids))


# ---------------------------------------------------------------- uploaded inputs


async def write_upload(account_id: int, sha256: str, uploaded: UploadedFile) -> None:
    """Stores upstream's URI of content that the account has uploaded. A newer upload replaces an older one."""
    names = ("uri", "width", "height", "format", "duration_ms")
    newer = ", ".join(f"{name} = excluded.{name}" for name in (*names, "created_at"))
    await execute(
        f"INSERT INTO uploaded_input (id, created_at, account_id, sha256, {', '.join(names)})"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (account_id, sha256) DO UPDATE SET {newer} RETURNING id",
        new_id(),
        account_id,
        sha256,
        *(getattr(uploaded, name) for name in names),
    )


async def remove_uploads(account_id: int) -> None:
    await delete("uploaded_input", Sql("account_id = ?", (account_id,)))


async def remove_old_uploads(seconds: float) -> int:
    """Removes uploads older than `seconds`; returns how many."""
    return await delete_in_parts("uploaded_input", f"created_at < {timestamp_before_sql(seconds)}")

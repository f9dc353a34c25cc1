"""How much of something one owner may have at once. What would be more is refused, and changes nothing.

The places are counted in the transaction that takes them, with the owner's quota locked until its end, so that of two
requests for the last place one is refused.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from errors import QuotaExceededError
from models.database import execute, is_in_transaction, is_sqlite
from models.enums import LIVE_JOB_STATUSES, LIVE_WORKFLOW_STATUSES
from services.platform.owned import owned_rows_sql
from settings import get_settings


class Quota(StrEnum):
    """What is limited. Values are the names that callers see."""

    JOBS = "jobs"
    WORKFLOWS = "workflows"
    ACCOUNTS = "accounts"
    STORED_BYTES = "storedBytes"


@dataclass(frozen=True)
class _Rule:
    """what: its plural in messages. advice: what the owner can do. sql: counts them, with one place for the owner."""

    setting: str
    what: str
    advice: str
    sql: str


def _listed(values: Sequence[StrEnum]) -> str:
    return ", ".join(f"'{value.value}'" for value in values)


_RULES = {
    Quota.JOBS: _Rule(
        "max_owner_jobs",
        "jobs that wait or run",
        "Wait until some have ended, or cancel some",
        "SELECT COUNT(*) AS used FROM job WHERE owner = ? AND parent_id IS NULL"
        f" AND status IN ({_listed(LIVE_JOB_STATUSES)})",
    ),
    Quota.WORKFLOWS: _Rule(
        "max_owner_workflows",
        "workflows that wait, run or are paused",
        "Wait until some have ended, or cancel some",
        f"SELECT COUNT(*) AS used FROM workflow WHERE owner = ? AND status IN ({_listed(LIVE_WORKFLOW_STATUSES)})",
    ),
    Quota.ACCOUNTS: _Rule(
        "max_owner_accounts",
        "accounts",
        "Delete some with deleteAccounts",
        "SELECT COUNT(*) AS used FROM account WHERE owner = ? AND deleted_at IS NULL",
    ),
    Quota.STORED_BYTES: _Rule(
        "max_owner_bytes",
        "bytes of stored files",
        "Delete workflows, or records with deleteFiles",
        "SELECT COALESCE(SUM(bytes), 0) AS used FROM stored_file WHERE owner = ?",
    ),
}


@dataclass(frozen=True)
class Usage:
    """most None: there is no limit."""

    name: str
    used: int
    most: int | None


def most_of(quota: Quota) -> int | None:
    """The limit; None: there is none."""
    return int(getattr(get_settings(), _RULES[quota].setting)) or None


async def used_of(quota: Quota, owner: str) -> int:
    rows = await owned_rows_sql(_RULES[quota].sql, owner)
    return int(rows[0]["used"])


async def reserve(quota: Quota, owner: str, count: int = 1, *, path: Sequence[str] = ()) -> None:
    """Makes sure that the owner may have `count` more, until the end of the transaction, in which the caller makes
    them. Raises QuotaExceededError, with the path, where that would be too many. count 0 asks nothing.
    """
    most = most_of(quota)
    if most is None or count <= 0:
        return
    await _lock(quota, owner)
    used = await used_of(quota, owner)
    if used + count > most:
        raise exceeded(quota, used=used, wanted=count, most=most, path=path)


async def check_room(quota: Quota, owner: str, *, path: Sequence[str] = ()) -> None:
    """Raises QuotaExceededError if the owner has as much as is allowed, or more. Takes no place and no lock."""
    most = most_of(quota)
    if most is not None and (used := await used_of(quota, owner)) >= most:
        raise exceeded(quota, used=used, wanted=0, most=most, path=path)


def exceeded(quota: Quota, *, used: int, wanted: int, most: int, path: Sequence[str] = ()) -> QuotaExceededError:
    rule = _RULES[quota]
    variable = f"EKONTE_{rule.setting.upper()}"
    more = f", and this request adds {wanted:,}" if wanted else ""
    return QuotaExceededError(
        f"You have {used:,} {rule.what}{more}; at most {most:,} are allowed ({variable}). {rule.advice}.", path=path
    )


async def _lock(quota: Quota, owner: str) -> None:
    """Keeps other transactions from taking the owner's places until this one ends. On SQLite every transaction is
    exclusive from its beginning.
    """
    if not is_in_transaction():
        raise RuntimeError("places can only be reserved inside a transaction")
    if not is_sqlite():
        digest = hashlib.sha256(f"quota:{quota.value}:{owner}".encode()).digest()
        await execute("SELECT pg_advisory_xact_lock(?::bigint)", int.from_bytes(digest[:8], "big", signed=True))

"""Snapshots of an owner's accounts for scheduling, read in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models.accounts import AccountCooldown
from models.database import execute
from models.enums import AccountStatus, MediaKind
from models.sql import milliseconds_of_sql
from services.accounts.pool.choosing import Candidate, Cooldown
from services.accounts.pool.cooling import present_limit
from services.accounts.pool.quota import next_reset, quota_day
from services.accounts.pool.site_troubles import trouble_sentence, troubles_of
from services.platform.owned import places
from services.stores.account_faults import SiteOfOwner


@dataclass(frozen=True)
class InFlight:
    """Slots held on an account. of_kind: slots of the requested kind; unaccepted: those of them that are not in today's
    count yet; urgent: slots of URGENT jobs, of both kinds; uncharged: expected credits of tasks that upstream has not
    accepted yet; detached: slots of tasks that no job runs on any more, since they timed out or their job was canceled.
    """

    total: int = 0
    of_kind: int = 0
    unaccepted: int = 0
    urgent: int = 0
    uncharged: int = 0
    detached: int = 0


async def account_snapshots(
    owners: Collection[str], kind: MediaKind, *, now_ms: int, zone: str
) -> dict[tuple[str, str], list[Candidate]]:
    """The accounts that are not deleted, by owner and provider; five statements."""
    name = kind.value.lower()
    rows = await execute(
        "SELECT id, owner, provider, site, status, status_reason, priority, max_concurrent, learned_at_ms,"
        f" learned_{name}_limit AS learned, daily_{name}_limit AS daily_limit,"
        f" {name}_exhausted_until_ms AS exhausted_until_ms, credit_balance, received_day,"
        f" {milliseconds_of_sql('last_used_at')} AS last_used_ms FROM account"
        f" WHERE owner IN ({places(list(owners))}) AND deleted_at IS NULL",
        *owners,
    )
    ids = [row["id"] for row in rows]
    if not ids:
        return {}
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    day, resets_at_ms = quota_day(now, zone), int(next_reset(now, zone).timestamp() * 1000)
    cooldowns = await cooldowns_of(ids)
    holds = await _holds(owners)
    used = await used_on(day, kind, ids)
    in_flight = await in_flight_of(kind, ids)
    found: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for row in rows:
        held = in_flight.get(row["id"], InFlight())
        found[row["owner"], row["provider"]].append(
            Candidate(
                id=row["id"],
                site=row["site"],
                status=AccountStatus(row["status"]),
                status_reason=row["status_reason"],
                priority=row["priority"],
                slot_limit=row["max_concurrent"],
                kind_limit=_kind_limit(row, now_ms),
                in_flight=held.total,
                kind_in_flight=held.of_kind,
                urgent_in_flight=held.urgent,
                detached=held.detached,
                used_today=used.get(row["id"], 0) + held.unaccepted,
                daily_limit=row["daily_limit"],
                exhausted_until_ms=row["exhausted_until_ms"],
                credit_balance=None if row["credit_balance"] is None else row["credit_balance"] - held.uncharged,
                can_receive=row["received_day"] != day,
                resets_at_ms=resets_at_ms,
                last_used_ms=row["last_used_ms"] or 0,
                cooldowns=(
                    *cooldowns.get(row["id"], ()),
                    *holds.get((row["owner"], row["provider"], row["site"] or ""), ()),
                ),
            )
        )
    return dict(found)


def _kind_limit(row: Mapping[str, Any], now_ms: int) -> int | None:
    """The limit learned from refusals of the kind, with its recovery since then; None: no limit."""
    if row["learned"] is None:
        return None
    return present_limit(row["learned"], row["max_concurrent"], seconds_since=(now_ms - row["learned_at_ms"]) / 1000)


async def cooldowns_of(account_ids: Sequence[int]) -> dict[int, list[Cooldown]]:
    found: dict[int, list[Cooldown]] = defaultdict(list)
    for row in await AccountCooldown.filter(account_id__in=list(account_ids)):
        is_probing = row.probe_attempt_id is not None
        found[row.account_id].append(
            Cooldown(row.kind, row.model, row.until_ms, row.reason, is_probing, cause_job_id=row.cause_job_id)
        )
    return found


async def _holds(owners: Collection[str]) -> dict[tuple[str, str, str], list[Cooldown]]:
    """The holds by owner, provider and site."""
    found: dict[tuple[str, str, str], list[Cooldown]] = defaultdict(list)
    for row in await troubles_of(owners):
        where = SiteOfOwner(row["owner"], row["provider"], row["site"])
        found[where.owner, where.provider, where.site].append(
            Cooldown(
                row["kind"],
                row["model"],
                row["until_ms"],
                trouble_sentence(where, row["reason"]),
                bool(row["is_probing"]),
                trouble_id=row["id"],
            )
        )
    return found


async def used_on(day: str, kind: MediaKind, account_ids: Sequence[int]) -> Mapping[int, int]:
    rows = await execute(
        "SELECT account_id, count FROM account_usage WHERE day = ? AND kind = ?"
        f" AND account_id IN ({places(account_ids)})",
        day,
        kind.value,
        *account_ids,
    )
    return {row["account_id"]: row["count"] for row in rows}


async def in_flight_of(kind: MediaKind, account_ids: Sequence[int]) -> dict[int, InFlight]:
    rows: list[dict[str, Any]] = await execute(
        "SELECT a.account_id AS account_id, COUNT(*) AS total, SUM(CASE WHEN a.kind = ? THEN 1 ELSE 0 END) AS of_kind,"
        " SUM(CASE WHEN a.kind = ? AND a.state IN ('PLACED', 'SENT') THEN 1 ELSE 0 END) AS unaccepted,"
        " SUM(CASE WHEN j.priority_rank = 0 THEN 1 ELSE 0 END) AS urgent,"
        " SUM(CASE WHEN a.credits_spent IS NULL AND a.state IN ('PLACED', 'SENT') THEN COALESCE(a.credits_expected, 0)"
        " ELSE 0 END) AS uncharged,"
        " SUM(CASE WHEN a.is_detached OR a.is_draining THEN 1 ELSE 0 END) AS detached"
        " FROM attempt a LEFT JOIN job j ON j.id = a.job_id"
        f" WHERE a.released_at_ms IS NULL AND a.account_id IN ({places(account_ids)}) GROUP BY a.account_id",
        kind.value,
        kind.value,
        *account_ids,
    )
    return {
        row["account_id"]: InFlight(
            row["total"], row["of_kind"], row["unaccepted"], row["urgent"], row["uncharged"], row["detached"]
        )
        for row in rows
    }

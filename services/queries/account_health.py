"""The evidence for the health of accounts, read in five statements for any number of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from models.accounts import Account
from models.database import execute, now_ms
from models.enums import MediaKind
from models.ids import EPOCH_MS, first_id_at
from models.sql import json_text_sql
from providers.pooled import FaultKind
from services.accounts.pool.cooling import present_limit
from services.accounts.pool.decisions import AccountEffect, FaultContext, decide
from services.accounts.pool.health import WINDOW_HOURS, CoolingNow, Evidence, Health, Outcomes, health_of
from services.platform.owned import places, rows_by_id
from services.platform.providers import pooled_models

BUCKET_HOURS = 2
"Attempts are counted by so many hours of age, so that few rows are read."
RISK = frozenset({FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL})
# A limit of tasks at once is told by SLOTS_LOWERED, and risk control by its own reason.
OF_ACCOUNT = frozenset(
    kind
    for kind in FaultKind
    if kind not in (*RISK, FaultKind.CONCURRENCY_LIMIT)
    and decide(kind, FaultContext()).account is not AccountEffect.NONE
)


async def health_by_account_id(owner: str, account_ids: Sequence[int]) -> list[Health]:
    """The health of each of the owner's accounts; that of one that the owner does not have says nothing."""
    accounts = await rows_by_id(Account, owner, account_ids)
    if not accounts:
        return [Health(1.0)] * len(account_ids)
    ids, moment_ms = list(accounts), await now_ms()
    ended = await _ended(ids, moment_ms)
    confirmed = {account_id: max(row["accepted_ms"] or 0 for row in rows) for account_id, rows in ended.items()}
    cooldowns = await _cooldowns(ids, moment_ms)
    overdue = await _overdue(ids)
    prices = _cheapest_prices()
    found = {
        account_id: health_of(
            _evidence(
                account,
                ended.get(account_id, ()),
                cooldowns.get(account_id, ()),
                overdue.get(account_id, 0),
                prices.get((account.provider, str(account.site))),
                confirmed.get(account_id, 0),
                moment_ms,
            )
        )
        for account_id, account in accounts.items()
    }
    return [found.get(account_id, Health(1.0)) for account_id in account_ids]


def _evidence(
    account: Account,
    ended: Sequence[Mapping[str, Any]],
    cooldowns: Sequence[CoolingNow],
    overdue: int,
    price: int | None,
    accepted_ms: int,
    moment_ms: int,
) -> Evidence:
    checked_ms = int(account.checked_at.timestamp() * 1000) if account.checked_at else 0
    confirmed_ms = max(accepted_ms, checked_ms)
    since_learned = (moment_ms - account.learned_at_ms) / 1000
    limits = [
        present_limit(learned, account.max_concurrent, seconds_since=since_learned)
        for learned in (account.learned_image_limit, account.learned_video_limit)
    ]
    return Evidence(
        status=account.status,
        status_reason=account.status_reason,
        outcomes=[_outcomes(row) for row in ended],
        consecutive_failures=account.consecutive_failures,
        cooldowns=cooldowns,
        risk_refusals=sum(int(row["number"]) for row in ended if row["kind"] in RISK),
        confirmed_hours_ago=(moment_ms - confirmed_ms) / 3_600_000 if confirmed_ms else None,
        credit_balance=account.credit_balance,
        cheapest_price=price,
        exhausted=[kind for kind in MediaKind if account.exhausted_until_ms(kind) > moment_ms],
        slots=min(limits),
        max_slots=account.max_concurrent,
        overdue_tasks=overdue,
    )


def _outcomes(row: Mapping[str, Any]) -> Outcomes:
    hours, number = (int(row["bucket"]) + 0.5) * BUCKET_HOURS, int(row["number"])
    if row["outcome"] == "SUCCEEDED":
        return Outcomes(hours, succeeded=number)
    return Outcomes(hours, failed=number if row["kind"] in OF_ACCOUNT else 0)


async def _ended(account_ids: Sequence[int], moment_ms: int) -> dict[int, list[Mapping[str, Any]]]:
    """By account how many attempts of the last WINDOW_HOURS ended how, and by which kind of fault."""
    since = first_id_at(datetime.fromtimestamp(moment_ms / 1000, UTC) - timedelta(hours=WINDOW_HOURS))
    bucket = f"(({int(moment_ms)} - ((id >> 22) + {EPOCH_MS})) / {BUCKET_HOURS * 3_600_000})"
    kind = json_text_sql("error", "kind")
    rows = await execute(
        f"SELECT account_id, outcome, {kind} AS kind, {bucket} AS bucket, COUNT(*) AS number,"
        " MAX(accepted_at_ms) AS accepted_ms FROM attempt"
        f" WHERE account_id IN ({places(account_ids)}) AND id >= ? AND outcome IN ('SUCCEEDED', 'SWITCHED', 'FAILED')"
        f" GROUP BY account_id, outcome, {kind}, {bucket}",
        *account_ids,
        since,
    )
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["account_id"]].append(row)
    return found


async def _cooldowns(account_ids: Sequence[int], moment_ms: int) -> dict[int, list[CoolingNow]]:
    rows = await execute(
        f"SELECT account_id, model, step FROM account_cooldown WHERE account_id IN ({places(account_ids)})"
        " AND until_ms > ?",
        *account_ids,
        moment_ms,
    )
    found: dict[int, list[CoolingNow]] = defaultdict(list)
    for row in rows:
        found[row["account_id"]].append(CoolingNow(row["model"] != "", row["step"]))
    return found


async def _overdue(account_ids: Sequence[int]) -> dict[int, int]:
    rows = await execute(
        "SELECT account_id, COUNT(*) AS number FROM attempt WHERE released_at_ms IS NULL AND is_detached = ?"
        f" AND account_id IN ({places(account_ids)}) GROUP BY account_id",
        True,
        *account_ids,
    )
    return {row["account_id"]: int(row["number"]) for row in rows}


def _cheapest_prices() -> dict[tuple[str, str], int]:
    """By provider and site the lowest known price of a model."""
    found: dict[tuple[str, str], int] = {}
    for model in pooled_models().values():
        for site in model.sites if model.credits is not None else ():
            key = (model.provider, site)
            found[key] = min(found.get(key, model.credits or 0), model.credits or 0)
    return found

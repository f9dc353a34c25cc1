"""Writes the tables account_fault and site_trouble: the newest faults of accounts, and faults that hit most accounts of
a site. Each function belongs in the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import execute, now_ms_sql
from models.ids import new_id
from models.sql import timestamp_sql
from services.stores.updates import Sql, delete, id_in


@dataclass(frozen=True)
class FaultScope:
    """What a fault is about. fault: a FaultKind; kind and model "": all."""

    fault: str
    kind: str = ""
    model: str = ""


@dataclass(frozen=True)
class SiteOfOwner:
    """An owner's accounts of one site of a provider. site "": the provider has no sites."""

    owner: str
    provider: str
    site: str


async def record_fault(account_id: int, scope: FaultScope, job_id: int | None) -> None:
    """Records the account's newest fault of the scope. job_id: the job that met it; None: a query or a check did."""
    await execute(
        "INSERT INTO account_fault (id, created_at, account_id, fault, kind, model, at_ms, job_id)"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, ?, {now_ms_sql()}, ?) ON CONFLICT (account_id, fault, kind, model)"
        " DO UPDATE SET at_ms = excluded.at_ms, job_id = excluded.job_id RETURNING id",
        new_id(),
        account_id,
        scope.fault,
        scope.kind,
        scope.model,
        job_id,
    )


async def remove_faults(account_ids: Sequence[int]) -> None:
    """Forgets the faults of accounts that were reset, renewed or removed."""
    await delete("account_fault", id_in("account_id", account_ids))


async def begin_trouble(where: SiteOfOwner, scope: FaultScope, reason: str, seconds: float) -> bool:
    """Holds the site's work of the kind and model for `seconds`; returns False if it is held already."""
    rows = await execute(
        "INSERT INTO site_trouble (id, created_at, owner, provider, site, fault, kind, model, since_ms, until_ms, step,"
        f" reason) VALUES (?, {timestamp_sql()}, ?, ?, ?, ?, ?, ?, {now_ms_sql()}, {now_ms_sql()} + ?, 1, ?)"
        " ON CONFLICT (owner, provider, site, kind, model) DO NOTHING RETURNING id",
        new_id(),
        where.owner,
        where.provider,
        where.site,
        scope.fault,
        scope.kind,
        scope.model,
        int(seconds * 1000),
        reason,
    )
    return bool(rows)


async def extend_trouble(trouble_id: int, step: int, reason: str, seconds: float) -> bool:
    """Holds the site's work for longer after its probe failed, as the `step`th time in a row. Returns False if another
    process has done so since the row was read.
    """
    rows = await execute(
        f"UPDATE site_trouble SET until_ms = {now_ms_sql()} + ?, step = ?, reason = ?, probe_attempt_id = NULL"
        " WHERE id = ? AND step = ? RETURNING id",
        int(seconds * 1000),
        step,
        reason,
        trouble_id,
        step - 1,
    )
    return bool(rows)


async def set_trouble_probe(trouble_id: int, attempt_id: int) -> None:
    """Makes the attempt the probe, unless there is one that is still to be sent, or being sent."""
    await execute(
        "UPDATE site_trouble SET probe_attempt_id = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM attempt"
        " WHERE attempt.id = site_trouble.probe_attempt_id AND attempt.state IN ('PLACED', 'SENT')) RETURNING id",
        attempt_id,
        trouble_id,
    )


async def end_trouble(account_id: int, kind: str, model: str) -> list[tuple[SiteOfOwner, FaultScope]]:
    """Ends the trouble of an account's site for the kind and model, after upstream accepted such a task; returns what
    has ended.
    """
    return await _end(
        Sql(
            "kind IN ('', ?) AND model IN ('', ?) AND EXISTS (SELECT 1 FROM account WHERE account.id = ?"
            " AND account.owner = site_trouble.owner AND account.provider = site_trouble.provider"
            " AND COALESCE(account.site, '') = site_trouble.site)",
            (kind, model, account_id),
        )
    )


async def end_troubles_of(account_ids: Sequence[int]) -> list[tuple[SiteOfOwner, FaultScope]]:
    """Ends the troubles of the accounts' sites, after a person has reset the accounts; returns what has ended."""
    of_accounts = id_in("account.id", account_ids)
    return await _end(
        Sql(
            f"EXISTS (SELECT 1 FROM account WHERE {of_accounts.text} AND account.owner = site_trouble.owner"
            " AND account.provider = site_trouble.provider AND COALESCE(account.site, '') = site_trouble.site)",
            of_accounts.values,
        )
    )


async def end_quiet_troubles(seconds: float) -> list[tuple[SiteOfOwner, FaultScope]]:
    """Ends the troubles whose hold ended more than `seconds` ago, since nothing has asked the site meanwhile."""
    return await _end(Sql(f"until_ms < {now_ms_sql()} - ?", (int(seconds * 1000),)))


async def _end(where: Sql) -> list[tuple[SiteOfOwner, FaultScope]]:
    rows = await execute(
        f"DELETE FROM site_trouble WHERE {where.text} RETURNING owner, provider, site, fault, kind, model",
        *where.values,
    )
    return [
        (
            SiteOfOwner(row["owner"], row["provider"], row["site"]),
            FaultScope(row["fault"], row["kind"], row["model"]),
        )
        for row in rows
    ]

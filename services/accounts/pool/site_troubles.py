"""Troubles of a whole site: faults that hit most of an owner's accounts there within a minute.

Such a fault is not the accounts': none is deactivated or counted as failed. The site's work is held for a short,
growing time, and then one job, the probe, finds out whether the fault has passed. What is known is in the database,
since several processes meet faults.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts import Account, SiteTrouble
from models.database import execute, now_ms, now_ms_sql
from models.enums import MediaKind
from models.ids import EPOCH_MS
from models.sql import greatest_sql, milliseconds_of_sql
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.cooling import BRIEF_SECONDS
from services.notifications.alerts.sites import record_trouble, record_trouble_over, site_name
from services.platform.backoff import Backoff
from services.platform.owned import places
from services.stores import account_cooldowns, account_faults, accounts
from services.stores.account_faults import FaultScope, SiteOfOwner

WINDOW_MS = 60_000
FEWEST_HIT = 2
TASK_WINDOW_MS = 3_600_000
"How old a task may be that shows that its account's session is accepted."
SESSION_PATIENCE_MS = 300_000
"For so long, sessions that a whole site does not accept are held for the site's fault; then each account is looked at."
QUIET_SECONDS = 600.0
"Trouble ends by itself if nothing has asked the site for so long after its hold."
QUERY_FAULT = "QUERY_FAULT"
"Faults of queries are counted by themselves: that upstream does not answer them says nothing about submits."
_HOLD = Backoff(base=5.0, cap=300.0)
_HOLD_FOR_RISK = Backoff(base=2 * BRIEF_SECONDS, cap=1800.0)
_RISKS = (FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL)


@dataclass(frozen=True)
class Report:
    """What is known of one account within the window. hit_by: the job whose fault is its newest finding, 0 for a query
    or a check; None: it was not hit, or a later answer shows that it works.
    """

    account_id: int
    is_asked: bool
    hit_by: int | None = None


def scope_of(fault: FaultKind, kind: MediaKind | None, model: str) -> FaultScope | None:
    """What a fault would be about if it were the site's; None for faults that no site has. kind None: of a query or a
    check, which is about no kind.
    """
    of_kind = kind.value if kind is not None else ""
    if fault is FaultKind.SESSION_EXPIRED:
        return FaultScope(fault.value)
    if fault in (FaultKind.UPSTREAM_FAULT, FaultKind.SUBMIT_LOST, FaultKind.RATE_LIMIT):
        return FaultScope(fault.value, of_kind)
    if fault is FaultKind.RISK_CONTROL:
        return FaultScope(fault.value, of_kind, model)
    return FaultScope(fault.value, of_kind, model) if fault is FaultKind.MODEL_RISK_CONTROL else None


def is_trouble(fault: FaultKind, reports: Collection[Report]) -> bool:
    """Whether a fault is the site's: it has hit at least two accounts, and more than half of those that were asked. A
    fault that may be about a request also has to have met two jobs.
    """
    asked = sum(report.is_asked for report in reports)
    hit_by = [report.hit_by for report in reports if report.hit_by is not None]
    jobs = len({job_id for job_id in hit_by if job_id}) + hit_by.count(0)
    return (
        len(hit_by) >= FEWEST_HIT
        and 2 * len(hit_by) > asked
        and (fault is FaultKind.SESSION_EXPIRED or jobs >= FEWEST_HIT)
    )


def hold_seconds(fault: FaultKind, step: int, retry_after_seconds: float | None = None) -> float:
    """How long the site's work is held for the `step`th time in a row: 5, 10, 20 … 300 s, after risk control 60, 120 …
    1800 s; what upstream asks for, if that is longer.
    """
    backoff = _HOLD_FOR_RISK if fault in _RISKS else _HOLD
    return max(backoff.wait(step), retry_after_seconds or 0.0)


async def is_of_site(
    account: Account,
    fault: UpstreamFaultError,
    kind: MediaKind | None = None,
    model: str = "",
    *,
    job_id: int | None = None,
    attempt_id: int | None = None,
    has_worked: bool = True,
) -> bool:
    """Records a fault of an account, and returns whether it is the site's. Then it also holds the site's work, or holds
    it for longer if the fault is that of the probe, and takes back what the fault did to the accounts. In the caller's
    transaction. job_id, attempt_id: of the job that met it; None: a query or a check did. has_worked: whether upstream
    has ever accepted the session that was asked with; else nothing new follows about the site.
    """
    scope = scope_of(fault.kind, kind, model)
    if scope is None or account.deleted_at is not None:
        return False
    where = SiteOfOwner(account.owner, account.provider, account.site.value if account.site is not None else "")
    if has_worked:
        await account_faults.record_fault(account.id, scope, job_id)
    known = await SiteTrouble.get_or_none(
        owner=where.owner, provider=where.provider, site=where.site, kind=scope.kind, model=scope.model
    )
    if known is not None:
        return await _goes_on(known, fault, attempt_id)
    if not has_worked:
        return False
    reports = await _reports(where, scope)
    if not is_trouble(fault.kind, reports):
        return False
    if await account_faults.begin_trouble(
        where, scope, fault.message, hold_seconds(fault.kind, 1, fault.retry_after_seconds)
    ):
        hit = [report.account_id for report in reports if report.hit_by is not None]
        asked = sum(report.is_asked for report in reports)
        await _clear_blame(hit, fault.kind)
        await accounts.touch_site(where.owner, where.provider, where.site)
        await record_trouble(where, scope, len(hit), asked, fault.message)
    return True


async def is_shared_by_queries(account: Account, fault: UpstreamFaultError, kind: MediaKind) -> bool:
    """Whether the failed query of an account has failed on most accounts of the site within the minute, so that it is
    no failure of the account. It holds nothing, since submits may work. In the caller's transaction.
    """
    where = SiteOfOwner(account.owner, account.provider, account.site.value if account.site is not None else "")
    scope = FaultScope(QUERY_FAULT, kind.value)
    await account_faults.record_fault(account.id, scope, None)
    reports = await _reports(where, scope)
    if not is_trouble(fault.kind, reports):
        return False
    await _clear_blame([report.account_id for report in reports if report.hit_by is not None], fault.kind)
    return True


async def _goes_on(known: SiteTrouble, fault: UpstreamFaultError, attempt_id: int | None) -> bool:
    """Holds the site's work for longer if its probe failed, or if the hold had ended. Returns False if the site has not
    accepted sessions for so long that each account has to be looked at.
    """
    moment_ms = await now_ms()
    is_probe = attempt_id is not None and known.probe_attempt_id == attempt_id
    if is_probe or known.until_ms <= moment_ms:
        seconds = hold_seconds(fault.kind, known.step + 1, fault.retry_after_seconds)
        await account_faults.extend_trouble(known.id, known.step + 1, fault.message, seconds)
        await accounts.touch_site(known.owner, known.provider, known.site)
    is_of_sessions = fault.kind is FaultKind.SESSION_EXPIRED
    return not is_of_sessions or moment_ms - known.since_ms < SESSION_PATIENCE_MS


async def _clear_blame(account_ids: Sequence[int], fault: FaultKind) -> None:
    for account_id in await account_cooldowns.remove_caused(account_ids, fault.value):
        await accounts.touch(account_id)
    await accounts.clear_failures(account_ids)


async def _reports(where: SiteOfOwner, scope: FaultScope) -> list[Report]:
    """What is known of the site's ACTIVE accounts. An accepted task shows that an account works; for sessions, also any
    answered query and a balance; for queries, an answered query.
    """
    moment_ms = await now_ms()
    since_ms = moment_ms - WINDOW_MS
    is_of_sessions = scope.fault == FaultKind.SESSION_EXPIRED.value
    answered = "MAX(t.accepted_at_ms)"
    if is_of_sessions or scope.fault == QUERY_FAULT:
        answered = f"MAX({greatest_sql('t.accepted_at_ms', 't.last_poll_at_ms')})"
    narrowed = f"{' AND t.kind = ?' if scope.kind else ''}{' AND t.model = ?' if scope.model else ''}"
    task = f"SELECT {answered} FROM attempt t WHERE t.account_id = a.id AND t.id > ?{narrowed}"
    rows = await execute(
        f"SELECT a.id AS id, {milliseconds_of_sql('a.checked_at')} AS checked_ms, f.at_ms AS at_ms,"
        f" f.job_id AS job_id, ({task}) AS answered_ms FROM account a LEFT JOIN account_fault f"
        " ON f.account_id = a.id AND f.fault = ? AND f.kind = ? AND f.model = ? AND f.at_ms > ?"
        " WHERE a.owner = ? AND a.provider = ? AND COALESCE(a.site, '') = ? AND a.status = 'ACTIVE'"
        " AND a.deleted_at IS NULL",
        max(0, moment_ms - TASK_WINDOW_MS - EPOCH_MS) << 22,
        *(part for part in (scope.kind, scope.model) if part),
        scope.fault,
        scope.kind,
        scope.model,
        since_ms,
        where.owner,
        where.provider,
        where.site,
    )
    reports = []
    for row in rows:
        answered_ms, fault_ms = row["answered_ms"] or 0, row["at_ms"]
        if is_of_sessions:
            answered_ms = max(answered_ms, row["checked_ms"] or 0)
        is_hit = fault_ms is not None and fault_ms >= answered_ms
        is_asked = fault_ms is not None or answered_ms > since_ms
        reports.append(Report(row["id"], is_asked, (row["job_id"] or 0) if is_hit else None))
    return reports


async def held_reason(account: Account, attempt_id: int, kind: MediaKind, model: str) -> tuple[str, int] | None:
    """Why an attempt that was placed on an account may not be sent now, because of trouble of the site, and for how
    many milliseconds; None: it may. The probe may be sent. One statement.
    """
    where = SiteOfOwner(account.owner, account.provider, account.site.value if account.site is not None else "")
    rows = await execute(
        f"SELECT reason, until_ms - {now_ms_sql()} AS wait_ms FROM site_trouble WHERE owner = ? AND provider = ?"
        " AND site = ? AND kind IN ('', ?) AND model IN ('', ?)"
        f" AND (until_ms > {now_ms_sql()} OR probe_attempt_id IS NULL OR probe_attempt_id <> ?) ORDER BY until_ms DESC",
        where.owner,
        where.provider,
        where.site,
        kind.value,
        model,
        attempt_id,
    )
    return (trouble_sentence(where, rows[0]["reason"]), max(1_000, int(rows[0]["wait_ms"]))) if rows else None


def trouble_sentence(where: SiteOfOwner, reason: str) -> str:
    return f"Most accounts of {site_name(where)} meet the same fault, so its work is held for a while: {reason}"


async def troubles_of(owners: Collection[str]) -> list[dict[str, Any]]:
    """The troubles of owners' sites: their columns, and is_probing: whether the probe is being sent."""
    return await execute(
        "SELECT s.*, EXISTS (SELECT 1 FROM attempt t WHERE t.id = s.probe_attempt_id AND t.state IN ('PLACED', 'SENT'))"
        f" AS is_probing FROM site_trouble s WHERE s.owner IN ({places(list(owners))})",
        *owners,
    )


async def end_quiet_troubles() -> None:
    """Ends troubles of sites that nothing has asked for a while. One statement that returns no rows while there are
    none.
    """
    for where, scope in await account_faults.end_quiet_troubles(QUIET_SECONDS):
        await record_trouble_over(where, scope)

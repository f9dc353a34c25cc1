"""The poll step: queries the provider for the states of all tasks of one account and kind in one request.

Attempts whose submit had no readable answer are looked up by submit id in the same step. Where the provider wants fewer
requests, nothing of the account is polled until that wait is over: no task is lost by it, and no answer is made up.
"""

import random
from collections.abc import Collection, Mapping, Sequence

import structlog

from models.accounts import Account
from models.database import execute, now_ms, now_ms_sql, transaction
from models.enums import AccountStatus, AttemptOutcome, AttemptState, MediaKind
from models.generation import Attempt
from providers.pooled import (
    Credential,
    FaultKind,
    PooledProvider,
    UpstreamFaultError,
    UpstreamTask,
)
from services.accounts.pool.account_updates import cool_account, count_failure, hold_for_look, hold_or_ban
from services.accounts.pool.site_troubles import is_of_site, is_shared_by_queries
from services.accounts.pool.timing import DETACHED_INTERVAL_MS, FAILED_POLL_MS, failed_poll_ms, jittered_ms
from services.accounts.sessions import credential_of
from services.generation.detaching import detach
from services.generation.missing import ABANDON_AFTER_MS, abandon_attempt, is_unpolled
from services.generation.states import record_states
from services.generation.unconfirmed_submits import resolve_unconfirmed
from services.platform.leases import Lease
from services.platform.providers import pooled_provider
from services.stores import accounts
from services.stores.account_cooldowns import Cause
from services.stores.account_leases import claim_polls, extend_polls, release_poll
from services.stores.attempts import free_manual_slot, move, of_kinds_sql, set_outcome

log = structlog.get_logger(__name__)

POLL_LEASE_SECONDS = 30.0


class _AccountPausedError(Exception):
    """The provider wants no requests of the account for so long."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"{wait_ms} ms")
        self.wait_ms = wait_ms


async def claim_accounts(
    limit: int, lease_seconds: float = POLL_LEASE_SECONDS, kinds: Collection[MediaKind] = tuple(MediaKind)
) -> list[Lease]:
    """Claims up to `limit` accounts that have an attempt of these kinds due for a poll and are not being polled."""
    return await claim_polls(limit, lease_seconds, kinds) if limit > 0 else []


async def next_poll_due_ms(kinds: Collection[MediaKind] = tuple(MediaKind)) -> int | None:
    """Milliseconds until the next account is due for a poll (0: now); None if no task is running."""
    rows = await execute(
        f"SELECT MIN(attempt.due_at_ms) - {now_ms_sql()} AS wait FROM attempt JOIN account"
        " ON account.id = attempt.account_id WHERE attempt.state IN ('SENT', 'ACCEPTED')"
        f" AND account.poll_lease_until_ms < {now_ms_sql()}{of_kinds_sql(kinds, 'attempt.kind')}"
    )
    wait = rows[0]["wait"]
    return None if wait is None else max(0, int(wait))


async def extend_accounts(leases: Sequence[Lease], lease_seconds: float) -> None:
    """Extends the leases of running polls. A lease with another holder is not changed."""
    await extend_polls(leases, lease_seconds)


async def release_account(lease: Lease) -> None:
    """Releases the poll lease of an account. A second call changes nothing."""
    await release_poll(lease)


async def poll_step(lease: Lease, kinds: Collection[MediaKind] = tuple(MediaKind)) -> int:
    """Polls all tasks of these kinds of one account and releases its lease; returns how many slots became free."""
    freed, roll = 0, random.random()
    attempts: list[Attempt] = []
    moment_ms = 0
    try:
        account = await Account.get(id=lease.id)
        attempts = await Attempt.filter(
            account_id=account.id, state__in=[AttemptState.SENT, AttemptState.ACCEPTED]
        ).order_by("id")
        moment_ms = await now_ms()
        for kind in kinds:
            of_kind = [attempt for attempt in attempts if attempt.kind is kind]
            freed += await _poll_kind(account, of_kind, moment_ms, roll)
        return freed
    except _AccountPausedError as pause:
        await _postpone([attempt for attempt in attempts if _is_polled(attempt, moment_ms)], pause.wait_ms, roll)
        return freed
    finally:
        await release_account(lease)


async def _poll_kind(account: Account, attempts: Sequence[Attempt], moment_ms: int, roll: float) -> int:
    """Queries accepted tasks by history id and unconfirmed ones by submit id: at most two requests. Returns how many
    slots became free.
    """
    if not any(attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms for attempt in attempts):
        return 0
    provider = pooled_provider(attempts[0].provider)
    credential = credential_of(account)
    kind = attempts[0].kind
    accepted = [attempt for attempt in attempts if attempt.state is AttemptState.ACCEPTED]
    manual = [attempt for attempt in accepted if is_unpolled(attempt)]
    polled = [attempt for attempt in accepted if not is_unpolled(attempt)]
    unconfirmed = [attempt for attempt in attempts if _is_unconfirmed(attempt, moment_ms)]
    freed = 0
    for attempt in manual:
        if attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms:
            freed += await _free_manual_slot(attempt)
    for attempt in polled:
        if attempt.is_draining and attempt.outcome is AttemptOutcome.RUNNING:
            await _request_cancel(provider, credential, attempt)
    if polled:
        tasks = await _query_tasks(provider, account, kind, polled, roll, by_submit_id=False)
        if tasks is not None:
            freed += await record_states(polled, tasks, roll=roll)
    if unconfirmed:
        tasks = await _query_tasks(provider, account, kind, unconfirmed, roll, by_submit_id=True)
        if tasks is not None:
            for attempt in unconfirmed:
                await resolve_unconfirmed(attempt, tasks.get(attempt.submit_id), roll=roll)
    return freed


def _is_unconfirmed(attempt: Attempt, moment_ms: int) -> bool:
    """Whether a submit is to be looked up. The due time of one that is being sent is the end of its lease."""
    return attempt.state is AttemptState.SENT and attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms


def _is_polled(attempt: Attempt, moment_ms: int) -> bool:
    if attempt.state is AttemptState.SENT:
        return _is_unconfirmed(attempt, moment_ms)
    return not is_unpolled(attempt)


async def _query_tasks(
    provider: PooledProvider,
    account: Account,
    kind: MediaKind,
    attempts: Sequence[Attempt],
    roll: float,
    *,
    by_submit_id: bool,
) -> Mapping[str, UpstreamTask] | None:
    """The states that the provider reports; None if the query failed, and then all attempts are rescheduled. Raises
    _AccountPausedError if the provider wants fewer requests of the account, or suspects them.
    """
    credential = credential_of(account)
    ids = [attempt.submit_id if by_submit_id else str(attempt.history_id) for attempt in attempts]
    try:
        if by_submit_id:
            tasks = await provider.query(credential, kind.value, submit_ids=ids)
        else:
            tasks = await provider.query(credential, kind.value, history_ids=ids)
        if account.status is AccountStatus.INACTIVE:
            await accounts.hasten_look(account.id)  # upstream accepts its session
        return tasks
    except UpstreamFaultError as fault:
        cooldown_seconds = await _record_failed_poll(account, kind, fault, roll)
        if cooldown_seconds > 0:
            raise _AccountPausedError(_pause_ms(fault, cooldown_seconds, roll)) from fault
        is_refused = fault.kind in (FaultKind.SESSION_EXPIRED, FaultKind.PUNISHED)
        is_deactivated = is_refused and account.status is not AccountStatus.ACTIVE
        retry_after_ms = int(fault.retry_after_seconds * 1000) if fault.retry_after_seconds else None
        wait_ms = failed_poll_ms(is_deactivated=is_deactivated, retry_after_ms=retry_after_ms, roll=roll)
        await _postpone(attempts, wait_ms, roll)
        return None


def _pause_ms(fault: UpstreamFaultError, cooldown_seconds: float, roll: float) -> int:
    """For how long nothing of an account is polled: as long as the provider asks; else as the account cools, but at
    most a minute, since a poll only asks for what is accepted already, and links of finished results expire.
    """
    if fault.retry_after_seconds is not None:
        asked_ms = int(fault.retry_after_seconds * 1000)
        return failed_poll_ms(is_deactivated=False, retry_after_ms=asked_ms, roll=roll)
    return jittered_ms(min(DETACHED_INTERVAL_MS, max(FAILED_POLL_MS, int(cooldown_seconds * 1000))), roll)


async def _request_cancel(provider: PooledProvider, credential: Credential, attempt: Attempt) -> None:
    """Asks the provider once to cancel a task; later polls show whether it did."""
    await set_outcome(attempt.id, AttemptOutcome.CANCELED)
    try:
        is_canceled = await provider.cancel(credential, attempt.kind.value, str(attempt.history_id))
    except UpstreamFaultError:
        is_canceled = False  # the task ends by itself
    log.info("attempt.cancel_requested", attempt=attempt.global_id, is_canceled=is_canceled)


async def _record_failed_poll(account: Account, kind: MediaKind, fault: UpstreamFaultError, roll: float) -> float:
    """Updates the account after a failed poll, unless the fault is the whole site's: it is held until a refusal is
    confirmed, cools for everything after a rate limit or risk control, or has one more failure. Tasks are not affected.
    Returns the seconds of the cooldown, or 0.
    """
    log.info(
        "poll.failed", account=account.global_id, kind=fault.kind.value, code=fault.upstream_code, log_id=fault.log_id
    )

    async def body() -> float:
        if fault.kind is FaultKind.SESSION_EXPIRED and await is_of_site(account, fault):
            return 0.0
        if fault.kind is FaultKind.SESSION_EXPIRED:
            await hold_for_look(account.id, fault, account.session_hash)
        elif fault.kind is FaultKind.PUNISHED:
            await hold_or_ban(account.id, fault, account.session_hash)
        elif fault.kind is FaultKind.UPSTREAM_FAULT and not await is_shared_by_queries(account, fault, kind):
            await count_failure(account.id, kind.value, fault.message, random=roll, cause=Cause(fault.kind.value))
        return await cool_account(account.id, fault, random=roll)

    return await transaction(body)


async def _postpone(attempts: Sequence[Attempt], wait_ms: int, roll: float) -> None:
    """Reschedules polls that failed. An attempt that has timed out is detached; one that no job waits for and that is
    older than ABANDON_AFTER_MS is ended, which frees its slot.
    """
    moment_ms = await now_ms()
    for attempt in attempts:
        if await detach(attempt, roll=roll) and wait_ms <= DETACHED_INTERVAL_MS:
            continue  # it is due later than that already
        since_ms = attempt.accepted_at_ms or attempt.sent_at_ms or moment_ms
        if moment_ms - since_ms > ABANDON_AFTER_MS and await abandon_attempt(attempt):
            continue
        await move(attempt, attempt.state, due_in_ms=wait_ms)


async def _free_manual_slot(attempt: Attempt) -> int:
    """Frees the slot of a manual attempt after the usual duration; its state stays ACCEPTED. Returns 1 if the slot was
    held.
    """
    if await free_manual_slot(attempt.id):
        return 1
    await move(attempt, AttemptState.ACCEPTED, due_in_ms=None)
    return 0

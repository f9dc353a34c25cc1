"""The poll step: asks upstream, for one account at a time and for all of its tasks in one request, how far they are.

Attempts whose submit had no answer are looked up by their submit ids in the same step. Only when upstream has kept
saying for a while that it does not have one is it sent again: under the same submit id, on the same account.
"""

import random
from collections.abc import Mapping, Sequence

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
from services.accounts.pool.account_updates import count_failure, deactivate
from services.accounts.pool.timing import failed_poll_ms
from services.accounts.sessions import credential_of
from services.generation.detaching import detach
from services.generation.states import HOPELESS_MS, abandon_attempt, is_left_alone, record_states
from services.generation.unconfirmed_submits import resolve_unconfirmed
from services.platform.leases import Lease
from services.platform.providers import pooled_provider
from services.stores.account_leases import claim_polls, extend_polls, release_poll
from services.stores.attempts import free_manual_slot, move, set_outcome

log = structlog.get_logger(__name__)

POLL_LEASE_SECONDS = 30.0


async def claim_accounts(most: int, lease_seconds: float = POLL_LEASE_SECONDS) -> list[Lease]:
    """Accounts that have an attempt to ask about now, and that nobody else is asking about."""
    return await claim_polls(most, lease_seconds) if most > 0 else []


async def next_poll_due_ms() -> int | None:
    """Milliseconds until the next account can be asked (0: now); None where nothing is under way."""
    rows = await execute(
        f"SELECT MIN(attempt.due_at_ms) - {now_ms_sql()} AS wait FROM attempt JOIN account"
        " ON account.id = attempt.account_id WHERE attempt.state IN ('SENT', 'ACCEPTED')"
        f" AND account.poll_lease_until_ms < {now_ms_sql()}"
    )
    wait = rows[0]["wait"]
    return None if wait is None else max(0, int(wait))


async def extend_accounts(leases: Sequence[Lease], lease_seconds: float) -> None:
    """Keeps the leases of polls that are under way; one that has another holder now stays as it is."""
    await extend_polls(leases, lease_seconds)


async def release_account(lease: Lease) -> None:
    """Whoever claims next may ask about the account. Twice: nothing more."""
    await release_poll(lease)


async def poll_step(lease: Lease) -> int:
    """Asks about all tasks of one account; returns how many slots became free. Always releases it."""
    try:
        account = await Account.get(id=lease.id)
        attempts = await Attempt.filter(
            account_id=account.id, state__in=[AttemptState.SENT, AttemptState.ACCEPTED]
        ).order_by("id")
        moment_ms = await now_ms()
        freed, roll = 0, random.random()
        for kind in MediaKind:
            of_kind = [attempt for attempt in attempts if attempt.kind is kind]
            freed += await _poll_kind(account, of_kind, moment_ms, roll)
        return freed
    finally:
        await release_account(lease)


async def _poll_kind(account: Account, attempts: Sequence[Attempt], moment_ms: int, roll: float) -> int:
    """Those that upstream has by history id and those that nobody knows of by submit id: at most two requests."""
    if not any(attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms for attempt in attempts):
        return 0
    provider = pooled_provider(attempts[0].provider)
    credential = credential_of(account)
    kind = attempts[0].kind
    accepted = [attempt for attempt in attempts if attempt.state is AttemptState.ACCEPTED]
    manual = [attempt for attempt in accepted if is_left_alone(attempt)]
    known = [attempt for attempt in accepted if not is_left_alone(attempt)]
    # One that is being sent just now has its lease, and so its due time, ahead of it.
    lost = [
        attempt
        for attempt in attempts
        if attempt.state is AttemptState.SENT and attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms
    ]
    freed = 0
    for attempt in manual:
        if attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms:
            freed += await _free_manual_slot(attempt)
    for attempt in known:
        if attempt.is_draining and attempt.outcome is AttemptOutcome.RUNNING:
            await _ask_to_stop(provider, credential, attempt)
    if known:
        tasks = await _ask(provider, account, kind, known, roll, by_submit_id=False)
        if tasks is not None:
            freed += await record_states(known, tasks, roll=roll)
    if lost:
        tasks = await _ask(provider, account, kind, lost, roll, by_submit_id=True)
        if tasks is not None:
            for attempt in lost:
                await resolve_unconfirmed(attempt, tasks.get(attempt.submit_id), roll=roll)
    return freed


async def _ask(
    provider: PooledProvider,
    account: Account,
    kind: MediaKind,
    attempts: Sequence[Attempt],
    roll: float,
    *,
    by_submit_id: bool,
) -> Mapping[str, UpstreamTask] | None:
    """What upstream says; None where it says nothing usable: then all are asked about again later."""
    credential = credential_of(account)
    ids = [attempt.submit_id if by_submit_id else str(attempt.history_id) for attempt in attempts]
    try:
        if by_submit_id:
            return await provider.query(credential, kind.value, submit_ids=ids)
        return await provider.query(credential, kind.value, history_ids=ids)
    except UpstreamFaultError as fault:
        await _record_failed_poll(account, kind, fault, roll)
        is_out = fault.kind in (FaultKind.SESSION_EXPIRED, FaultKind.PUNISHED)  # until a person renews it
        told_ms = int(fault.retry_after_seconds * 1000) if fault.retry_after_seconds else None
        await _postpone(attempts, failed_poll_ms(is_out=is_out, told_ms=told_ms, roll=roll), roll)
        return None


async def _ask_to_stop(provider: PooledProvider, credential: Credential, attempt: Attempt) -> None:
    """Asks upstream once to drop what is not wanted any more; whether it does is seen by its state."""
    await set_outcome(attempt.id, AttemptOutcome.CANCELED)
    try:
        is_dropped = await provider.cancel(credential, attempt.kind.value, str(attempt.history_id))
    except UpstreamFaultError:
        is_dropped = False  # it ends by itself
    log.info("attempt.asked_to_stop", attempt=attempt.global_id, is_dropped=is_dropped)


async def _record_failed_poll(account: Account, kind: MediaKind, fault: UpstreamFaultError, roll: float) -> None:
    """A failed look loses nothing, but tells about the account: no session, or unreachable."""
    log.info(
        "poll.failed", account=account.global_id, kind=fault.kind.value, code=fault.upstream_code, log_id=fault.log_id
    )

    async def body() -> None:
        if fault.kind is FaultKind.SESSION_EXPIRED:
            await deactivate(account.id, AccountStatus.INACTIVE, fault.message, account.session_hash)
        elif fault.kind is FaultKind.PUNISHED:
            await deactivate(account.id, AccountStatus.BANNED, fault.message, account.session_hash)
        elif fault.kind is FaultKind.UPSTREAM_FAULT:
            await count_failure(account.id, kind, fault.message, random=roll)

    await transaction(body)


async def _postpone(attempts: Sequence[Attempt], wait_ms: int, roll: float) -> None:
    """Asked about again later; what timed out meanwhile is detached by the look that succeeds, or by its age. What
    nobody waits for any more, and cannot be asked about for a day, keeps its slot no longer.
    """
    moment_ms = await now_ms()
    for attempt in attempts:
        if await detach(attempt, roll=roll):
            continue
        since_ms = attempt.accepted_at_ms or attempt.sent_at_ms or moment_ms
        if moment_ms - since_ms > HOPELESS_MS and await abandon_attempt(attempt):
            continue
        await move(attempt, attempt.state, due_in_ms=wait_ms)


async def _free_manual_slot(attempt: Attempt) -> int:
    """After the usual time the slot of a task that nobody polls is taken to be free; its state stays open."""
    if await free_manual_slot(attempt.id):
        return 1
    await move(attempt, AttemptState.ACCEPTED, due_in_ms=None)
    return 0

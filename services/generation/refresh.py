"""Queries to the provider on a caller's request: the task of a job, or any task by its history id."""

import asyncio
import random
import time

from errors import BadInputError, ConflictError, ProviderFailedError, not_found
from models.accounts import Account
from models.enums import AttemptState, JobRole, MediaKind
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import UpstreamFaultError, UpstreamTask
from services.accounts.sessions import credential_of
from services.generation.states import record_states
from services.platform.owned import own
from services.platform.providers import is_pooled, pooled_provider
from services.platform.rate_budget import charge
from services.queue.notify import notify_pools
from settings import get_settings

MAX_ID_CHARACTERS = 64
STORING_SECONDS = 10.0
"How long refreshJob waits for a finished result to be stored; usually that takes one or two."
STORING_INTERVAL_SECONDS = 0.2


async def refresh_job(owner: str, job_id: int, *, storing_seconds: float = 0.0) -> Job:
    """Queries the provider once for the job's task, stores the state, and returns the job.

    storing_seconds: how long to wait for the result to be stored, if the provider has finished the task; the job is
    then SUCCEEDED. It is still RUNNING where that takes longer or fails for now; its message says so, and the result is
    stored all the same. A job without a task at the provider, or with a result, is returned unchanged.

    Raises ConflictError for a job that is not a generation on a pooled account, ProviderFailedError if the query fails.
    """
    job = await own(Job, owner, job_id)
    if job.role is not JobRole.GENERATE or not is_pooled(str(job.params.get("provider"))):
        raise ConflictError("Only a generation on a pooled account can be refreshed from its provider.")
    attempt = await Attempt.filter(job_id=job.id, state=AttemptState.ACCEPTED).order_by("-number").first()
    if attempt is not None:
        await _charge(owner, 1)
        account = await Account.get(id=attempt.account_id)
        history_id = str(attempt.history_id)
        try:
            tasks = await pooled_provider(attempt.provider).query(
                credential_of(account), attempt.kind.value, history_ids=[history_id], fresh=True
            )
        except UpstreamFaultError as fault:
            raise ProviderFailedError(f"The provider could not be queried. {fault.message}") from fault
        await record_states([attempt], tasks, roll=random.random())
        notify_pools()
    if storing_seconds > 0:
        await _wait_until_stored(job_id, storing_seconds)
    return await own(Job, owner, job_id)


async def _wait_until_stored(job_id: int, seconds: float) -> None:
    """Returns when no result of the job is being stored any more, a first try has failed, or the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        fetching = await Attempt.filter(job_id=job_id, state=AttemptState.FETCHING).values("failures")
        if not fetching or all(row["failures"] > 0 for row in fetching):
            return
        await asyncio.sleep(STORING_INTERVAL_SECONDS)


async def upstream_task(owner: str, account_id: int, history_id: str) -> UpstreamTask | None:
    """The present state of a task that was submitted with the account; None if the provider does not know the task.

    Raises NotFoundError for an account that is not the owner's, BadInputError for an invalid history id,
    ProviderFailedError if the query fails.
    """
    if not 0 < len(history_id) <= MAX_ID_CHARACTERS or not history_id.isascii() or not history_id.isalnum():
        raise BadInputError("A history id is a number such as 25594898552322.", path=["historyId"])
    account = await Account.get_or_none(id=account_id, owner=owner, deleted_at__isnull=True)
    if account is None:
        raise not_found("account", ["accountId"])
    known = await Attempt.filter(account_id=account.id, history_id=history_id).first()
    kinds = [known.kind] if known is not None else list(MediaKind)
    await _charge(owner, len(kinds))
    try:
        for kind in kinds:
            tasks = await pooled_provider(account.provider).query(
                credential_of(account), kind.value, history_ids=[history_id], fresh=True
            )
            if (task := tasks.get(history_id)) is not None:
                return task
    except UpstreamFaultError as fault:
        raise ProviderFailedError(f"The provider could not be queried. {fault.message}") from fault
    return None


async def _charge(owner: str, calls: int) -> None:
    """Raises RateLimitedError if the owner has asked for too many calls upstream in the last minute."""
    most = get_settings().max_owner_checks_per_minute
    await charge("upstream", owner, calls, per_minute=most, what="calls upstream")

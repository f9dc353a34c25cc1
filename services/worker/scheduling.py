"""Scheduling passes of one media kind, made by one process at a time, with the rules of batches and workflows."""

import asyncio
from collections.abc import Callable

from models.enums import MediaKind
from services.accounts.pool import scheduling
from services.accounts.pool.scheduling import GroupRules, Pass, claim_kind
from services.accounts.receiving import want_credits
from services.film.workflow.budgets import pause_workflow_for_budget
from services.generation.batches.lifecycle import begin_batches
from services.generation.batches.pausing import pause_batch_for_budget
from services.platform.metrics.recording import record_scheduling
from services.worker.kinds import Work

COALESCE_SECONDS = 0.02
"Delay before a pass, so that slots released close together are filled in one pass."
MAX_PAUSE_SECONDS = 1.0


async def _pause_for_budget(group_id: int, reason: str) -> None:
    """Pauses the batch or workflow with that id. Ids are unique over both, so one of the two calls matches no row."""
    await pause_batch_for_budget(group_id, reason)
    await pause_workflow_for_budget(group_id, reason)


GROUP_RULES = GroupRules(begin_batches, _pause_for_budget)


async def schedule(kind: MediaKind) -> Pass:
    """Makes one pass over the waiting jobs of a kind; see `services.accounts.pool.scheduling.schedule`."""
    return await scheduling.schedule(kind, GROUP_RULES)


class Scheduler:
    """The passes of one kind in one process. Belongs to one event loop."""

    def __init__(self, kind: MediaKind, holder: str, send: Callable[[Work], None]) -> None:
        """holder: the process name that holds the kind's scheduling lease. send: sends a message for a kind of work."""
        self._kind = kind
        self._holder = holder
        self._send = send
        self._last_seconds = 0.0

    async def make_pass(self) -> bool:
        """Makes one pass unless another process schedules the kind; returns whether more may be placed at once."""
        # Long passes are followed by a longer pause, so that other users of the database get their turn.
        await asyncio.sleep(max(COALESCE_SECONDS, min(MAX_PAUSE_SECONDS, 2 * self._last_seconds)))
        if not await claim_kind(self._kind, self._holder):
            return False
        done = await schedule(self._kind)
        self._last_seconds = done.seconds
        record_scheduling(self._kind.value, done.seconds, done.placed)
        if done.placed:
            self._send(Work.SUBMIT)
        if done.wants_credits:
            await want_credits(sorted(done.wants_credits))
            self._send(Work.RECEIVE_CREDITS)
        return done.is_full

"""Scheduling passes as work: one process schedules a kind at a time, with the rules of batches and workflows."""

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
"Slots that become free together are given away together."
MAX_PAUSE_SECONDS = 1.0


async def _pause_for_budget(group_id: int, reason: str) -> None:
    """A group is a batch or a workflow; ids are unique over both, so one of the two finds nothing and does nothing."""
    await pause_batch_for_budget(group_id, reason)
    await pause_workflow_for_budget(group_id, reason)


GROUP_RULES = GroupRules(begin_batches, _pause_for_budget)


async def schedule(kind: MediaKind) -> Pass:
    """One pass over the waiting jobs of a kind, as `services.accounts.pool.scheduling.schedule` describes it."""
    return await scheduling.schedule(kind, GROUP_RULES)


class Scheduler:
    """The passes of one kind in one process. Belongs to one event loop."""

    def __init__(self, kind: MediaKind, holder: str, send: Callable[[Work], None]) -> None:
        """holder: the process's name, under which it holds the kind's scheduling lease. send: sends a message."""
        self._kind = kind
        self._holder = holder
        self._send = send
        self._last_seconds = 0.0

    async def make_pass(self) -> bool:
        """One pass, where no other process schedules the kind; whether there may be more to place at once."""
        # A pass over much takes longer: between two of them there is room for what else uses the database.
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

"""A scheduling pass with the rules of batches and workflows, which stand above the pool."""

from models.enums import MediaKind
from services.accounts.pool import scheduling
from services.accounts.pool.scheduling import GroupRules, Pass
from services.film.workflow.budgets import pause_workflow_for_budget
from services.generation.batches.lifecycle import begin_batches
from services.generation.batches.pausing import pause_batch_for_budget


async def _pause_for_budget(group_id: int, reason: str) -> None:
    """A group is a batch or a workflow; ids are unique over both, so one of the two finds nothing and does nothing."""
    await pause_batch_for_budget(group_id, reason)
    await pause_workflow_for_budget(group_id, reason)


GROUP_RULES = GroupRules(begin_batches, _pause_for_budget)


async def schedule(kind: MediaKind) -> Pass:
    """One pass over the waiting jobs of a kind, as `services.accounts.pool.scheduling.schedule` describes it."""
    return await scheduling.schedule(kind, GROUP_RULES)

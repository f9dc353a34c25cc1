"""Mutations that change the order of waiting work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import strawberry

from errors import not_found
from models.ids import parse_global_id
from resolvers.each_by_id import check_some, item_failure
from resolvers.fields import mutation
from resolvers.keyed import Repeats
from resolvers.nodes import load_node
from schema.context import Info
from schema.job_order import JobOrderPayload, MoveToFrontInput, SetPriorityInput
from schema.paging import Node
from services.film import job_order
from services.film.job_order import ORDERED, Reordered, Target


async def _each(
    info: Info, ids: Sequence[strawberry.ID], do: Callable[[list[Target]], Awaitable[Reordered]]
) -> JobOrderPayload:
    """Calls `do` once with all distinct targets and builds the payload from its outcomes."""
    check_some(ids, "input", "ids")
    targets = {global_id: parse_global_id(global_id) for global_id in ids}
    known = {global_id: target for global_id, target in targets.items() if target is not None and target[0] in ORDERED}
    done = await do(list(known.values()))
    errors = {
        global_id: done.outcomes[known[global_id]] if global_id in known else not_found("job") for global_id in targets
    }
    info.context.clear_loaders()
    nodes = await asyncio.gather(*(load_node(info, each, Node) for each, error in errors.items() if error is None))
    failures = [
        item_failure(error, ["input", "ids", str(ids.index(global_id))], global_id)
        for global_id, error in errors.items()
        if error is not None
    ]
    return JobOrderPayload(
        nodes=[node for node in nodes if node is not None],
        changed_job_count=done.job_count,
        failures=failures,
        success_count=len(errors) - len(failures),
        failed_count=len(failures),
    )


@strawberry.type
class OrderMutations:
    @mutation(
        "Changes the priority of jobs with their parts, batches and workflows, each on its own: of all that waits, and "
        "of what they start later. What runs goes on. With a lower priority the waiting that raised it begins anew.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def set_priority(
        self,
        info: Info,
        input: Annotated[SetPriorityInput, strawberry.argument(description="What gets which priority.")],
    ) -> JobOrderPayload | None:
        owner = info.context.owner
        return await _each(info, input.ids, lambda targets: job_order.set_priority(owner, targets, input.priority))

    @mutation(
        "Moves waiting jobs, and the waiting jobs of batches and workflows, before all others of the caller's with the "
        "same priority, each on its own. A later call goes before an earlier one. Refused where nothing is waiting.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def move_to_front(
        self,
        info: Info,
        input: Annotated[MoveToFrontInput, strawberry.argument(description="What goes to the front.")],
    ) -> JobOrderPayload | None:
        owner = info.context.owner
        return await _each(info, input.ids, lambda targets: job_order.move_to_front(owner, targets))

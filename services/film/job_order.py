"""The order of waiting work, changed by its owner: priorities, and moves to the front of the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from errors import ConflictError, EkonteError, not_found
from models.batches import Batch
from models.database import execute, transaction
from models.enums import ENDED_BATCH_STATUSES, ENDED_JOB_STATUSES, ENDED_WORKFLOW_STATUSES, PRIORITY_RANKS, Priority
from models.jobs import Job
from models.workflows import Workflow
from services.platform.locking import lock_rows
from services.platform.owned import owned_rows_sql, places
from services.queue.notify import notify
from services.stores import batches, workflows
from services.stores.jobs import ordering
from services.stores.jobs.ordering import Parts

ORDERED = ("Job", "Batch", "Workflow")
"The models whose work has an order."

Target = tuple[str, int]
"(model name, number)"


@dataclass(frozen=True)
class Reordered:
    """The outcome for each target: None, or why it was refused; and how many jobs changed."""

    outcomes: Mapping[Target, EkonteError | None]
    job_count: int


async def set_priority(owner: str, targets: Sequence[Target], priority: Priority) -> Reordered:
    """Gives live jobs with their parts, batches and workflows another priority: all their waiting jobs, and those that
    they start later. What runs goes on; its priority counts if it has to wait again.

    What has ended is refused with ConflictError, what the owner does not have with NotFoundError; the others change. A
    second call changes nothing.
    """
    rank = PRIORITY_RANKS[priority]

    async def body() -> Reordered:
        outcomes = await _checked(owner, targets, "get another priority")
        ids = _accepted(outcomes)
        for workflow_id in ids["Workflow"]:
            await workflows.set_priority(workflow_id, rank)
        # Jobs are locked before their batch, and batches only after that, in the order that all code uses.
        changed: set[int] = set()
        for model, column in (("Workflow", "workflow_id"), ("Job", "id"), ("Batch", "batch_id")):
            if ids[model]:
                changed |= await ordering.set_priority(owner, Parts(column, ids[model]), rank)
        for batch_id in ids["Batch"]:
            await batches.set_priority(batch_id, rank)
        notify()
        return Reordered(outcomes, len(changed))

    return await transaction(body)


async def move_to_front(owner: str, targets: Sequence[Target]) -> Reordered:
    """Moves waiting jobs, and those of batches and workflows, before all other waiting jobs of the owner and of the
    same priority. The first target is the next; a later call goes before an earlier one.

    Refused with ConflictError: what has ended, and what has no job that waits. What the owner does not have: with
    NotFoundError. The others move.
    """

    async def body() -> Reordered:
        outcomes = await _checked(owner, targets, "be moved")
        ids = _accepted(outcomes)
        await lock_rows(Workflow, ids["Workflow"])
        order = {target: number for number, target in enumerate(outcomes)}
        moved: dict[Target, int] = {}
        for model, columns in (
            ("Workflow", ("workflow_id",)),
            ("Batch", ("batch_id",)),
            ("Job", ("parent_id", "id")),
        ):
            for column in columns:
                for number, count in (await _move(owner, model, column, ids[model], order)).items():
                    moved[model, number] = moved.get((model, number), 0) + count
        for workflow_id in ids["Workflow"]:
            if ("Workflow", workflow_id) in moved:
                await workflows.touch(workflow_id)
        notify()
        for target in order:
            if outcomes[target] is None and target not in moved:
                outcomes[target] = ConflictError("None of its jobs is waiting.")
        return Reordered(outcomes, sum(moved.values()))

    return await transaction(body)


async def _move(
    owner: str, model: str, column: str, ids: Sequence[int], order: Mapping[Target, int]
) -> Mapping[int, int]:
    """Moves the jobs whose column has one of the ids; with parent_id the parts of parts, too. Returns by id how many
    moved.
    """
    if not ids:
        return {}
    roots = {number: number for number in ids}
    if column == "parent_id":
        rows = await owned_rows_sql(
            f"SELECT id, parent_id FROM job WHERE owner = ? AND parent_id IN ({places(ids)}) AND role = 'BUILD'",
            owner,
            *ids,
        )
        roots = {row["id"]: row["parent_id"] for row in rows} | roots
    found = await ordering.move_to_front(owner, column, {number: order[model, roots[number]] for number in roots})
    moved: dict[int, int] = {}
    for number, count in found.items():
        moved[roots[number]] = moved.get(roots[number], 0) + count
    return moved


def _accepted(outcomes: Mapping[Target, EkonteError | None]) -> dict[str, list[int]]:
    """By model the ids, sorted, that were not refused."""
    return {
        model: sorted(number for (name, number), error in outcomes.items() if name == model and error is None)
        for model in ORDERED
    }


async def _checked(owner: str, targets: Sequence[Target], doing: str) -> dict[Target, EkonteError | None]:
    """For each distinct target None, or why it is refused. Three statements."""
    states: dict[Target, str] = {}
    for model, table, condition in (
        ("Job", Job._meta.db_table, ""),
        ("Batch", Batch._meta.db_table, " AND deleted_at IS NULL"),
        ("Workflow", Workflow._meta.db_table, ""),
    ):
        ids = [number for name, number in targets if name == model]
        sql = f"SELECT id, status FROM {table} WHERE owner = ? AND id IN ({places(ids)}){condition}"
        for row in await execute(sql, owner, *ids) if ids else ():
            states[model, row["id"]] = row["status"]
    return {target: _refusal(target[0], states.get(target), doing) for target in dict.fromkeys(targets)}


def _refusal(model: str, status: str | None, doing: str) -> EkonteError | None:
    if status is None:
        return not_found(model.lower())
    ended = {"Job": ENDED_JOB_STATUSES, "Batch": ENDED_BATCH_STATUSES, "Workflow": ENDED_WORKFLOW_STATUSES}[model]
    if status in {each.value for each in ended}:
        return ConflictError(f"A {model.lower()} that is {status} cannot {doing}.")
    return None

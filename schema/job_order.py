"""Inputs and the payload of mutations that change the order of waiting work."""

import strawberry

from models.enums import Priority
from schema.errors import ItemFailure
from schema.fields import optional
from schema.paging import Node

IDS = "Jobs, batches and workflows, at most 1000."
KEY = "Idempotency: the same key with the same input gives the same response."


@strawberry.input(description="What gets another priority.")
class SetPriorityInput:
    ids: list[strawberry.ID] = strawberry.field(description=IDS)
    priority: Priority = strawberry.field(description="The new priority.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="What goes to the front.")
class MoveToFrontInput:
    ids: list[strawberry.ID] = strawberry.field(description=f"{IDS} The first one is the next.")
    idempotency_key: str | None = optional(KEY)


@strawberry.type(description="The result for each job, batch and workflow.")
class JobOrderPayload:
    nodes: list[Node] = strawberry.field(
        description="The jobs, batches and workflows for which it succeeded, as they are now, in the order given."
    )
    changed_job_count: int = strawberry.field(description="How many jobs have another place or priority now.")
    failures: list[ItemFailure] = strawberry.field(description="Why it failed for the others.")
    success_count: int = strawberry.field(description="For how many it succeeded.")
    failed_count: int = strawberry.field(description="For how many it failed.")

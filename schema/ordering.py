"""The inputs that order lists: one for each enum of fields, all of the same form."""

from collections.abc import Mapping
from enum import Enum

import strawberry

from schema.enums import OrderDirection, describe
from services.platform.paging import Orders
from services.queries.orders import (
    AccountOrderField,
    AlertOrderField,
    AssetOrderField,
    AttemptOrderField,
    BatchOrderField,
    JobOrderField,
    ProjectOrderField,
    RecordOrderField,
    RecordVersionOrderField,
    SceneOrderField,
    ShotOrderField,
    WorkflowOrderField,
    WorkOrderField,
)

CREATED_AT = "When they were requested."


def _order(name: str, of: str, fields: type[Enum], **values: str) -> type:
    """An input of a field and a direction. values: what each field is."""
    describe(fields, f"The sort field of {of}.", **values)
    body = {
        "__annotations__": {"field": fields, "direction": OrderDirection},
        "field": strawberry.field(description="The sort field; equal values are sorted by age, in the same direction."),
        "direction": strawberry.field(default=OrderDirection.ASC, description="Which way."),
    }
    kind = type(name, (), body | {"__module__": __name__, "__doc__": f"The order of a list of {of}."})
    return strawberry.input(kind, description=f"The order of a list of {of}.")


_INPUTS: Mapping[type[Enum], type] = {
    AccountOrderField: _order(
        "AccountOrder",
        "accounts",
        AccountOrderField,
        PRIORITY="Their priority, then when they were added.",
        CREATED_AT="When they were added.",
        LAST_USED_AT="When they were last given work; those that never were come last.",
        NAME="Their name, whatever its case.",
    ),
    WorkflowOrderField: _order(
        "WorkflowOrder",
        "workflows",
        WorkflowOrderField,
        CREATED_AT="When they were made.",
        UPDATED_AT="When they last changed.",
        NAME="Their name, whatever its case.",
    ),
    JobOrderField: _order(
        "JobOrder",
        "jobs",
        JobOrderField,
        CREATED_AT=CREATED_AT,
        FINISHED_AT="When they ended; one that has not ended counts as later than all that have.",
    ),
    BatchOrderField: _order(
        "BatchOrder",
        "batches",
        BatchOrderField,
        CREATED_AT=CREATED_AT,
        FINISHED_AT="When they ended; one that has not ended counts as later than all that have.",
    ),
    RecordOrderField: _order(
        "RecordOrder",
        "records",
        RecordOrderField,
        CREATED_AT="When their storyboard was first generated.",
        UPDATED_AT="When they last changed.",
        STORYBOARD_ID="The caller's id for their storyboard.",
    ),
    RecordVersionOrderField: _order(
        "RecordVersionOrder", "versions of a record", RecordVersionOrderField, NUMBER="Their number."
    ),
    AttemptOrderField: _order("AttemptOrder", "attempts", AttemptOrderField, STARTED_AT="When they were given a slot."),
    AlertOrderField: _order(
        "AlertOrder",
        "alerts",
        AlertOrderField,
        CREATED_AT="When they were raised.",
        SEVERITY="How urgent they are: INFO is lowest, CRITICAL highest.",
    ),
    AssetOrderField: _order(
        "AssetOrder",
        "assets",
        AssetOrderField,
        CREATED_AT="When the script introduced them.",
        NAME="Their name, whatever its case.",
    ),
    SceneOrderField: _order("SceneOrder", "scenes", SceneOrderField, NUMBER="Their number in the script."),
    ShotOrderField: _order(
        "ShotOrder", "shots, or of what shows one", ShotOrderField, SEQUENCE="The shot's place in the storyboard."
    ),
    ProjectOrderField: _order(
        "ProjectOrder",
        "projects",
        ProjectOrderField,
        PROJECT_ID="The caller's id for them.",
        CREATED_AT="When something was first requested for them.",
        LAST_REQUESTED_AT="When something new was last requested for them.",
    ),
    WorkOrderField: _order(
        "WorkOrder",
        "works",
        WorkOrderField,
        WORK_ID="The caller's id for them.",
        CREATED_AT="When something was first requested for them.",
        LAST_REQUESTED_AT="When something new was last requested for them.",
    ),
}


def order_input(orders: Orders) -> type:
    """The input by which callers choose one of these orders."""
    return _INPUTS[orders.fields]

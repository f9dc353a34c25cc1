"""The orders of all lists: the fields that callers choose from, and the SQL of each.

Ids grow with time, so they order by creation. What has no value yet is given one by COALESCE, so that a place is never
null: a job that runs ends later than all that have ended.
"""

from enum import StrEnum

from services.platform.paging import KeyKind, Orders, Sort

LAST_TIME = "'9999-12-31 00:00:00+00:00'"
FIRST_TIME = "'1970-01-01 00:00:00+00:00'"


class AccountOrderField(StrEnum):
    PRIORITY = "PRIORITY"
    CREATED_AT = "CREATED_AT"
    LAST_USED_AT = "LAST_USED_AT"
    NAME = "NAME"


class WorkflowOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    NAME = "NAME"


class JobOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    FINISHED_AT = "FINISHED_AT"


class BatchOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    FINISHED_AT = "FINISHED_AT"


class RecordOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    STORYBOARD_ID = "STORYBOARD_ID"


class RecordVersionOrderField(StrEnum):
    NUMBER = "NUMBER"


class AttemptOrderField(StrEnum):
    STARTED_AT = "STARTED_AT"


class AlertOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    SEVERITY = "SEVERITY"


class AssetOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    NAME = "NAME"


class SceneOrderField(StrEnum):
    NUMBER = "NUMBER"


class ShotOrderField(StrEnum):
    SEQUENCE = "SEQUENCE"


class ProjectOrderField(StrEnum):
    PROJECT_ID = "PROJECT_ID"
    CREATED_AT = "CREATED_AT"
    LAST_REQUESTED_AT = "LAST_REQUESTED_AT"


class WorkOrderField(StrEnum):
    WORK_ID = "WORK_ID"
    CREATED_AT = "CREATED_AT"
    LAST_REQUESTED_AT = "LAST_REQUESTED_AT"


_BY_ID = Sort("c.id")
_FINISHED = Sort(f"COALESCE(c.finished_at, {LAST_TIME})", KeyKind.TIME)
_JOB_SORTS = {"CREATED_AT": _BY_ID, "FINISHED_AT": _FINISHED}

ACCOUNT_ORDERS = Orders(
    AccountOrderField,
    {
        "PRIORITY": Sort("a.priority"),
        "CREATED_AT": Sort("a.id"),
        "LAST_USED_AT": Sort(
            f"COALESCE(a.last_used_at, {LAST_TIME})",
            KeyKind.TIME,
            sql_descending=f"COALESCE(a.last_used_at, {FIRST_TIME})",
        ),
        "NAME": Sort("LOWER(a.name)", KeyKind.TEXT),
    },
    "PRIORITY",
)
WORKFLOW_ORDERS = Orders(
    WorkflowOrderField,
    {
        "CREATED_AT": _BY_ID,
        "UPDATED_AT": Sort("c.updated_at", KeyKind.TIME),
        "NAME": Sort("LOWER(c.name)", KeyKind.TEXT),
    },
    "CREATED_AT",
    is_descending=True,
)
JOB_ORDERS = Orders(JobOrderField, _JOB_SORTS, "CREATED_AT", is_descending=True)
PART_ORDERS = Orders(JobOrderField, _JOB_SORTS, "CREATED_AT")
"Of the parts of a job: those that come first were asked for first."
BATCH_JOB_ORDERS = Orders(
    JobOrderField, {"CREATED_AT": Sort("COALESCE(c.batch_item_id, c.id)"), "FINISHED_AT": _FINISHED}, "CREATED_AT"
)
"Of the items of a batch: a job that took another's place stands where that stood."
BATCH_ORDERS = Orders(
    BatchOrderField, {"CREATED_AT": _BY_ID, "FINISHED_AT": _FINISHED}, "CREATED_AT", is_descending=True
)
RECORD_ORDERS = Orders(
    RecordOrderField,
    {
        "CREATED_AT": _BY_ID,
        "UPDATED_AT": Sort("c.updated_at", KeyKind.TIME),
        "STORYBOARD_ID": Sort("c.storyboard_id", KeyKind.TEXT),
    },
    "CREATED_AT",
    is_descending=True,
)
RECORD_VERSION_ORDERS = Orders(RecordVersionOrderField, {"NUMBER": Sort("c.number")}, "NUMBER", is_descending=True)
ATTEMPT_ORDERS = Orders(AttemptOrderField, {"STARTED_AT": _BY_ID}, "STARTED_AT", is_descending=True)
ALERT_ORDERS = Orders(
    AlertOrderField,
    {
        "CREATED_AT": _BY_ID,
        "SEVERITY": Sort("CASE c.severity WHEN 'INFO' THEN 0 WHEN 'WARNING' THEN 1 ELSE 2 END"),
    },
    "CREATED_AT",
    is_descending=True,
)
ASSET_ORDERS = Orders(
    AssetOrderField,
    {"CREATED_AT": _BY_ID, "NAME": Sort("LOWER(c.name)", KeyKind.TEXT)},
    "CREATED_AT",
    is_descending=True,
)
PROJECT_ORDERS = Orders(
    ProjectOrderField,
    {
        "PROJECT_ID": Sort("c.project_id", KeyKind.TEXT),
        "CREATED_AT": _BY_ID,
        "LAST_REQUESTED_AT": Sort("c.last_id"),
    },
    "LAST_REQUESTED_AT",
    is_descending=True,
)
WORK_ORDERS = Orders(
    WorkOrderField,
    {"WORK_ID": Sort("c.work_id", KeyKind.TEXT), "CREATED_AT": _BY_ID, "LAST_REQUESTED_AT": Sort("c.last_id")},
    "LAST_REQUESTED_AT",
    is_descending=True,
)
SCENE_ORDERS = Orders(SceneOrderField, {"NUMBER": Sort("c.number")}, "NUMBER")
SHOT_ORDERS = Orders(ShotOrderField, {"SEQUENCE": Sort("c.sequence")}, "SEQUENCE")
SHOWN_SHOT_ORDERS = Orders(ShotOrderField, {"SEQUENCE": Sort("s.sequence")}, "SEQUENCE")
"Of the parts of an animatic and the clips of a video, beside the shots that they show."

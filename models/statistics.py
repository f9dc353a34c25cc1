"""What recordStatistics is read from: what each end of a generation added, and the sums of that."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.enums import MediaKind


class StatisticsDelta(Model):
    """What one end of a generation, or one charge, adds to the sums: rows are only ever appended.

    A job that is taken up again gets a second row with everything negative, so that the rows of a job are together what
    the sums hold of it. Rows of ends stay when they were rolled up, for that reason. Rows of charges go.
    """

    id = fields.BigIntField(primary_key=True)
    job_id = fields.BigIntField()
    owner = fields.CharField(max_length=255)
    project_id = fields.CharField(max_length=128)
    work_id = fields.CharField(max_length=128)
    kind = fields.CharEnumField(MediaKind, max_length=8)
    day = fields.CharField(max_length=10)
    "Of the end or the charge, by the deployment's calendar when it was noted."
    succeeded = fields.SmallIntField(default=0)
    failed = fields.SmallIntField(default=0)
    canceled = fields.SmallIntField(default=0)
    error_code: Any = fields.CharField(max_length=32, null=True)
    switches = fields.IntField(default=0)
    generation_ms: Any = fields.BigIntField(null=True)
    bucket: Any = fields.SmallIntField(null=True)
    "Of generation_ms, in the histogram of times (services/notifications/statistics/histogram)."
    credits = fields.IntField(default=0)
    is_rolled = fields.BooleanField(default=False)
    "Whether the cells hold it already."

    class Meta:
        table = "statistics_delta"
        indexes = (Index(fields=("job_id",)),)


class StatisticsCell(Model):
    """Sums of rolled deltas, for one grouping (`grain`) and kind, on one day or, with an empty day, over all days.

    What the grain does not group by is empty.
    """

    id = fields.BigIntField(primary_key=True)
    owner = fields.CharField(max_length=255)
    grain = fields.CharField(max_length=12)
    "OWNER, PROJECT, WORK, or PLACE: project and work."
    project_id = fields.CharField(max_length=128)
    work_id = fields.CharField(max_length=128)
    kind = fields.CharEnumField(MediaKind, max_length=8)
    day = fields.CharField(max_length=10)
    deltas = fields.BigIntField(default=0)
    "How many rows it sums up."
    succeeded = fields.IntField(default=0)
    failed = fields.IntField(default=0)
    canceled = fields.IntField(default=0)
    switches = fields.IntField(default=0)
    credits = fields.BigIntField(default=0)
    generation_ms = fields.BigIntField(default=0)
    times: Any = fields.JSONField(default=dict)
    "How many that succeeded took how long, by bucket."
    errors: Any = fields.JSONField(default=dict)
    "How many failed, by error code."

    class Meta:
        table = "statistics_cell"
        unique_together = (("owner", "grain", "project_id", "work_id", "day", "kind"),)
        indexes = (Index(fields=("owner", "grain", "project_id", "day")),)

"""Tables behind recordStatistics: events (StatisticsDelta) and their aggregates (StatisticsCell)."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.enums import MediaKind


class StatisticsDelta(Model):
    """What the end of a generation, or one charge, adds to the aggregates. Rows are only appended.

    A restarted job gets a second row with negated values, so the sum of a job's rows is its share of the aggregates.
    For that reason rows of ends are kept after the rollup. Rows of charges are removed.
    """

    id = fields.BigIntField(primary_key=True)
    job_id = fields.BigIntField()
    owner = fields.CharField(max_length=255)
    project_id = fields.CharField(max_length=128)
    work_id = fields.CharField(max_length=128)
    kind = fields.CharEnumField(MediaKind, max_length=8)
    day = fields.CharField(max_length=10)
    "Day of the end or charge in the deployment's time zone at the time of recording."
    succeeded = fields.SmallIntField(default=0)
    failed = fields.SmallIntField(default=0)
    canceled = fields.SmallIntField(default=0)
    error_code: Any = fields.CharField(max_length=32, null=True)
    switches = fields.IntField(default=0)
    generation_ms: Any = fields.BigIntField(null=True)
    bucket: Any = fields.SmallIntField(null=True)
    "Histogram bucket of generation_ms (services/notifications/statistics/histogram)."
    credits = fields.IntField(default=0)
    credits_unknown = fields.IntField(default=0, db_default=0)
    "Tasks whose charge is unknown; a row with -1 follows when it is measured."
    is_rolled = fields.BooleanField(default=False)
    "Whether it is included in the aggregates."

    class Meta:
        table = "statistics_delta"
        indexes = (Index(fields=("job_id",)),)


class StatisticsCell(Model):
    """Aggregate of rolled-up deltas for one grouping (`grain`) and kind, of one day or (day empty) of all days.

    Columns that the grain does not group by are empty.
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
    "Number of aggregated rows."
    succeeded = fields.IntField(default=0)
    failed = fields.IntField(default=0)
    canceled = fields.IntField(default=0)
    switches = fields.IntField(default=0)
    credits = fields.BigIntField(default=0)
    credits_unknown = fields.IntField(default=0, db_default=0)
    generation_ms = fields.BigIntField(default=0)
    times: Any = fields.JSONField(default=dict)
    "Number of succeeded generations by duration bucket."
    errors: Any = fields.JSONField(default=dict)
    "Number of failed generations by error code."

    class Meta:
        table = "statistics_cell"
        unique_together = (("owner", "grain", "project_id", "work_id", "day", "kind"),)
        indexes = (Index(fields=("owner", "grain", "project_id", "day")),)

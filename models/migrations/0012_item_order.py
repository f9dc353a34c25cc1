"""The order of a batch's items is kept where a job took another's place."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('ekonte', '0011_account_recovery')]

    initial = False

    operations = [
        ops.AddField("Job", "batch_item_id", fields.BigIntField(null=True)),
        ops.RunSQL(
            "UPDATE job SET batch_item_id = (SELECT MIN(earlier.id) FROM job earlier"
            " WHERE earlier.record_id = job.record_id AND earlier.batch_id = job.batch_id)"
            " WHERE is_superseded IS NOT TRUE"
            " AND record_id IN (SELECT gone.record_id FROM job gone WHERE gone.is_superseded IS TRUE)"
            " AND batch_id IN (SELECT gone.batch_id FROM job gone WHERE gone.is_superseded IS TRUE)",
            "",
        ),
    ]

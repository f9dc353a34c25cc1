from tortoise import migrations
from tortoise.migrations import operations as ops
from models.enums import CreditsSource
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

_IS_STAND_IN = "a.account_id IS NOT NULL AND a.credits_expected = 1 AND a.credits_spent = 1"
_IS_OF_USAGE = "a.account_id = account_usage.account_id AND a.kind = account_usage.kind AND a.quota_day = account_usage.day"


class Migration(migrations.Migration):
    dependencies = [('ekonte', '0009_submits')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CreditPrice',
            fields=[
                ('key', fields.CharField(primary_key=True, generated=False, unique=True, db_index=True, max_length=200)),
                ('charges', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'credit_price', 'app': 'ekonte', 'pk_attr': 'key', 'table_description': 'What upstream charged for tasks of one kind of request: the newest measured charges, oldest first.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Account',
            name='settle_due_at_ms',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Account',
            name='settle_refusals',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Account',
            name='settle_refused_until_ms',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='AccountUsage',
            name='credits_unknown',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Attempt',
            name='balance_before',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Attempt',
            name='credits_source',
            field=fields.CharEnumField(null=True, description='CATALOGUE: CATALOGUE\nLEARNED: LEARNED\nMEASURED: MEASURED', enum_type=CreditsSource, max_length=12),
        ),
        ops.AddField(
            model_name='Attempt',
            name='price_key',
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name='Attempt',
            name='settle_due_at_ms',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Attempt',
            name='settle_until_ms',
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name='Attempt',
            index=Index(fields=['settle_due_at_ms']),
        ),
        ops.AddField(
            model_name='Batch',
            name='known_credits',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Batch',
            name='unknown_price_count',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='StatisticsCell',
            name='credits_unknown',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='StatisticsDelta',
            name='credits_unknown',
            field=fields.IntField(default=0, db_default=0),
        ),
        # Until now a task of unknown price was stored with one credit. No task of a known price costs one, so each such
        # number stands for "unknown", in its attempt and in the sums that it went into.
        ops.RunSQL(
            [
                "INSERT INTO statistics_delta (job_id, owner, project_id, work_id, kind, day, succeeded, failed,"
                " canceled, switches, credits, credits_unknown, is_rolled) SELECT j.id, j.owner, r.project_id,"
                " r.work_id, r.kind, a.quota_day, 0, 0, 0, 0, -1, 1, FALSE FROM attempt a JOIN job j ON j.id = a.job_id"
                f" JOIN generation_record r ON r.id = j.record_id WHERE {_IS_STAND_IN} AND a.quota_day IS NOT NULL",
                "UPDATE account_usage SET credits = credits - (SELECT COUNT(*) FROM attempt a"
                f" WHERE {_IS_STAND_IN} AND {_IS_OF_USAGE}), credits_unknown = (SELECT COUNT(*) FROM attempt a"
                f" WHERE {_IS_STAND_IN} AND {_IS_OF_USAGE}) WHERE EXISTS (SELECT 1 FROM attempt a"
                f" WHERE {_IS_STAND_IN} AND {_IS_OF_USAGE})",
                "UPDATE attempt SET credits_spent = CASE WHEN credits_spent = 1 THEN NULL ELSE credits_spent END,"
                " credits_expected = NULL WHERE account_id IS NOT NULL AND credits_expected = 1",
                "UPDATE batch SET known_credits = estimated_credits WHERE estimated_credits IS NOT NULL",
                "UPDATE attempt SET credits_source = 'CATALOGUE' WHERE account_id IS NOT NULL"
                " AND credits_expected IS NOT NULL",
            ],
            ops.RunSQL.noop,
        ),
    ]

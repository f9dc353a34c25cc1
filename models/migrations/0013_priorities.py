from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('ekonte', '0012_item_order')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Attempt',
            index=Index(fields=['owner', 'id']),
        ),
        ops.RemoveIndex(
            model_name='Job',
            name=None,
            fields=['owner', 'status'],
        ),
        ops.AddField(
            model_name='Job',
            name='front_order',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddIndex(
            model_name='Job',
            index=Index(fields=['owner', 'status', 'front_order', 'id']),
        ),
        ops.AddField(
            model_name='Workflow',
            name='priority_rank',
            field=fields.SmallIntField(default=2, db_default=2),
        ),
    ]

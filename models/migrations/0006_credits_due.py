from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('ekonte', '0005_batches')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Account',
            name='credits_due_at_ms',
            field=fields.BigIntField(null=True),
        ),
        ops.RenameField(
            model_name='Account',
            old_name='warm_due_at_ms',
            new_name='check_due_at_ms',
        ),
    ]

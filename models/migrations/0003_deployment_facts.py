from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('ekonte', '0002_live_builds')]

    initial = False

    operations = [
        ops.CreateModel(
            name='DeploymentFact',
            fields=[
                ('name', fields.CharField(primary_key=True, generated=False, unique=True, db_index=True, max_length=64)),
                ('value', fields.TextField(unique=False)),
            ],
            options={'table': 'deployment_fact', 'app': 'ekonte', 'pk_attr': 'name', 'table_description': 'A value shared by all processes of a deployment. `storage_id`: the id stored in its file storage.'},
            bases=['Model'],
        ),
        ops.AddIndex(
            model_name='Asset',
            index=Index(fields=['reference_file_id']),
        ),
        ops.AddIndex(
            model_name='Script',
            index=Index(fields=['source_file_id']),
        ),
    ]

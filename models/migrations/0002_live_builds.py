"""At most one live build of an artifact. Tortoise cannot say a partial index, so it is written as SQL."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("ekonte", "0001_initial")]

    operations = [
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_job_live_build ON job (artifact_kind, artifact_subject_id, artifact_slot)"
            " WHERE role = 'BUILD' AND status IN ('PENDING', 'RUNNING')",
            "DROP INDEX uid_job_live_build",
        ),
    ]

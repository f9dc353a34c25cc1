"""The caller's projects and works, as the lists of them show them."""

from datetime import datetime

import strawberry

from models.ids import moment_of
from schema.fields import optional
from services.queries.projects import Summary


@strawberry.type(description="How much there is of a project or work.")
class _Summary:
    image_count: int = strawberry.field(description="Its records of pictures.")
    video_count: int = strawberry.field(description="Its records of clips.")
    batch_count: int = strawberry.field(description="Its batches.")
    created_at: datetime = strawberry.field(description="When something was first requested for it.")
    last_requested_at: datetime = strawberry.field(description="When something new was last requested for it.")


@strawberry.type(description="A project of the caller's, with the numbers of what belongs to it now.")
class ProjectSummary(_Summary):
    project_id: str = strawberry.field(description="The caller's id for it, as inputs take it.")
    name: str | None = strawberry.field(description="The caller's name for it, as the newest request gave it.")
    work_count: int = strawberry.field(description="Its works.")
    workflow_count: int = strawberry.field(description="Its workflows.")

    @staticmethod
    def of(summary: Summary) -> "ProjectSummary":
        return ProjectSummary(
            project_id=summary.project_id,
            name=summary.name,
            work_count=summary.work_count,
            image_count=summary.image_count,
            video_count=summary.video_count,
            batch_count=summary.batch_count,
            workflow_count=summary.workflow_count,
            created_at=moment_of(summary.first_id),
            last_requested_at=moment_of(summary.last_id),
        )


@strawberry.type(description="A work of one of the caller's projects, with the numbers of what belongs to it now.")
class WorkSummary(_Summary):
    work_id: str = strawberry.field(description="The caller's id for it; of a workflow's pictures and clips its id.")
    project_id: str = strawberry.field(description="The caller's id for its project.")
    project_name: str | None = strawberry.field(description="The caller's name for its project.")

    @staticmethod
    def of(summary: Summary) -> "WorkSummary":
        return WorkSummary(
            work_id=summary.work_id or "",
            project_id=summary.project_id,
            project_name=summary.name,
            image_count=summary.image_count,
            video_count=summary.video_count,
            batch_count=summary.batch_count,
            created_at=moment_of(summary.first_id),
            last_requested_at=moment_of(summary.last_id),
        )


@strawberry.input(description="Which projects to list.")
class ProjectFilter:
    project_id_contains: str | None = optional("With this text in the id; case does not matter.")


@strawberry.input(description="Which works to list; all conditions hold at once.")
class WorkFilter:
    project_id: str | None = optional("Of this project.")
    work_id_contains: str | None = optional("With this text in the id; case does not matter.")

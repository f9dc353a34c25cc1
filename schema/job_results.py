"""The result of a job, as one of the types that its job type makes."""

from collections.abc import Callable
from typing import Annotated, Any, cast

import strawberry
from strawberry.dataloader import DataLoader

from models.enums import ArtifactKind, JobRole, JobStatus, JobType
from models.jobs import Job as JobRow
from schema.animatics import Animatic, AnimaticShot, Speech, load_speech
from schema.assets import Asset, AssetList
from schema.context import Info, Loaders
from schema.edits import Edit
from schema.links import linked, linked_list
from schema.paging import Node
from schema.records import ImageRecord, VideoRecord, record_from_row
from schema.scripts import Script
from schema.storyboards import Shot, Storyboard
from schema.videos import Video, VideoSegment

Result = ImageRecord | VideoRecord | Script | AssetList | Asset | Storyboard | Animatic | Speech | Video | Edit
JobResult = Annotated[Result, strawberry.union("JobResult", description="The result of a job.")]

# For stages whose job's target is the result: the loader of its rows, and the function that builds the type from a row.
TARGETS: dict[JobType, tuple[Callable[[Loaders], DataLoader[int, Any]], Callable[[Any], Result]]] = {
    JobType.SCRIPT: (lambda loaders: loaders.script_by_id, Script.from_row),
    JobType.STORYBOARD: (lambda loaders: loaders.storyboard_by_id, Storyboard.from_row),
    JobType.ANIMATIC: (lambda loaders: loaders.animatic_by_id, Animatic.from_row),
    JobType.VIDEO: (lambda loaders: loaders.video_by_id, Video.from_row),
    JobType.EDIT: (lambda loaders: loaders.edit_by_id, Edit.from_row),
}


async def load_result(info: Info, job: JobRow) -> Result | None:
    """The result of a succeeded job; None before it has succeeded, and for the parts of a stage."""
    loaders = info.context.loaders
    if job.status is not JobStatus.SUCCEEDED:
        return None
    if job.role is JobRole.GENERATE:
        return await linked(loaders.record_by_id, job.record_id, record_from_row)
    if job.role is not JobRole.STAGE:
        return None
    if job.type is JobType.ASSETS:
        return await _assets(loaders, job)
    if job.type is JobType.SPEECH:
        return await load_speech(info, int(job.params["only_part_id"]))
    if job.type not in TARGETS:
        return None
    loader_of, build = TARGETS[job.type]
    return await linked(loader_of(loaders), job.target_id, build)


# For builds: the objects whose artifacts they make.
SUBJECTS: dict[ArtifactKind, tuple[Callable[[Loaders], DataLoader[int, Any]], Callable[[Any], Node]]] = {
    ArtifactKind.SCRIPT: (lambda loaders: loaders.script_by_id, Script.from_row),
    ArtifactKind.DESIGN: (lambda loaders: loaders.asset_by_id, Asset.from_row),
    ArtifactKind.GRID: (lambda loaders: loaders.storyboard_by_id, Storyboard.from_row),
    ArtifactKind.PICTURE: (lambda loaders: loaders.shot_by_id, Shot.from_row),
    ArtifactKind.SPEECH: (lambda loaders: loaders.animatic_part_by_id, AnimaticShot.from_row),
    ArtifactKind.MOTION: (lambda loaders: loaders.animatic_part_by_id, AnimaticShot.from_row),
    ArtifactKind.ANIMATIC: (lambda loaders: loaders.animatic_by_id, Animatic.from_row),
    ArtifactKind.CLIP: (lambda loaders: loaders.video_segment_by_id, VideoSegment.from_row),
    ArtifactKind.MUSIC: (lambda loaders: loaders.edit_by_id, Edit.from_row),
    ArtifactKind.FILM: (lambda loaders: loaders.edit_by_id, Edit.from_row),
}


async def load_target(info: Info, job: JobRow) -> Node | None:
    """What a job makes or changes, from its beginning on; None where it was deleted."""
    loaders = info.context.loaders
    if job.role is JobRole.GENERATE:
        return await linked(loaders.record_by_id, job.record_id, record_from_row)
    if job.role is JobRole.BUILD:
        return await _subject(loaders, job)
    if job.type is JobType.ASSETS:
        if (asset_id := job.params.get("only_asset_id")) is not None:
            return await linked(loaders.asset_by_id, int(asset_id), Asset.from_row)
        return await linked(loaders.script_by_id, job.target_id, Script.from_row)
    if job.type is JobType.SPEECH:
        return await linked(loaders.animatic_part_by_id, int(job.params["only_part_id"]), AnimaticShot.from_row)
    loader_of, build = TARGETS[job.type]
    target: Any = await linked(loader_of(loaders), job.target_id, build)
    return cast("Node | None", target)


async def _subject(loaders: Loaders, job: JobRow) -> Node | None:
    if job.artifact_kind is None or job.artifact_subject_id is None:
        return None
    kind, subject_id = ArtifactKind(job.artifact_kind), job.artifact_subject_id
    loader_of, build = SUBJECTS[kind]
    return await linked(loader_of(loaders), subject_id, build)


async def _assets(loaders: Loaders, job: JobRow) -> Asset | AssetList | None:
    """The one asset that the job redrew, else all assets of the script."""
    if (asset_id := job.params.get("only_asset_id")) is not None:
        return await linked(loaders.asset_by_id, int(asset_id), Asset.from_row)
    return AssetList(assets=await linked_list(loaders.assets_by_script_id, job.target_id, Asset.from_row))

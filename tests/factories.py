"""Rows as the services make them, with what a test does not care about filled in."""

import dataclasses
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.artifacts import Artifact, ArtifactFile, JobFile
from models.enums import (
    STAGES,
    ArtifactKind,
    AssetType,
    FileRole,
    FileState,
    GridLayout,
    InputType,
    JobRole,
    JobStatus,
    JobType,
    Queue,
    ShotType,
    Stage,
)
from models.files import StoredFile
from models.films import Animatic, AnimaticPart, Edit, Video, VideoSegment
from models.jobs import Job
from models.scripts import Asset, Script, ScriptScene, ScriptShot
from models.storyboards import Shot, Storyboard
from models.workflows import Workflow, WorkflowStage
from services.film.workflow_options import WorkflowOptions

OWNER = "mira"
OTHER = "noor"
_numbers = itertools.count(1)


def stored_options(**changes: Any) -> dict[str, Any]:
    options = dataclasses.asdict(WorkflowOptions(**changes))
    for capability in ("text", "image", "video", "speech"):
        options[f"{capability}_provider"] = options[f"{capability}_provider"] or "offline"
    options["pause_after"] = [stage.value for stage in options["pause_after"]]
    options["grid_layout"], options["quality"] = options["grid_layout"].value, options["quality"].value
    return options


async def make_file(owner: str = OWNER, content_type: str = "image/png", **values: Any) -> StoredFile:
    number = next(_numbers)
    return await StoredFile.create(
        **{
            "owner": owner,
            "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
            "content_type": content_type,
            "bytes": 1000 + number,
            "state": FileState.READY,
            **values,
        }
    )


async def make_workflow(owner: str = OWNER, **values: Any) -> Workflow:
    workflow = await Workflow.create(
        **{
            "owner": owner,
            "name": f"Workflow {next(_numbers)}",
            "input_type": InputType.NOVEL,
            "options": stored_options(),
            **values,
        }
    )
    for stage in STAGES:
        await WorkflowStage.create(workflow_id=workflow.id, stage=stage)
    return workflow


async def make_job(owner: str = OWNER, **values: Any) -> Job:
    return await Job.create(
        **{
            "owner": owner,
            "type": JobType.STORYBOARD,
            "role": JobRole.STAGE,
            "queue": Queue.PLANNING,
            "stage": Stage.STORYBOARD,
            "target_id": next(_numbers),
            **values,
        }
    )


async def make_build(parent: Job, kind: ArtifactKind, subject_id: int, slot: int = 0, **values: Any) -> Job:
    return await make_job(
        parent.owner,
        **{
            "type": parent.type,
            "role": JobRole.BUILD,
            "queue": Queue.IMAGES,
            "stage": parent.stage,
            "parent_id": parent.id,
            "workflow_id": parent.workflow_id,
            "target_id": parent.target_id,
            "artifact_kind": kind.value,
            "artifact_subject_id": subject_id,
            "artifact_slot": slot,
            **values,
        },
    )


async def make_artifact(
    kind: ArtifactKind,
    subject_id: int,
    files: Sequence[tuple[FileRole, StoredFile]] = (),
    owner: str = OWNER,
    **values: Any,
) -> Artifact:
    artifact = await Artifact.create(
        **{"owner": owner, "kind": kind, "subject_id": subject_id, "fingerprint": "f" * 64, **values}
    )
    positions: dict[FileRole, int] = {}
    for role, file in files:
        position = positions.get(role, 0)
        positions[role] = position + 1
        await ArtifactFile.create(artifact_id=artifact.id, role=role, position=position, file_id=file.id)
    return artifact


async def give_files(job: Job, *files: StoredFile) -> None:
    for position, file in enumerate(files):
        await JobFile.create(job_id=job.id, position=position, role=FileRole.MAIN, file_id=file.id)


async def make_script(owner: str = OWNER, workflow_id: int | None = None, **values: Any) -> Script:
    source = await make_file(owner, "text/plain")
    return await Script.create(
        **{
            "owner": owner,
            "workflow_id": workflow_id,
            "input_type": InputType.NOVEL,
            "source_file_id": source.id,
            **values,
        }
    )


async def make_asset(script: Script, position: int = 0, **values: Any) -> Asset:
    return await Asset.create(
        **{
            "owner": script.owner,
            "workflow_id": script.workflow_id,
            "script_id": script.id,
            "position": position,
            "type": AssetType.CHARACTER,
            "name": f"Asset {position}",
            "description": "Somebody.",
            "prompt": "somebody",
            **values,
        }
    )


async def make_storyboard(script: Script, **values: Any) -> Storyboard:
    return await Storyboard.create(
        **{
            "owner": script.owner,
            "workflow_id": script.workflow_id,
            "script_id": script.id,
            "options": {
                "width": 1280,
                "height": 720,
                "provider": "offline",
                "model": None,
                "style": None,
                "language": "en",
                "autoCrop": True,
            },
            **values,
        }
    )


async def make_shot(storyboard: Storyboard, sequence: int = 1, **values: Any) -> Shot:
    return await Shot.create(
        **{
            "owner": storyboard.owner,
            "storyboard_id": storyboard.id,
            "sequence": sequence,
            "title": f"Shot {sequence}",
            "prompt": "a street",
            "grid_prompt": "a street",
            "shot_type": ShotType.MEDIUM,
            "duration_seconds": 3.0,
            **values,
        }
    )


@dataclass
class Film:
    """A finished workflow with everything in it."""

    workflow: Workflow
    script: Script
    assets: list[Asset]
    storyboard: Storyboard
    shots: list[Shot]
    animatic: Animatic
    parts: list[AnimaticPart]
    video: Video
    segments: list[VideoSegment]
    edit: Edit
    jobs: dict[Stage, Job]


async def make_film(owner: str = OWNER, shot_count: int = 3, grid_layout: GridLayout = GridLayout.SINGLE) -> Film:
    workflow = await make_workflow(owner)
    script = await make_script(owner, workflow.id, status=JobStatus.SUCCEEDED, language="en", screenplay="EXT. A")
    await ScriptScene.create(
        script_id=script.id, number=1, heading="EXT. STREET - DAY", summary="A walk.", characters=["Ann"]
    )
    assets = [await make_asset(script, position) for position in range(3)]
    storyboard = await make_storyboard(script, grid_layout=grid_layout)
    animatic = await Animatic.create(owner=owner, workflow_id=workflow.id, storyboard_id=storyboard.id)
    video = await Video.create(owner=owner, workflow_id=workflow.id, animatic_id=animatic.id)
    edit = await Edit.create(owner=owner, workflow_id=workflow.id, video_id=video.id)
    targets = {
        Stage.SCRIPT: script.id,
        Stage.ASSETS: script.id,
        Stage.STORYBOARD: storyboard.id,
        Stage.ANIMATIC: animatic.id,
        Stage.VIDEO: video.id,
        Stage.EDIT: edit.id,
    }
    jobs: dict[Stage, Job] = {}
    for stage, target_id in targets.items():
        jobs[stage] = await make_job(
            owner,
            type=JobType(stage.value),
            stage=stage,
            workflow_id=workflow.id,
            target_id=target_id,
            status=JobStatus.SUCCEEDED,
            progress=1.0,
        )
        await WorkflowStage.filter(workflow_id=workflow.id, stage=stage).update(job_id=jobs[stage].id)
    film = Film(workflow, script, assets, storyboard, [], animatic, [], video, [], edit, jobs)
    for asset in assets:
        await make_artifact(ArtifactKind.DESIGN, asset.id, [(FileRole.MAIN, await make_file(owner))], owner)
    for sequence in range(1, shot_count + 1):
        await _add_shot(film, sequence)
    main = [(FileRole.MAIN, await make_file(owner, "video/mp4"))]
    await make_artifact(ArtifactKind.ANIMATIC, animatic.id, main, owner, data=_animatic_data(film))
    await make_artifact(
        ArtifactKind.FILM, edit.id, main, owner, data={"seconds": shot_count * 2.5, "effects": ["wind"]}
    )
    return film


async def _add_shot(film: Film, sequence: int) -> None:
    owner = film.workflow.owner
    await ScriptShot.create(
        script_id=film.script.id,
        scene_number=1,
        number=sequence,
        title=f"Shot {sequence}",
        prompt="a street",
        shot_type=ShotType.MEDIUM,
        duration_seconds=3.0,
    )
    shot = await make_shot(film.storyboard, sequence, asset_ids=[film.assets[sequence % 3].id])
    part = await AnimaticPart.create(owner=owner, animatic_id=film.animatic.id, shot_id=shot.id)
    segment = await VideoSegment.create(owner=owner, video_id=film.video.id, shot_id=shot.id)
    picture, other = await make_file(owner), await make_file(owner)
    build = await make_build(
        film.jobs[Stage.STORYBOARD], ArtifactKind.PICTURE, shot.id, status=JobStatus.SUCCEEDED, progress=1.0
    )
    await give_files(build, picture, other)
    await make_artifact(
        ArtifactKind.PICTURE,
        shot.id,
        [(FileRole.MAIN, picture), (FileRole.CANDIDATE, picture), (FileRole.CANDIDATE, other)],
        owner,
    )
    clip = await make_file(owner, "video/mp4")
    await make_artifact(ArtifactKind.MOTION, part.id, [(FileRole.MAIN, clip)], owner)
    await make_artifact(
        ArtifactKind.SPEECH, part.id, [(FileRole.MAIN, await make_file(owner, "audio/wav"))], owner, data={"seconds": 2}
    )
    await make_artifact(ArtifactKind.CLIP, segment.id, [(FileRole.MAIN, clip)], owner, data={"seconds": 2.5})
    film.shots.append(shot)
    film.parts.append(part)
    film.segments.append(segment)


def _animatic_data(film: Film) -> dict[str, Any]:
    return {
        "total_seconds": len(film.parts) * 2.5,
        "parts": [
            {"part_id": part.id, "start_seconds": index * 2.5, "seconds": 2.5} for index, part in enumerate(film.parts)
        ],
    }

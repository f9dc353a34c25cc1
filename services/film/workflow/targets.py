"""The target row of each stage of a workflow: its script, storyboard, animatic, video and edit."""

from typing import Any

from models.enums import GridLayout, Stage
from models.films import Animatic, Edit, Video
from models.scripts import Script
from models.storyboards import Storyboard
from models.workflows import Workflow
from services.film.stages.storyboard import default_storyboard_options
from services.film.workflow_options import frame_size
from services.stores import films, storyboards

FPS = 24
MOTION_STRENGTH = 0.7


async def find_target(workflow_id: int, stage: Stage) -> int | None:
    """Returns the id of the workflow's newest row for the stage, or None. The target of ASSETS is the script."""
    table: dict[Stage, Any] = {
        Stage.SCRIPT: Script,
        Stage.ASSETS: Script,
        Stage.STORYBOARD: Storyboard,
        Stage.ANIMATIC: Animatic,
        Stage.VIDEO: Video,
        Stage.EDIT: Edit,
    }
    row = await table[stage].filter(workflow_id=workflow_id).order_by("-id").first()
    return None if row is None else int(row.id)


_BEFORE = {
    Stage.STORYBOARD: Stage.SCRIPT,
    Stage.ANIMATIC: Stage.STORYBOARD,
    Stage.VIDEO: Stage.ANIMATIC,
    Stage.EDIT: Stage.VIDEO,
}


async def usable_target(workflow_id: int, stage: Stage) -> int | None:
    """Returns the id of the stage's newest row if it derives from the newest row of the previous stage, else None."""
    found = await find_target(workflow_id, stage)
    if found is None or stage not in _BEFORE:
        return found
    upstream = await find_target(workflow_id, _BEFORE[stage])
    return found if upstream is not None and await _derives_from(stage, found, upstream) else None


async def ensure_target(workflow: Workflow, stage: Stage) -> int:
    """Returns the id of the stage's row; creates it from the workflow's options if there is none. Runs in the caller's
    transaction.

    A row that derives from an outdated row (of a script that was written again) is not used.
    """
    found = await usable_target(workflow.id, stage)
    if found is not None:
        return found
    assert stage in _BEFORE, "a workflow has its script from the start"
    upstream = await find_target(workflow.id, _BEFORE[stage])
    assert upstream is not None, "stages are started in order"
    return await _create(workflow, stage, upstream)


async def _derives_from(stage: Stage, target_id: int, upstream: int) -> bool:
    if stage is Stage.STORYBOARD:
        return await Storyboard.exists(id=target_id, script_id=upstream)
    if stage is Stage.ANIMATIC:
        return await Animatic.exists(id=target_id, storyboard_id=upstream)
    if stage is Stage.VIDEO:
        return await Video.exists(id=target_id, animatic_id=upstream)
    return await Edit.exists(id=target_id, video_id=upstream)


async def _create(workflow: Workflow, stage: Stage, upstream: int) -> int:
    options: dict[str, Any] = workflow.options
    width, height = frame_size(options["ratio"], options["resolution"])
    common: dict[str, Any] = {"owner": workflow.owner, "workflow_id": workflow.id}
    if stage is Stage.STORYBOARD:
        row: Any = await storyboards.create(
            **common,
            script_id=upstream,
            grid_layout=GridLayout(options["grid_layout"]),
            options=default_storyboard_options(options, width, height),
        )
    elif stage is Stage.ANIMATIC:
        row = await films.create_animatic(
            **common,
            storyboard_id=upstream,
            options={
                "width": width,
                "height": height,
                "fps": FPS,
                "videoProvider": options["video_provider"],
                "speechProvider": options["speech_provider"],
                "voiceId": options.get("voice_id"),
            },
        )
    elif stage is Stage.VIDEO:
        row = await films.create_video(
            **common,
            animatic_id=upstream,
            options={
                "width": width,
                "height": height,
                "fps": FPS,
                "provider": options["video_provider"],
                "model": options.get("video_model"),
                "quality": options["quality"],
                "parallel": True,
                "motionStrength": MOTION_STRENGTH,
                "seed": None,
            },
        )
    else:
        row = await films.create_edit(
            **common,
            video_id=upstream,
            options={
                "audioEffects": True,
                "backgroundMusic": options["background_music"],
                "musicStyle": options.get("music_style"),
                "subtitles": options["subtitles"],
                "burnSubtitles": options["burn_subtitles"],
            },
        )
    return int(row.id)

"""Operations on videos: create, upload a shot's clip."""

from errors import BadInputError, ConflictError
from models.database import transaction
from models.enums import ArtifactKind, FileRole, JobType, Quality, Stage
from models.films import Animatic, Video, VideoSegment
from models.jobs import Job
from models.storyboards import Shot
from services.film.artifacts.canceling import cancel_builds
from services.film.artifacts.publishing import put_artifact
from services.film.workflow.replanning import replan
from services.platform.faults import collected
from services.platform.idempotency import once
from services.platform.owned import own, own_workflow_of
from services.platform.provider_choices import choose_provider
from services.platform.uploads import IncomingFile, store_media
from services.queue.creation import create_stage_job
from services.stores import films
from services.stores.jobs.which import builds_of

MAX_SEED = 2**53


async def create_video(
    owner: str,
    *,
    animatic_id: int,
    workflow_id: int | None,
    provider: str | None,
    quality: Quality,
    parallel: bool,
    fps: int,
    motion_strength: float,
    seed: int | None,
    idempotency_key: str | None,
) -> Job:
    """Creates a video of an animatic and starts its job. parallel false: clips are built one after another. With a key
    that was used before, returns the earlier job.

    Raises NotFoundError, WorkflowNotFoundError, BadInputError.
    """
    values = {
        "animatic_id": animatic_id,
        "workflow_id": workflow_id,
        "provider": provider,
        "quality": quality.value,
        "parallel": parallel,
        "fps": fps,
        "motion_strength": motion_strength,
        "seed": seed,
    }
    faults = collected()
    chosen = ""
    with faults.caught():
        chosen = choose_provider("VIDEO", provider, "input", "provider")
    if not 8 <= fps <= 60:
        faults.add(BadInputError("fps must be from 8 to 60.", path=["input", "fps"]))
    if not 0 <= motion_strength <= 1:
        faults.add(BadInputError("motionStrength must be from 0 to 1.", path=["input", "motionStrength"]))
    if seed is not None and not 0 <= seed <= MAX_SEED:
        faults.add(BadInputError("seed must be from 0 to 2^53.", path=["input", "seed"]))
    faults.check()

    async def create() -> Job:
        animatic = await own(Animatic, owner, animatic_id)
        if workflow_id is not None:
            await own_workflow_of(owner, workflow_id, animatic.workflow_id)
        video = await films.create_video(
            owner=owner,
            workflow_id=workflow_id,
            animatic_id=animatic_id,
            options={
                "width": animatic.options["width"],
                "height": animatic.options["height"],
                "fps": fps,
                "provider": chosen,
                "model": None,
                "quality": quality.value,
                "parallel": parallel,
                "motionStrength": motion_strength,
                "seed": seed,
            },
        )
        return await create_stage_job(owner, JobType.VIDEO, video.id, stage=Stage.VIDEO, workflow_id=workflow_id)

    return await once(owner, "createVideo", idempotency_key, values, Job, create)


async def upload_shot_video(owner: str, shot_id: int, upload: IncomingFile) -> Shot:
    """Replaces the shot's clip by an upload in every video of its storyboard.

    The last frame of a shorter clip is held; a longer clip is cut. Raises ConflictError while no video contains the
    shot, UnsupportedFileError if the upload is not a video.
    """
    shot = await own(Shot, owner, shot_id)
    file, info = await store_media(owner, upload, needs_video=True)

    async def body() -> Shot:
        segments = await VideoSegment.filter(shot_id=shot.id, owner=owner)
        if not segments:
            raise ConflictError("No video contains this shot yet. Upload the clip after the video stage has started.")
        for segment in segments:
            await cancel_builds(builds_of(segment.id, ArtifactKind.CLIP))
            await put_artifact(
                owner,
                ArtifactKind.CLIP,
                segment.id,
                fingerprint=None,
                files=[(FileRole.MAIN, 0, file)],
                data={"seconds": info.duration_seconds},
                is_pinned=True,
            )
            await replan(segment.video_id, (await Video.get(id=segment.video_id)).workflow_id)
        return await own(Shot, owner, shot_id)

    return await transaction(body)

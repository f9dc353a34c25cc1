"""Operations on edits: cut the film, add background music."""

from pathlib import Path
from typing import Any

from errors import BadInputError, FileTooLargeError, UnsupportedFileError
from media.probe import MediaInfo
from models.enums import ArtifactKind, FileRole, JobType, Stage
from models.files import StoredFile
from models.films import Edit, Video
from models.jobs import Job
from services.film.artifacts.canceling import cancel_builds
from services.film.artifacts.publishing import put_artifact
from services.film.sources import own_upload, scratch_folder
from services.film.workflow.replanning import replan
from services.platform import foreign_files
from services.platform.faults import collected
from services.platform.files import NewFile, local_copy, store_file
from services.platform.idempotency import once, previous_result
from services.platform.links import REQUEST_SECONDS, fetch_link
from services.platform.owned import own, own_workflow_of
from services.queue.creation import create_stage_job
from services.stores import films
from services.stores.jobs.which import builds_of
from settings import get_settings

MAX_FADE_SECONDS = 60


async def create_edit(
    owner: str,
    *,
    video_id: int,
    workflow_id: int | None,
    audio_effects: bool,
    background_music: bool,
    music_style: str | None,
    subtitles: bool,
    burn_subtitles: bool,
    idempotency_key: str | None,
) -> Job:
    """Creates an edit of a video and starts its job. With a key that was used before, returns the earlier job.

    Raises NotFoundError, WorkflowNotFoundError, BadInputError.
    """
    options = {
        "audioEffects": audio_effects,
        "backgroundMusic": background_music,
        "musicStyle": music_style,
        "subtitles": subtitles,
        "burnSubtitles": burn_subtitles,
    }
    collected().check()

    async def create() -> Job:
        video = await own(Video, owner, video_id)
        if workflow_id is not None:
            await own_workflow_of(owner, workflow_id, video.workflow_id)
        edit = await films.create_edit(owner=owner, workflow_id=workflow_id, video_id=video_id, options=options)
        return await create_stage_job(owner, JobType.EDIT, edit.id, stage=Stage.EDIT, workflow_id=workflow_id)

    values = {"video_id": video_id, "workflow_id": workflow_id, **options}
    return await once(owner, "createEdit", idempotency_key, values, Job, create)


async def add_background_music(
    owner: str,
    *,
    edit_id: int,
    music: str,
    volume: float,
    fade_in_seconds: float,
    fade_out_seconds: float,
    ducking: bool,
    idempotency_key: str | None,
) -> Job:
    """Adds the caller's music (an upload's id or a link) to the film and cuts the film again; clips and voices stay.
    With a key that was used before, returns the earlier job.

    volume: from 0 to 1, where 1 is as loud as the voices. Raises BadInputError, NotFoundError, UnsupportedFileError.
    """
    values: dict[str, Any] = {
        "edit_id": edit_id,
        "music": music,
        "volume": volume,
        "fade_in_seconds": fade_in_seconds,
        "fade_out_seconds": fade_out_seconds,
        "ducking": ducking,
    }
    faults = collected()
    if not 0 <= volume <= 1:
        faults.add(BadInputError("volume must be from 0 to 1.", path=["input", "volume"]))
    for name, seconds in (("fadeInSeconds", fade_in_seconds), ("fadeOutSeconds", fade_out_seconds)):
        if not 0 <= seconds <= MAX_FADE_SECONDS:
            faults.add(BadInputError(f"{name} must be from 0 to {MAX_FADE_SECONDS}.", path=["input", name]))
    faults.check()
    previous = await previous_result(owner, "addBackgroundMusic", idempotency_key, values, Job)
    if previous is not None:
        return previous
    await own(Edit, owner, edit_id)
    file = await _music_file(owner, music)

    async def create() -> Job:
        edit = await own(Edit, owner, edit_id)
        settings = {name: values[name] for name in ("volume", "fade_in_seconds", "fade_out_seconds", "ducking")}
        await films.set_music(edit_id, settings)
        await cancel_builds(builds_of(edit_id, ArtifactKind.MUSIC, ArtifactKind.FILM))
        await put_artifact(
            owner,
            ArtifactKind.MUSIC,
            edit_id,
            fingerprint=None,
            files=[(FileRole.MAIN, 0, file)],
            data={"seconds": file.duration_seconds},
            is_pinned=True,
        )
        job = await create_stage_job(owner, JobType.EDIT, edit_id, stage=Stage.EDIT, workflow_id=edit.workflow_id)
        await replan(edit_id, edit.workflow_id)
        return job

    return await once(owner, "addBackgroundMusic", idempotency_key, values, Job, create)


async def _music_file(owner: str, music: str) -> StoredFile:
    """Returns the stored music file: an upload of the owner, or a link that is fetched and stored.

    Raises BadInputError, NotFoundError, and UnsupportedFileError if it contains no audio.
    """
    if not music.lower().startswith(("http://", "https://")):
        file = await own_upload(owner, music, "input", "music")
        await _probe_audio(owner, await local_copy(file))
        return file
    settings = get_settings()
    async with scratch_folder() as folder:
        try:
            fetched = await fetch_link(
                music,
                max_bytes=settings.max_upload_bytes,
                allowed_private_hosts=settings.allowed_private_hosts,
                into=folder / "fetched",
                total_seconds=REQUEST_SECONDS,
            )
        except BadInputError as error:
            raise BadInputError(error.message, path=["input", "music"]) from error
        info = await _probe_audio(owner, fetched.path)
        new = NewFile(fetched.path, info.content_type, duration_seconds=info.duration_seconds)
        return await store_file(owner, new, is_upload=True)


async def _probe_audio(owner: str, path: Path) -> MediaInfo:
    try:
        info = await foreign_files.media_info(owner, path)
    except (UnsupportedFileError, FileTooLargeError) as error:
        raise type(error)(error.message, path=["input", "music"]) from error
    if not info.has_audio:
        raise UnsupportedFileError("The music file contains no audio.", path=["input", "music"])
    return info

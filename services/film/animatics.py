"""Operations on animatics: create, generate a shot's speech, upload a recording."""

from typing import Any

from errors import BadInputError, ConflictError, NotFoundError
from models.database import transaction
from models.enums import ArtifactKind, FileRole, JobType, Stage
from models.films import Animatic, AnimaticPart
from models.jobs import Job
from models.storyboards import Shot, Storyboard
from services.film.artifacts.canceling import cancel_builds
from services.film.artifacts.publishing import put_artifact
from services.film.storyboards import MAX_WORDS_LENGTH
from services.film.workflow.replanning import replan
from services.film.workflow.targets import FPS
from services.film.workflow_options import shot_seconds_faults
from services.platform.faults import collected
from services.platform.idempotency import once
from services.platform.owned import own, own_workflow_of
from services.platform.provider_choices import check_voice, choose_provider
from services.platform.uploads import IncomingFile, store_media
from services.queue.creation import create_stage_job
from services.stores import artifacts, films
from services.stores.jobs.which import builds_of


async def create_animatic(
    owner: str,
    *,
    storyboard_id: int,
    workflow_id: int | None,
    video_provider: str | None,
    speech_provider: str | None,
    shot_seconds_min: float,
    shot_seconds_max: float,
    idempotency_key: str | None,
) -> Job:
    """Creates an animatic of a storyboard and starts its job. Shots stay within the given lengths unless their speech
    is longer. With a key that was used before, returns the earlier job.

    Raises NotFoundError, WorkflowNotFoundError, BadInputError.
    """
    values = {
        "storyboard_id": storyboard_id,
        "workflow_id": workflow_id,
        "video_provider": video_provider,
        "speech_provider": speech_provider,
        "shot_seconds_min": shot_seconds_min,
        "shot_seconds_max": shot_seconds_max,
    }
    faults = collected()
    faults.add(*shot_seconds_faults(shot_seconds_min, shot_seconds_max, "input"))
    video = speech = ""
    with faults.caught():
        video = choose_provider("VIDEO", video_provider, "input", "videoProvider")
    with faults.caught():
        speech = choose_provider("SPEECH", speech_provider, "input", "speechProvider")
    faults.check()

    async def create() -> Job:
        storyboard = await own(Storyboard, owner, storyboard_id)
        voice_id = None
        if workflow_id is not None:
            workflow = await own_workflow_of(owner, workflow_id, storyboard.workflow_id)
            voice_id = workflow.options.get("voice_id")
        animatic = await films.create_animatic(
            owner=owner,
            workflow_id=workflow_id,
            storyboard_id=storyboard_id,
            options={
                "width": storyboard.options["width"],
                "height": storyboard.options["height"],
                "fps": FPS,
                "videoProvider": video,
                "speechProvider": speech,
                "voiceId": voice_id,
                "shotSecondsMin": shot_seconds_min,
                "shotSecondsMax": shot_seconds_max,
            },
        )
        return await create_stage_job(
            owner, JobType.ANIMATIC, animatic.id, stage=Stage.ANIMATIC, workflow_id=workflow_id
        )

    return await once(owner, "createAnimatic", idempotency_key, values, Job, create)


async def own_part(owner: str, animatic_id: int, shot_id: int) -> AnimaticPart:
    """Returns the shot's part in the animatic. Raises NotFoundError if the shot is not in it, ConflictError while the
    parts do not exist yet.
    """
    animatic = await own(Animatic, owner, animatic_id)
    shot = await own(Shot, owner, shot_id)
    if shot.storyboard_id != animatic.storyboard_id:
        raise NotFoundError("The shot is not in this animatic.", path=["shotId"])
    part = await AnimaticPart.get_or_none(animatic_id=animatic_id, shot_id=shot_id)
    if part is None:
        raise ConflictError("The animatic has not created its parts yet. Retry in a moment.")
    return part


async def generate_speech(
    owner: str,
    *,
    animatic_id: int,
    shot_id: int,
    text: str,
    provider: str | None,
    voice_id: str | None,
    idempotency_key: str | None,
) -> Job:
    """Starts a job that speaks `text` instead of the shot's own words, with another voice if one is given.

    Replaces an uploaded recording. The animatic, clips and film become stale and are built again in the next run.
    Raises BadInputError, NotFoundError, ConflictError.
    """
    values: dict[str, Any] = {
        "animatic_id": animatic_id,
        "shot_id": shot_id,
        "text": text,
        "provider": provider,
        "voice_id": voice_id,
    }
    faults = collected()
    if len(text) > MAX_WORDS_LENGTH or not any(character.isalnum() for character in text):
        message = f"text must contain words to speak and at most {MAX_WORDS_LENGTH} characters."
        faults.add(BadInputError(message, path=["input", "text"]))
    if provider is not None:
        with faults.caught():
            choose_provider("SPEECH", provider, "input", "provider")
    with faults.caught():
        check_voice(voice_id, provider, "input", "voiceId")
    faults.check()

    async def create() -> Job:
        part = await own_part(owner, animatic_id, shot_id)
        animatic = await own(Animatic, owner, animatic_id)
        changes: dict[str, Any] = {"text": text.strip()}
        changes |= {"provider": provider} if provider is not None else {}
        changes |= {"voice_id": voice_id} if voice_id is not None else {}
        await films.change_part(part.id, **changes)
        await _unpin(part.id)
        job = await create_stage_job(
            owner,
            JobType.SPEECH,
            animatic_id,
            stage=Stage.ANIMATIC,
            workflow_id=animatic.workflow_id,
            params={"only_part_id": part.id, "only": {ArtifactKind.SPEECH.value: [part.id]}},
        )
        await replan(animatic_id, animatic.workflow_id)
        return job

    return await once(owner, "generateSpeech", idempotency_key, values, Job, create)


async def _unpin(part_id: int) -> None:
    await cancel_builds(builds_of(part_id, ArtifactKind.SPEECH))
    await artifacts.unpin(ArtifactKind.SPEECH, [part_id])


async def upload_audio(owner: str, animatic_id: int, shot_id: int, upload: IncomingFile) -> Animatic:
    """Replaces a shot's speech by an uploaded recording. The shot becomes at least as long as the recording."""
    part = await own_part(owner, animatic_id, shot_id)
    file, info = await store_media(owner, upload, needs_video=False)
    shot = await own(Shot, owner, shot_id)
    seconds = float(info.duration_seconds or 0.0)
    words = part.text or shot.dialogue or shot.narration or ""
    utterances = [
        {
            "text": words,
            "kind": "dialogue" if shot.dialogue and not part.text else "narration",
            "speaker": shot.speaker if shot.dialogue else None,
            "voice_id": None,
            "start_seconds": 0.0,
            "seconds": seconds,
        }
    ]

    async def body() -> Animatic:
        await cancel_builds(builds_of(part.id, ArtifactKind.SPEECH))
        await put_artifact(
            owner,
            ArtifactKind.SPEECH,
            part.id,
            fingerprint=None,
            files=[(FileRole.MAIN, 0, file)],
            data={"seconds": seconds, "utterances": utterances if words else []},
            is_pinned=True,
        )
        animatic = await own(Animatic, owner, animatic_id)
        await replan(animatic_id, animatic.workflow_id)
        return animatic

    return await transaction(body)

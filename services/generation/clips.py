"""Postprocessing of generated clips: adding the transition and the sound, for every provider."""

from pathlib import Path

from errors import BadInputError, FileTooLargeError, JobErrorCode, JobFailure
from media.checking import ResultInfo
from media.finishing import Finish, finish_clip
from media.rendering import Rendering
from models.generation_requests import GenerationRequest
from services.platform.foreign_files import result_infos
from services.platform.links import LinkNotFetchedError, fetch_link
from settings import Settings


async def postprocess_clip(
    owner: str, clip: Path, info: ResultInfo, request: GenerationRequest, out: Path, settings: Settings
) -> tuple[Path, ResultInfo]:
    """Returns the clip to store and its properties: a new file at `out`, or the given clip if there is nothing to add.

    Raises JobFailure with INVALID_INPUT if a sound cannot be fetched or used.
    """
    audio = request.audio
    voiceover = await _sound(audio.voiceover_url if audio else None, "voiceover", out, settings)
    bgm = await _sound(audio.bgm_url if audio else None, "background music", out, settings)
    finished = await finish_clip(
        clip,
        out,
        Finish(
            transition=request.transition.value,
            voiceover=voiceover,
            bgm=bgm,
            ducking=audio.ducking if audio else True,
        ),
        Rendering(settings.render_concurrency, settings.render_timeout_seconds),
    )
    if finished == clip:
        return clip, info
    infos = await result_infos(owner, [finished], "VIDEO")
    return finished, infos[0]


async def _sound(link: str | None, name: str, out: Path, settings: Settings) -> Path | None:
    if link is None:
        return None
    path = out.with_name(f"{out.stem}-{name.split()[-1]}")
    try:
        await fetch_link(
            link,
            max_bytes=settings.max_upload_bytes,
            into=path,
            allowed_private_hosts=settings.allowed_private_hosts,
        )
    except (BadInputError, FileTooLargeError) as error:
        message = f"The {name} cannot be used. {error.message}"
        is_transient = isinstance(error, LinkNotFetchedError) and error.is_transient
        raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=is_transient) from error
    return path

"""Operations on assets: create designs, upload a reference image, regenerate a design."""

from typing import Any

from errors import BadInputError, ConflictError
from models.database import transaction
from models.enums import ArtifactKind, AssetType, JobStatus, JobType, Stage
from models.jobs import Job
from models.scripts import Asset, Script
from services.film.artifacts.canceling import cancel_builds
from services.film.sources import scratch_folder
from services.film.workflow.replanning import replan
from services.platform.faults import collected
from services.platform.idempotency import once
from services.platform.owned import own, own_workflow_of
from services.platform.provider_choices import check_voice, choose_provider
from services.platform.uploads import IncomingFile, store_picture
from services.queue.creation import create_stage_job
from services.stores import scripts
from services.stores.jobs.which import builds_of

MAX_PROMPT_LENGTH = 8000


async def own_script(owner: str, script_id: int) -> Script:
    """Returns a finished script of the owner. Raises ConflictError if it has not succeeded."""
    script = await own(Script, owner, script_id)
    if script.status is not JobStatus.SUCCEEDED:
        raise ConflictError(f"The script is {script.status.value}. Wait until it is SUCCEEDED.")
    return script


async def create_assets(
    owner: str,
    *,
    script_id: int,
    workflow_id: int | None,
    text_provider: str | None,
    image_provider: str | None,
    idempotency_key: str | None,
) -> Job:
    """Starts the job for the designs of a script's characters, props and scenes; current designs are kept. With a key
    that was used before, returns the earlier job.

    Raises NotFoundError, ConflictError (the script is not finished), BadInputError (unknown provider).
    """
    values: dict[str, Any] = {
        "script_id": script_id,
        "workflow_id": workflow_id,
        "text_provider": text_provider,
        "image_provider": image_provider,
    }
    faults = collected()
    with faults.caught():
        choose_provider("TEXT", text_provider, "input", "textProvider")
    with faults.caught():
        choose_provider("IMAGE", image_provider, "input", "imageProvider")
    faults.check()

    async def create() -> Job:
        script = await own_script(owner, script_id)
        if workflow_id is not None:
            await own_workflow_of(owner, workflow_id, script.workflow_id)
        return await create_stage_job(
            owner,
            JobType.ASSETS,
            script_id,
            stage=Stage.ASSETS,
            workflow_id=workflow_id or script.workflow_id,
            params={"image_provider": image_provider},
        )

    return await once(owner, "createAssets", idempotency_key, values, Job, create)


async def upload_reference_image(owner: str, asset_id: int, upload: IncomingFile) -> Asset:
    """Sets an asset's reference image. Its design is stale until it is drawn again."""
    asset = await own(Asset, owner, asset_id)
    async with scratch_folder() as folder:
        file = await store_picture(owner, upload, folder)

    async def body() -> Asset:
        await scripts.change_asset(asset_id, reference_file_id=file.id)
        await cancel_builds(builds_of(asset_id, ArtifactKind.DESIGN))
        await replan(asset.script_id, asset.workflow_id)
        return await own(Asset, owner, asset_id)

    return await transaction(body)


async def regenerate_asset(
    owner: str,
    *,
    asset_id: int,
    prompt: str | None,
    provider: str | None,
    voice_id: str | None,
    idempotency_key: str | None,
) -> Job:
    """Draws an asset's design again, with a new prompt, provider or voice if given; None keeps the old value.

    Pictures that show the asset become stale. If only the voice changes, nothing is drawn again.
    """
    values = {"asset_id": asset_id, "prompt": prompt, "provider": provider, "voice_id": voice_id}
    faults = collected()
    if prompt is not None and not 1 <= len(prompt.strip()) <= MAX_PROMPT_LENGTH:
        faults.add(BadInputError(f"prompt must have 1 to {MAX_PROMPT_LENGTH} characters.", path=["input", "prompt"]))
    if provider is not None:
        with faults.caught():
            choose_provider("IMAGE", provider, "input", "provider")
    with faults.caught():
        check_voice(voice_id, None, "input", "voiceId")
    faults.check()

    async def create() -> Job:
        asset = await own(Asset, owner, asset_id)
        if voice_id is not None and asset.type is not AssetType.CHARACTER:
            raise BadInputError("Only characters have a voice.", path=["input", "voiceId"])
        changes: dict[str, Any] = {}
        if prompt is not None:
            changes["prompt"] = prompt.strip()
        if provider is not None:
            changes["provider"] = provider
        if voice_id is not None:
            changes["voice_id"] = voice_id
        if voice_id is None or prompt is not None or provider is not None:
            changes["generation"] = asset.generation + 1
        await scripts.change_asset(asset_id, **changes)
        await cancel_builds(builds_of(asset_id, ArtifactKind.DESIGN))
        job = await create_stage_job(
            owner,
            JobType.ASSETS,
            asset.script_id,
            stage=Stage.ASSETS,
            workflow_id=asset.workflow_id,
            params={"only_asset_id": asset_id, "only": {ArtifactKind.DESIGN.value: [asset_id]}},
        )
        await replan(asset.script_id, asset.workflow_id)
        return job

    return await once(owner, "regenerateAsset", idempotency_key, values, Job, create)

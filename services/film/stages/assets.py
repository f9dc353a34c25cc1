"""ASSETS: creates the rows, voices and design images of a script's characters, props and scenes."""

from typing import Any

from models.enums import ArtifactKind, AssetType, JobType, Queue, Stage
from models.files import StoredFile
from models.jobs import Job
from models.scripts import Asset, Script
from models.workflows import Workflow
from providers.base import ImageOrder, ImageProvider, Subject
from providers.prompts import design_prompt
from services.film.artifacts.context import BuildContext, Builder, Result
from services.film.artifacts.generations import picture_request
from services.film.artifacts.graph import Node
from services.film.artifacts.store import load_artifact_store
from services.film.casting import Role, cast_voices
from services.film.pictures import picture_result
from services.film.stages.base import NotPreparedError
from services.film.workflow_options import frame_size
from services.platform.provider_choices import choose_provider
from services.platform.providers import is_pooled, provider_for, voices
from services.stores import scripts

DESIGN_SECONDS = 0.8
DESIGN_SIDE = 1024


class AssetsStage:
    stage = Stage.ASSETS
    job_type = JobType.ASSETS

    async def prepare(self, job: Job) -> None:
        """Creates the assets from the script's draft; does nothing if they exist."""
        if await Asset.exists(script_id=job.target_id):
            return
        script = await Script.get(id=job.target_id)
        options = await options_of(script)
        language = script.language or "en"
        drafts = list(script.draft_assets)
        roles = [Role(draft["name"], draft["description"]) for draft in drafts if draft["type"] == "CHARACTER"]
        spoken = [voice for _, voice in voices(options["speech_provider"], language)]
        spoken = spoken or [voice for _, voice in voices(options["speech_provider"])]
        cast = cast_voices(roles, spoken, options.get("voice_id"))[1] if spoken else {}
        await scripts.insert_assets(
            [
                Asset(
                    owner=script.owner,
                    workflow_id=script.workflow_id,
                    script_id=script.id,
                    position=position,
                    type=AssetType(draft["type"]),
                    name=draft["name"],
                    description=draft["description"],
                    prompt=draft["prompt"],
                    aliases=draft["aliases"],
                    voice_id=cast.get(draft["name"]) if draft["type"] == "CHARACTER" else None,
                    provider=job.params.get("image_provider"),
                )
                for position, draft in enumerate(drafts)
            ]
        )

    async def nodes(self, target_id: int) -> list[Node]:
        script = await Script.get(id=target_id)
        options = await options_of(script)
        assets = await Asset.filter(script_id=target_id).order_by("position")
        if not assets and script.draft_assets:
            raise NotPreparedError
        store = await load_artifact_store({ArtifactKind.DESIGN: [asset.id for asset in assets]})
        references = {
            file.id: file.sha256
            for file in await StoredFile.filter(
                id__in=[asset.reference_file_id for asset in assets if asset.reference_file_id]
            )
        }
        width, height = frame_size(options["ratio"], options["resolution"])
        nodes = []
        for asset in assets:
            is_scene = asset.type is AssetType.SCENE
            nodes.append(
                store.node(
                    ArtifactKind.DESIGN,
                    asset.id,
                    job_type=JobType.TEXT_TO_IMAGE,
                    queue=Queue.IMAGES,
                    weight=DESIGN_SECONDS,
                    inputs={
                        "provider": asset.provider or options["image_provider"],
                        "model": options.get("image_model"),
                        "style": options.get("style") or script.options.get("style"),
                        "prompt": asset.prompt,
                        "type": asset.type.value,
                        "name": asset.name,
                        "description": appearance_of(asset),
                        "reference": references.get(asset.reference_file_id or 0),
                        "width": width if is_scene else DESIGN_SIDE,
                        "height": height if is_scene else DESIGN_SIDE,
                        "seed": asset.generation,
                    },
                )
            )
        return nodes

    async def finish(self, job: Job) -> None:
        return None

    @property
    def builders(self) -> dict[ArtifactKind, Builder]:
        return {ArtifactKind.DESIGN: make_design}


async def options_of(script: Script) -> dict[str, Any]:
    """The options of the script's workflow; the defaults for a script without one."""
    if script.workflow_id is not None:
        workflow = await Workflow.get_or_none(id=script.workflow_id)
        if workflow is not None:
            return dict(workflow.options)
    return {
        "speech_provider": choose_provider("SPEECH", None),
        "image_provider": choose_provider("IMAGE", None),
        "ratio": "16:9",
        "resolution": "720p",
    }


def appearance_of(asset: Asset) -> str:
    """The description of an asset's appearance, the same for its design and every shot."""
    return f"{asset.description} {asset.prompt}".strip()


async def make_design(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    if is_pooled(inputs["provider"]):
        return await _make_pooled_design(inputs, subject_id, context)
    provider = provider_for("IMAGE", inputs["provider"], ImageProvider)
    reference = await context.file(inputs["reference"]) if inputs.get("reference") else None
    order = ImageOrder(
        prompt=inputs["prompt"],
        width=inputs["width"],
        height=inputs["height"],
        purpose="DESIGN",
        style=inputs.get("style"),
        seed=inputs["seed"],
        model=inputs.get("model"),
        subjects=(Subject(inputs["type"], inputs["name"], inputs["description"], reference=reference),),
    )
    paths = await provider.draw(order, context.folder, context.report)
    return await picture_result(context.owner, paths, inputs["name"])


async def _make_pooled_design(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    request = picture_request(
        inputs["provider"],
        model=inputs.get("model"),
        storyboard_id=Asset(id=subject_id).global_id,
        prompt=design_prompt(inputs["prompt"], inputs.get("style")),
        width=inputs["width"],
        height=inputs["height"],
        pictures=[inputs["reference"]] if inputs.get("reference") else [],
    )
    return await picture_result(context.owner, await context.generate(request), inputs["name"])

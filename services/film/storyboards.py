"""Operations on storyboards: create, edit a shot, regenerate shots, upload or choose a shot's picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from errors import BadInputError, NotFoundError, refusal_of
from models.artifacts import Artifact, ArtifactFile
from models.database import transaction
from models.enums import ArtifactKind, AssetType, FileRole, GridLayout, JobType, ShotType, Stage
from models.files import StoredFile
from models.films import Animatic
from models.jobs import Job
from models.scripts import Script
from models.storyboards import Shot, Storyboard
from providers.prompts import SHOT_TYPE_WORDS, compose_prompt, parse_prompt
from services.film.artifacts.canceling import cancel_builds
from services.film.artifacts.publishing import put_artifact
from services.film.assets import MAX_PROMPT_LENGTH, own_script
from services.film.sources import scratch_folder
from services.film.workflow.replanning import replan
from services.film.workflow_options import frame_size
from services.platform.faults import collected
from services.platform.idempotency import once
from services.platform.not_given import NOT_GIVEN, NotGiven
from services.platform.owned import own, own_workflow_of
from services.platform.provider_choices import check_layout, choose_provider
from services.platform.uploads import IncomingFile, store_picture
from services.queue.creation import create_stage_job
from services.queue.outcomes import wake_stage_jobs
from services.stores import artifacts, storyboards
from services.stores.jobs.which import builds_of

MAX_WORDS_LENGTH = 5000


@dataclass(frozen=True)
class ShotChanges:
    """prompt replaces the whole prompt; character, scene, action and shot_type only their part. None: no change.

    For dialogue, narration and speaker None removes the value and NOT_GIVEN keeps it.
    """

    shot_id: int
    prompt: str | None = None
    character: str | None = None
    scene: str | None = None
    action: str | None = None
    shot_type: ShotType | None = None
    dialogue: str | NotGiven | None = NOT_GIVEN
    narration: str | NotGiven | None = NOT_GIVEN
    speaker: str | NotGiven | None = NOT_GIVEN
    duration_seconds: float | None = None

    @property
    def changes_prompt(self) -> bool:
        return any(
            value is not None for value in (self.prompt, self.character, self.scene, self.action, self.shot_type)
        )


async def create_storyboard(
    owner: str,
    *,
    script_id: int,
    workflow_id: int | None,
    grid_layout: GridLayout,
    provider: str | None,
    auto_crop: bool,
    idempotency_key: str | None,
) -> Job:
    """Creates a storyboard of a finished script and starts its job. With a key that was used before, returns the
    earlier job. Raises NotFoundError, ConflictError, BadInputError.
    """
    values = {
        "script_id": script_id,
        "workflow_id": workflow_id,
        "grid_layout": grid_layout.value,
        "provider": provider,
        "auto_crop": auto_crop,
    }
    faults = collected()
    if provider is not None:
        with faults.caught():
            choose_provider("IMAGE", provider, "input", "provider")
            check_layout(provider, grid_layout, "input", "gridLayout")
    faults.check()

    async def create() -> Job:
        script = await own_script(owner, script_id)
        options: dict[str, Any] = {
            "ratio": "16:9",
            "resolution": "720p",
            "image_provider": choose_provider("IMAGE", None),
        }
        if workflow_id is not None:
            options = (await own_workflow_of(owner, workflow_id, script.workflow_id)).options
        image_provider = provider or options["image_provider"]
        check_layout(image_provider, grid_layout, "input", "gridLayout")
        width, height = frame_size(options["ratio"], options["resolution"])
        storyboard = await storyboards.create(
            owner=owner,
            workflow_id=workflow_id,
            script_id=script_id,
            grid_layout=grid_layout,
            options={
                "width": width,
                "height": height,
                "provider": image_provider,
                # The model is of the workflow's own provider.
                "model": options.get("image_model") if image_provider == options["image_provider"] else None,
                "style": options.get("style") or script.options.get("style"),
                "autoCrop": auto_crop,
            },
        )
        return await create_stage_job(
            owner, JobType.STORYBOARD, storyboard.id, stage=Stage.STORYBOARD, workflow_id=workflow_id
        )

    return await once(owner, "createStoryboard", idempotency_key, values, Job, create)


def edited_prompt(prompt: str, changes: ShotChanges, language: str) -> str:
    """Returns a shot's prompt after an edit: the new prompt if given, with the given parts replaced."""
    base = changes.prompt.strip() if changes.prompt is not None else prompt
    words = None
    if changes.shot_type is not None:
        words = SHOT_TYPE_WORDS[changes.shot_type.value]["zh" if language.startswith("zh") else "en"]
    parts = {"shot": words, "scene": changes.scene, "character": changes.character, "action": changes.action}
    if all(value is None for value in parts.values()):
        return base
    return compose_prompt(parse_prompt(base).replaced(**parts), language)


def changes_faults(changes: ShotChanges) -> Iterator[BadInputError]:
    """The invalid values, each with its path."""
    if changes.prompt is not None and not 1 <= len(changes.prompt.strip()) <= MAX_PROMPT_LENGTH:
        yield BadInputError(f"prompt must have 1 to {MAX_PROMPT_LENGTH} characters.", path=["input", "prompt"])
    for name in ("character", "scene", "action"):
        value = getattr(changes, name)
        if value is not None and not 1 <= len(value.strip()) <= MAX_PROMPT_LENGTH:
            yield BadInputError(
                f"{name} must have 1 to {MAX_PROMPT_LENGTH} characters.", path=["input", "replacements", name]
            )
    for name in ("dialogue", "narration"):
        value = getattr(changes, name)
        if isinstance(value, str) and len(value) > MAX_WORDS_LENGTH:
            yield BadInputError(f"{name} must have at most {MAX_WORDS_LENGTH} characters.", path=["input", name])
    if changes.duration_seconds is not None and not 0.5 <= changes.duration_seconds <= 60:
        yield BadInputError("durationSeconds must be from 0.5 to 60.", path=["input", "durationSeconds"])


async def edit_shot(owner: str, changes: ShotChanges) -> Shot:
    """Changes a shot. Its picture, voice and clip become stale if they depend on the changed values; a live run builds
    them again, otherwise resumeWorkflow or regenerateShots does.

    A changed prompt removes the pin of an uploaded or chosen picture. A shot cropped from a grid is drawn singly from
    then on. Raises BadInputError, NotFoundError.
    """
    faults = collected()
    faults.add(*changes_faults(changes))
    faults.check()

    async def body() -> Shot:
        shot = await own(Shot, owner, changes.shot_id)
        storyboard = await Storyboard.get(id=shot.storyboard_id)
        script = await Script.get(id=storyboard.script_id)
        values: dict[str, Any] = {}
        if changes.changes_prompt:
            prompt = edited_prompt(shot.prompt, changes, script.language or "en")
            if prompt != shot.prompt or (changes.shot_type or shot.shot_type) != shot.shot_type:
                values |= {"prompt": prompt, "is_single": True}
                if changes.shot_type is not None:
                    values["shot_type"] = changes.shot_type
                await artifacts.unpin(ArtifactKind.PICTURE, [shot.id])
        for name in ("dialogue", "narration"):
            value = getattr(changes, name)
            if value is not NOT_GIVEN:
                values[name] = (value.strip() or None) if isinstance(value, str) else None
        if changes.speaker is not NOT_GIVEN:
            values["speaker"] = await known_speaker(script, changes.speaker)
        if changes.duration_seconds is not None:
            values["duration_seconds"] = changes.duration_seconds
        if values:
            await storyboards.change_shot(shot.id, **values)
            await replan_storyboard(storyboard.id, shot.id if "prompt" in values else None)
        return await own(Shot, owner, changes.shot_id)

    return await transaction(body)


async def known_speaker(script: Script, name: str | None) -> str | None:
    """Returns the script's name of a character, given its name or an alias. Raises BadInputError, which lists the
    characters, for an unknown name.
    """
    if name is None:
        return None
    characters = [draft for draft in script.draft_assets if draft["type"] == AssetType.CHARACTER]
    for draft in characters:
        if name.strip().lower() in {draft["name"].lower(), *(alias.lower() for alias in draft["aliases"])}:
            return str(draft["name"])
    known = ", ".join(draft["name"] for draft in characters) or "none"
    raise BadInputError(
        f"The script has no character with this name. Its characters: {known}.", path=["input", "speaker"]
    )


async def replan_storyboard(storyboard_id: int, redrawn_shot_id: int | None) -> None:
    """After a change: cancels the build of the shot's old picture and wakes the stage jobs that depend on the shot."""
    if redrawn_shot_id is not None:
        await cancel_builds(builds_of(redrawn_shot_id, ArtifactKind.PICTURE))
    for animatic_id in await Animatic.filter(storyboard_id=storyboard_id).values_list("id", flat=True):
        await wake_stage_jobs(int(str(animatic_id)), at_once=True)
    await replan(storyboard_id, (await Storyboard.get(id=storyboard_id)).workflow_id)


async def regenerate_shots(
    owner: str, *, storyboard_id: int, shot_ids: list[int], provider: str | None, idempotency_key: str | None
) -> Job:
    """Starts a job that draws these shots again, each singly, and removes their pins. Earlier pictures stay candidates.

    Raises NotFoundError, without any change, if a shot is not in this storyboard.
    """
    values = {"storyboard_id": storyboard_id, "shot_ids": sorted(shot_ids), "provider": provider}
    faults = collected()
    if not shot_ids:
        faults.add(BadInputError("shotIds must name at least one shot.", path=["input", "shotIds"]))
    if provider is not None:
        with faults.caught():
            choose_provider("IMAGE", provider, "input", "provider")
    faults.check()

    async def create() -> Job:
        storyboard = await own(Storyboard, owner, storyboard_id)
        wanted = set(shot_ids)
        shots = await Shot.filter(storyboard_id=storyboard_id, id__in=list(wanted), owner=owner)
        if missing := wanted - {shot.id for shot in shots}:
            places = [["input", "shotIds", str(at)] for at, shot_id in enumerate(shot_ids) if shot_id in missing]
            raise refusal_of([NotFoundError("The shot is not in this storyboard.", path=place) for place in places])
        for shot in shots:
            more = {"provider": provider} if provider is not None else {}
            await storyboards.change_shot(shot.id, generation=shot.generation + 1, is_single=True, **more)
            await cancel_builds(builds_of(shot.id, ArtifactKind.PICTURE))
        await artifacts.unpin(ArtifactKind.PICTURE, wanted)
        job = await create_stage_job(
            owner,
            JobType.STORYBOARD,
            storyboard_id,
            stage=Stage.STORYBOARD,
            workflow_id=storyboard.workflow_id,
            params={"only": {ArtifactKind.PICTURE.value: sorted(wanted)}},
        )
        await replan(storyboard_id, storyboard.workflow_id)
        return job

    return await once(owner, "regenerateShots", idempotency_key, values, Job, create)


async def upload_shot_image(owner: str, shot_id: int, upload: IncomingFile) -> Shot:
    """Replaces the shot's picture by an upload and pins it until the shot's prompt is edited or the shot is
    regenerated. Earlier pictures stay candidates.
    """
    await own(Shot, owner, shot_id)
    async with scratch_folder() as folder:
        file = await store_picture(owner, upload, folder)
    return await transaction(lambda: _pin(owner, shot_id, file))


async def choose_shot_image(owner: str, shot_id: int, sha256: str) -> Shot:
    """Pins one of the shot's candidates as its picture. Raises NotFoundError if no candidate has this hash."""

    async def body() -> Shot:
        await own(Shot, owner, shot_id)
        artifact = await Artifact.get_or_none(kind=ArtifactKind.PICTURE, subject_id=shot_id)
        candidates = await ArtifactFile.filter(
            artifact_id=artifact.id if artifact else 0, role=FileRole.CANDIDATE
        ).values_list("file_id", flat=True)
        file = await StoredFile.get_or_none(owner=owner, sha256=sha256.lower(), id__in=candidates)
        if file is None:
            raise NotFoundError("The shot has no candidate picture with this hash.", path=["sha256"])
        return await _pin(owner, shot_id, file)

    return await transaction(body)


async def _pin(owner: str, shot_id: int, file: StoredFile) -> Shot:
    shot = await own(Shot, owner, shot_id)
    await cancel_builds(builds_of(shot_id, ArtifactKind.PICTURE))
    await put_artifact(
        owner,
        ArtifactKind.PICTURE,
        shot_id,
        fingerprint=None,
        files=[(FileRole.MAIN, 0, file), (FileRole.CANDIDATE, 0, file)],
        data={},
        is_pinned=True,
    )
    await storyboards.change_shot(shot_id, is_single=True)
    await replan_storyboard(shot.storyboard_id, None)
    return await own(Shot, owner, shot_id)

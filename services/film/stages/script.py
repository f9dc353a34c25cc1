"""SCRIPT: a text becomes scenes and shots."""

from typing import Any

import anyio.to_thread

from models.enums import ArtifactKind, JobStatus, JobType, Queue, ShotType, Stage
from models.files import StoredFile
from models.jobs import Job
from models.scripts import Script, ScriptScene, ScriptShot
from providers.base import ScriptDraft, ScriptOrder, TextProvider
from services.film.artifacts.context import Maker, Result, Workbench
from services.film.artifacts.graph import Node
from services.film.artifacts.store import load_shelf
from services.platform.providers import provider_for

SECONDS_PER_CHARACTER = 1 / 8000


class ScriptStage:
    stage = Stage.SCRIPT
    job_type = JobType.SCRIPT

    async def prepare(self, job: Job) -> None:
        ended = [JobStatus.FAILED, JobStatus.CANCELED]
        await Script.filter(id=job.target_id, status__in=[JobStatus.PENDING, *ended]).update(status=JobStatus.RUNNING)

    async def nodes(self, target_id: int) -> list[Node]:
        script = await Script.get(id=target_id)
        source = await StoredFile.get(id=script.source_file_id)
        shelf = await load_shelf({ArtifactKind.SCRIPT: [script.id]})
        return [
            shelf.node(
                ArtifactKind.SCRIPT,
                script.id,
                job_type=JobType.SCRIPT,
                queue=Queue.TEXT,
                weight=1 + source.bytes * SECONDS_PER_CHARACTER,
                inputs={**script.options, "text_sha256": source.sha256, "input_type": script.input_type.value},
            )
        ]

    async def finish(self, job: Job) -> None:
        await Script.filter(id=job.target_id).update(status=JobStatus.SUCCEEDED)

    @property
    def makers(self) -> dict[ArtifactKind, Maker]:
        return {ArtifactKind.SCRIPT: make_script}


async def make_script(inputs: dict[str, Any], subject_id: int, bench: Workbench) -> Result:
    """Has the text provider write the script, and hands in its rows."""
    path = await bench.file(inputs["text_sha256"])
    text = await anyio.to_thread.run_sync(lambda: path.read_text("utf-8"))
    provider = provider_for("TEXT", inputs["provider"], TextProvider)
    order = ScriptOrder(
        text=text,
        input_type=inputs["input_type"],
        language=inputs.get("language"),
        style=inputs.get("style"),
        tone=inputs.get("tone"),
        model=inputs.get("model"),
        target_shots=inputs.get("target_shots"),
        duration_hint_seconds=inputs.get("duration_hint_seconds"),
        shot_seconds_min=inputs["shot_seconds_min"],
        shot_seconds_max=inputs["shot_seconds_max"],
    )
    draft = await provider.write_script(order, bench.report)

    async def publish() -> None:
        await write_rows(subject_id, draft)

    return Result(data={"shots": sum(len(scene.shots) for scene in draft.scenes)}, publish=publish)


async def write_rows(script_id: int, draft: ScriptDraft) -> None:
    """Replaces a script's scenes and shots by the draft's. In a transaction."""
    await ScriptShot.filter(script_id=script_id).delete()
    await ScriptScene.filter(script_id=script_id).delete()
    await Script.filter(id=script_id).update(
        language=draft.language,
        title=draft.title,
        screenplay=draft.screenplay,
        storyboard_script=draft.storyboard_script,
        draft_assets=[
            {
                "type": asset.type,
                "name": asset.name,
                "description": asset.description,
                "prompt": asset.prompt,
                "aliases": list(asset.aliases),
            }
            for asset in draft.assets
        ],
    )
    scenes = [
        ScriptScene(
            script_id=script_id,
            number=scene.number,
            heading=scene.heading,
            summary=scene.summary,
            characters=list(scene.characters),
        )
        for scene in draft.scenes
    ]
    await ScriptScene.bulk_create(scenes, batch_size=500)
    shots: list[ScriptShot] = []
    for scene in draft.scenes:
        for shot in scene.shots:
            shots.append(
                ScriptShot(
                    script_id=script_id,
                    scene_number=scene.number,
                    number=len(shots) + 1,
                    title=shot.title,
                    prompt=shot.prompt,
                    shot_type=ShotType(shot.shot_type),
                    narration=shot.narration,
                    dialogue=shot.dialogue,
                    speaker=shot.speaker,
                    bgm_hint=shot.bgm_hint,
                    duration_seconds=shot.duration_seconds,
                    asset_names=list(shot.asset_names),
                )
            )
    await ScriptShot.bulk_create(shots, batch_size=500)

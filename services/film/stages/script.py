"""SCRIPT: turns a text into scenes and shots."""

from typing import Any

import anyio.to_thread

from models.enums import ArtifactKind, JobStatus, JobType, Queue, Stage
from models.files import StoredFile
from models.jobs import Job
from models.scripts import Script
from providers.base import ScriptOrder, TextProvider
from services.film.artifacts.context import BuildContext, Builder, Result
from services.film.artifacts.graph import Node
from services.film.artifacts.store import load_artifact_store
from services.platform.providers import provider_for
from services.stores import scripts

SECONDS_PER_CHARACTER = 1 / 8000


class ScriptStage:
    stage = Stage.SCRIPT
    job_type = JobType.SCRIPT

    async def prepare(self, job: Job) -> None:
        startable = [JobStatus.PENDING, JobStatus.FAILED, JobStatus.CANCELED]
        await scripts.transition(job.target_id, to=JobStatus.RUNNING, expected=startable)

    async def nodes(self, target_id: int) -> list[Node]:
        script = await Script.get(id=target_id)
        source = await StoredFile.get(id=script.source_file_id)
        store = await load_artifact_store({ArtifactKind.SCRIPT: [script.id]})
        return [
            store.node(
                ArtifactKind.SCRIPT,
                script.id,
                job_type=JobType.SCRIPT,
                queue=Queue.TEXT,
                weight=1 + source.bytes * SECONDS_PER_CHARACTER,
                inputs={**script.options, "text_sha256": source.sha256, "input_type": script.input_type.value},
            )
        ]

    async def finish(self, job: Job) -> None:
        await scripts.transition(job.target_id, to=JobStatus.SUCCEEDED, expected=[JobStatus.RUNNING])

    @property
    def builders(self) -> dict[ArtifactKind, Builder]:
        return {ArtifactKind.SCRIPT: make_script}


async def make_script(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
    """Has the text provider write the script; publishing the result writes its rows."""
    path = await context.file(inputs["text_sha256"])
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
    draft = await provider.write_script(order, context.report)

    async def publish() -> None:
        await scripts.write_draft(subject_id, draft)

    return Result(data={"shots": sum(len(scene.shots) for scene in draft.scenes)}, publish=publish)

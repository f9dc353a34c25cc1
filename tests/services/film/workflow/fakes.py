"""A workflow's stages with builders that make tiny files at once, so that runs can be watched, stopped and raced."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from errors import JobErrorCode, JobFailure
from models.artifacts import Artifact
from models.enums import ENDED_WORKFLOW_STATUSES, ArtifactKind, FileRole, GridLayout, InputType, WorkflowStatus
from models.workflows import Workflow
from providers.base import DraftAsset, DraftScene, DraftShot, ScriptDraft
from services.film.artifacts.context import BuildContext, Builder, MadeFile, Result
from services.film.artifacts.graph import fingerprint_of
from services.film.stages.registry import BUILDERS
from services.film.workflow_options import WorkflowOptions
from services.film.workflows import WorkflowRequest, create_workflow
from services.platform import files
from services.platform.files import NewFile
from services.stores import scripts
from tests.factories import OWNER

SHOTS = 5


def draft(shots: int = SHOTS) -> ScriptDraft:
    return ScriptDraft(
        title="A story",
        language="en",
        scenes=(
            DraftScene(
                1,
                "EXT. STREET - DAY",
                "A street",
                ("Anna",),
                tuple(
                    DraftShot(
                        title=f"Shot {number}",
                        prompt=f"Shot: close-up. Scene: a street. Action: Anna takes step {number}.",
                        shot_type="CLOSE_UP",
                        duration_seconds=2.0,
                        narration=f"Anna took step number {number}." if number % 2 else None,
                        dialogue=None if number % 2 else f"Step {number}!",
                        speaker=None if number % 2 else "Anna",
                        asset_names=("Anna", "Street") if number % 2 else ("Street",),
                    )
                    for number in range(1, shots + 1)
                ),
            ),
        ),
        assets=(
            DraftAsset("CHARACTER", "Anna", "a girl", "a girl in red"),
            DraftAsset("SCENE", "Street", "a street", "a street by day"),
        ),
        screenplay="INT. X - DAY",
        storyboard_script="1 ...",
    )


class Studio:
    """Counts what is made; `hold` stops builders of a kind until it is let go; `fail` makes them fail."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.inputs: list[tuple[ArtifactKind, dict[str, Any]]] = []
        self.hold: dict[ArtifactKind, asyncio.Event] = {}
        self.started: dict[ArtifactKind, asyncio.Event] = {kind: asyncio.Event() for kind in ArtifactKind}
        self.fail: Callable[[ArtifactKind, dict[str, Any]], bool] = lambda kind, inputs: False
        self.at_once: Counter[ArtifactKind] = Counter()
        self.most_at_once: Counter[ArtifactKind] = Counter()

    def maker(self, kind: ArtifactKind) -> Builder:
        async def make(inputs: dict[str, Any], subject_id: int, context: BuildContext) -> Result:
            self.started[kind].set()
            self.at_once[kind] += 1
            self.most_at_once[kind] = max(self.most_at_once[kind], self.at_once[kind])
            try:
                if kind in self.hold:
                    await self.hold[kind].wait()
                await asyncio.sleep(0)
                if self.fail(kind, inputs):
                    raise JobFailure(JobErrorCode.CONTENT_REJECTED, "Not this picture.", is_retryable=False)
                self.made[kind.value] += 1
                self.inputs.append((kind, inputs))
                return await self._result(kind, inputs, subject_id, context)
            finally:
                self.at_once[kind] -= 1

        return make

    async def _result(
        self, kind: ArtifactKind, inputs: dict[str, Any], subject_id: int, context: BuildContext
    ) -> Result:
        if kind is ArtifactKind.SCRIPT:

            async def publish() -> None:
                await scripts.write_draft(subject_id, draft())

            return Result(publish=publish)
        path = context.folder / "made.txt"
        path.write_text(json.dumps({"kind": kind, "inputs": fingerprint_of(inputs)}))
        data: dict[str, Any] = {}
        if kind is ArtifactKind.SPEECH:
            words = [{**line, "start_seconds": 0.0, "seconds": 1.0} for line in inputs["lines"]]
            data = {"seconds": 1.0, "utterances": words}
        made = [MadeFile(NewFile(path, "image/png", "made"))]
        if kind is ArtifactKind.PICTURE:
            made.append(MadeFile(NewFile(path, "image/png", "made"), FileRole.CANDIDATE))
        return Result(files=tuple(made), data=data)

    def kinds_since(self, count: int) -> Counter[str]:
        return Counter(kind.value for kind, _ in self.inputs[count:])


def use_studio(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Studio:
    files.use_storage(None, data_dir)
    studio = Studio()
    for kind in BUILDERS:
        monkeypatch.setitem(BUILDERS, kind, studio.maker(kind))
    monkeypatch.setattr("services.queue.heartbeat.HEARTBEAT_SECONDS", 0.02)
    return studio


async def start(**options: Any) -> Workflow:
    request = WorkflowRequest("A story", InputType.NOVEL, "Anna took a step.", None, WorkflowOptions(**options))
    return await create_workflow(OWNER, request, None)


async def wait_for(check: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.01)


async def ended(workflow: Workflow, *also: WorkflowStatus) -> Workflow:
    """Waits until the workflow has ended, or is in one of the given states; progress may not go back on the way."""
    wanted = {*ENDED_WORKFLOW_STATUSES, *also}
    last = (0, 0.0)

    async def check() -> bool:
        nonlocal last
        present = await Workflow.get(id=workflow.id)
        assert (present.run, present.progress) >= last
        last = (present.run, present.progress)
        return present.status in wanted

    await wait_for(check)
    return await Workflow.get(id=workflow.id)


async def all_made() -> dict[tuple[str, int, int], tuple[Any, int]]:
    """Fingerprint and version of every artifact by its key."""
    return {(row.kind.value, row.subject_id, row.slot): (row.fingerprint, row.version) for row in await Artifact.all()}


GRID = GridLayout.GRID_2X2

"""Creates scripts, with or without a workflow."""

import dataclasses
from dataclasses import dataclass

from models.enums import InputType, JobType, Stage
from models.jobs import Job
from models.workflows import Workflow
from services.film.sources import check_one_source, store_source
from services.film.workflow_options import WorkflowOptions
from services.platform.faults import collected
from services.platform.idempotency import once, previous_result
from services.platform.owned import own
from services.platform.provider_choices import check_language, check_model, choose_provider
from services.queue.creation import create_stage_job
from services.stores import scripts


@dataclass(frozen=True)
class ScriptRequest:
    """workflow_id: the script becomes the workflow's newest; None: a script without a workflow."""

    workflow_id: int | None
    input_type: InputType
    input_content: str | None
    input_file: str | None
    style: str | None = None
    target_shots: int | None = None
    language: str | None = None
    story_id: str | None = None
    tone: str | None = None
    duration_hint_seconds: float | None = None
    provider: str | None = None
    model: str | None = None


async def create_script(owner: str, request: ScriptRequest, idempotency_key: str | None) -> Job:
    """Creates a script and starts its job. With a key that was used before, returns the earlier job.

    Raises BadInputError, UnsupportedFileError, FileTooLargeError, WorkflowNotFoundError.
    """
    values = dataclasses.asdict(request)
    previous = await previous_result(owner, "createScript", idempotency_key, values, Job)
    if previous is not None:
        return previous
    options = WorkflowOptions(
        target_shots=request.target_shots,
        duration_hint_seconds=request.duration_hint_seconds,
        style=request.style,
        tone=request.tone,
        language=request.language,
    )
    faults = collected()
    faults.add(*options.faults("input"))
    provider = ""
    with faults.caught():
        provider = choose_provider("TEXT", request.provider, "input", "provider")
    with faults.caught():
        check_model(provider, "TEXT", request.model, "input", "model")
    with faults.caught():
        check_language(provider, request.language, "input", "language")
    with faults.caught():
        check_one_source(request.input_content, request.input_file)
    faults.check()
    if request.workflow_id is not None:
        await own(Workflow, owner, request.workflow_id)
    source = await store_source(owner, request.input_content, request.input_file)

    async def create() -> Job:
        script = await scripts.create(
            owner=owner,
            workflow_id=request.workflow_id,
            story_id=request.story_id,
            input_type=request.input_type,
            source_file_id=source.id,
            options={
                "provider": provider,
                "model": request.model,
                "language": request.language,
                "style": request.style,
                "tone": request.tone,
                "target_shots": request.target_shots,
                "duration_hint_seconds": request.duration_hint_seconds,
                "shot_seconds_min": options.shot_seconds_min,
                "shot_seconds_max": options.shot_seconds_max,
            },
        )
        return await create_stage_job(
            owner, JobType.SCRIPT, script.id, stage=Stage.SCRIPT, workflow_id=request.workflow_id
        )

    return await once(owner, "createScript", idempotency_key, values, Job, create)

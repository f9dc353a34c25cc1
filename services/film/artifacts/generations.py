"""Builds by a pool: the build requests a generation, sleeps, and reads the result when it is woken.

No worker is occupied while the build sleeps. A build requests one generation per run; later calls find its job.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from errors import JobErrorCode, JobFailure
from models.artifacts import JobFile
from models.database import transaction
from models.enums import LIVE_JOB_STATUSES, JobRole, JobStatus, MediaKind
from models.files import StoredFile
from models.generation import GenerationRecord
from models.generation_parameters import InputImage
from models.generation_requests import GenerationRequest, work_of
from models.job_errors import JobError
from models.jobs import Job
from models.workflows import Workflow
from providers.pooled import ModelInfo
from services.accounts.pool.matching import nearest_duration, nearest_ratio
from services.generation.admission import admit
from services.generation.retrying import is_resumable, retry_generation
from services.generation.strategies import default_strategy
from services.platform.files import local_copy
from services.platform.leases import Lease
from services.platform.providers import pooled_provider
from services.queue.heartbeat import LeaseLostError
from services.stores.jobs.claims import is_held_by
from services.stores.jobs.moves import adopt
from services.stores.jobs.waits import sleep_job
from settings import get_settings


class WaitingForGenerationError(Exception):
    """The build must sleep until this generation job has ended."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id}")
        self.job_id = job_id


async def generated(build: Job, request: GenerationRequest) -> list[Path]:
    """Returns the files of the build's generation, best first, as read-only local paths.

    Requests the generation on the first call. Raises WaitingForGenerationError until it has ended, and JobFailure with
    the generation's error if it failed.
    """
    request = replace(request, work_id=work_of(build.workflow_id), build_run=build.retry_count)
    child = await Job.filter(parent_id=build.id, role=JobRole.GENERATE).order_by("-id").first()
    if child is None or (child.status not in LIVE_JOB_STATUSES and _is_of_earlier_run(child, build)):
        raise WaitingForGenerationError(await transaction(lambda: _request_generation(build, request)))
    if child.status in LIVE_JOB_STATUSES:
        raise WaitingForGenerationError(child.id)
    if child.status is not JobStatus.SUCCEEDED:
        error = JobError.from_json(child.error) or JobError(
            JobErrorCode.INTERNAL, "The generation was canceled.", False
        )
        raise JobFailure(
            error.code,
            error.message,
            is_retryable=False,  # the pool has used all its own retries
            upstream_code=error.upstream_code,
        )
    links = await JobFile.filter(job_id=child.id).order_by("position")
    files = {file.id: file for file in await StoredFile.filter(id__in=[link.file_id for link in links])}
    return [await local_copy(files[link.file_id]) for link in links if link.file_id in files]


async def _request_generation(build: Job, request: GenerationRequest) -> int:
    """Admits the generation and returns its job's id. Runs in a transaction that holds the build's lease: a concurrent
    cancellation either comes first, and nothing is requested, or finds the generation.

    Resumes the unfinished generation of an earlier build of the same picture, because it may already be paid for.
    """
    if not await is_held_by(Lease(build.id, build.lease_epoch)):
        raise LeaseLostError
    workflow = None if build.workflow_id is None else await Workflow.get_or_none(id=build.workflow_id)
    if workflow is not None:
        request = replace(request, project_id=workflow.project_id, project_name=workflow.project_name)
    record = await GenerationRecord.get_or_none(
        owner=build.owner,
        kind=request.kind,
        project_id=request.project_id,
        work_id=request.work_id,
        storyboard_id=request.storyboard_id,
        deleted_at__isnull=True,
    )
    previous = await Job.get_or_none(id=record.current_job_id) if record is not None else None
    is_same = record is not None and record.request_sha256 == request.sha256()
    if previous is not None and is_same and previous.parent_id is not None and await is_resumable(previous):
        resumed = replace(GenerationRequest.from_json(previous.params), build_run=build.retry_count)
        await adopt(previous.id, resumed, build.id)
        await retry_generation(previous)
        return int(previous.id)
    present = await Job.get(id=build.id).only("id", "priority_rank")  # it may have been changed since the claim
    return int((await admit(build.owner, request, parent=build, priority_rank=present.priority_rank)).id)


def _is_of_earlier_run(child: Job, build: Job) -> bool:
    """Whether the build was retried after this generation failed, so that it needs another one."""
    return child.status is not JobStatus.SUCCEEDED and int(child.params.get("build_run") or 0) < build.retry_count


async def sleep_until_generated(job: Job, lease: Lease, generation_id: int) -> None:
    """Puts a build to sleep until its generation ends; the build is due at once if the generation has already ended.

    Changes nothing if the lease is lost.
    """

    async def body() -> None:
        if not await is_held_by(lease):
            return
        is_live = await Job.filter(id=generation_id, status__in=list(LIVE_JOB_STATUSES)).exists()
        await sleep_job(lease, is_due=not is_live, is_try=False)

    await transaction(body)


# ---------------------------------------------------------------- requests


def model_for(provider_name: str, kind: MediaKind, name: str | None) -> ModelInfo:
    """Returns the named model; without a name the deployment's default, or else the provider's first.

    Raises JobFailure for an unknown model, and if the provider has none of this kind.
    """
    models = [model for model in pooled_provider(provider_name).models() if model.kind == kind.value]
    by_name = {model.name: model for model in models}
    if name is not None:
        if name not in by_name:
            message = f"{provider_name} has no model {name!r}. Available models: {', '.join(by_name)}."
            raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=False)
        return by_name[name]
    settings = get_settings()
    default = settings.image_model if kind is MediaKind.IMAGE else settings.video_model
    if not models:
        message = f"{provider_name} has no model for {kind.value.lower()}s."
        raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=False)
    return by_name.get(default, models[0])


def priced_request(provider_name: str, kind: MediaKind, model: str | None, seconds: float) -> GenerationRequest:
    """The request that a build would make, as far as its price depends on it. seconds: of a clip."""
    info = model_for(provider_name, kind, model)
    return GenerationRequest(
        kind=kind,
        provider=provider_name,
        model=info.name,
        prompt="",
        resolution=info.resolutions[0] if info.resolutions else None,
        duration_seconds=nearest_duration(info.durations_seconds, seconds) if kind is MediaKind.VIDEO else None,
    )


def picture_request(
    provider_name: str,
    *,
    model: str | None,
    storyboard_id: str,
    prompt: str,
    width: int,
    height: int,
    pictures: Sequence[str],
) -> GenerationRequest:
    """A request for a picture with the model's ratio nearest to width:height.

    `pictures`: SHA-256 of stored input pictures; those beyond the model's limit are left out.
    """
    info = model_for(provider_name, MediaKind.IMAGE, model)
    return GenerationRequest(
        strategy=default_strategy(),
        kind=MediaKind.IMAGE,
        provider=provider_name,
        model=info.name,
        prompt=prompt,
        storyboard_id=storyboard_id,
        ratio=nearest_ratio(info.ratios, width, height),
        resolution=info.resolutions[0] if info.resolutions else None,
        inputs=tuple(InputImage(given=digest, sha256=digest) for digest in pictures[: info.max_input_images]),
    )


def clip_request(
    provider_name: str,
    *,
    model: str | None,
    storyboard_id: str,
    prompt: str,
    seconds: float,
    width: int,
    height: int,
    seed: int,
    picture: str,
) -> GenerationRequest:
    """A request for a clip that starts with a stored picture (SHA-256) and lasts at least `seconds`, if the model
    supports such a length.
    """
    info = model_for(provider_name, MediaKind.VIDEO, model)
    return GenerationRequest(
        strategy=default_strategy(),
        kind=MediaKind.VIDEO,
        provider=provider_name,
        model=info.name,
        prompt=prompt,
        storyboard_id=storyboard_id,
        ratio=nearest_ratio(info.ratios, width, height),
        resolution=info.resolutions[0] if info.resolutions else None,
        duration_seconds=nearest_duration(info.durations_seconds, seconds),
        seed=seed if info.takes_seed else None,
        inputs=(InputImage(given=picture, sha256=picture),),
    )

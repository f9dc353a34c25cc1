"""Answering a request with the cached result of an earlier one, without a new generation."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.artifacts import JobFile
from models.database import execute
from models.enums import FileRole, FileState, JobStatus, Reuse
from models.files import StoredFile
from models.generation import GenerationRecord
from models.generation_parameters import InputImage
from models.generation_requests import GenerationRequest
from models.ids import global_id
from models.jobs import Job
from services.generation.inputs import queue_of
from services.generation.on_ended import on_ended
from services.generation.records.holding import lock_record_of_request
from services.generation.records.publishing import keep_shown
from services.generation.resolving import with_content
from services.generation.similarity.comparing import percentage
from services.generation.similarity.finding import SimilarRecord, find_similar
from services.generation.similarity.indexing import replace_keys
from services.notifications.callbacks.outbox import write_record_callbacks
from services.platform.files import keep_files_ready
from services.platform.owned import places
from services.stores import records
from services.stores.jobs.files import add_files
from services.stores.jobs.inserts import answered_generation, insert_jobs

MAX_CANDIDATES = 20
MAX_TOTAL_CANDIDATES = 2_000
REUSED = "Reused an earlier result of the same request."


@dataclass(frozen=True)
class CachedResult:
    """A record that shows a reusable result, and the files of that result. match: set if the prompts
    are only similar.
    """

    record: GenerationRecord
    links: tuple[JobFile, ...]
    match: SimilarRecord | None = None

    @property
    def message(self) -> str:
        if self.match is None:
            return REUSED
        record_id = global_id("GenerationRecord", self.match.record_id)
        return (
            f"Reused an earlier result of a similar prompt: {percentage(self.match.similarity)} similar (record"
            f" {record_id})."
        )

    def is_shown_for(self, request: GenerationRequest) -> bool:
        """Whether the request's own record shows this result already, for the same prompt: nothing has
        to be written.
        """
        return is_record_of(self.record, request) and self.record.prompt == request.prompt

    def with_source(self, request: GenerationRequest) -> GenerationRequest:
        """The request as stored in its job and record: with the hash of the similar request, if the prompts differ."""
        return request if self.match is None else replace(request, made_for_sha256=self.match.request_sha256)


async def reuse_result(owner: str, request: GenerationRequest, priority_rank: int) -> Job | None:
    """Answers a request with the owner's newest result of the same request or, with Reuse.SIMILAR, of the most similar
    prompt; returns the job, or None if there is no such result or the request allows no reuse. In the caller's
    transaction.

    If the record itself shows that result, the job that made it is returned, and only a callback to the request's
    address is written. Otherwise a new, succeeded job with the same files is. Raises ConflictError if the record has a
    live job.
    """
    request = (await with_contents(owner, [request]))[0]
    cached = (await cached_results(owner, [request]))[0]
    if cached is None:
        return None
    if cached.is_shown_for(request):
        job = await Job.get(id=cached.record.shown_job_id)
        if request.callback_url is not None:
            await write_record_callbacks([job], request.callback_url)
        return job
    request = cached.with_source(request)
    record = await lock_record_of_request(owner, request)
    job = reused_job(owner, record.id, request, priority_rank, message=cached.message)
    await insert_jobs([job])
    await add_files(copied_links(job.id, cached.links))
    await keep_shown(record)
    await records.write_request(
        record.id,
        request,
        current_job_id=job.id,
        shown_job_id=job.id,
        chosen_file_id=cached.record.chosen_file_id,
        is_reused=True,
        similarity_keys=await replace_keys(record, request),
    )
    await on_ended([job.id])
    return await Job.get(id=job.id)


async def with_contents(owner: str, requests: Sequence[GenerationRequest]) -> list[GenerationRequest]:
    """The requests with the hash of the content that was last fetched from each link, since fetching it in the request
    would take too long. One statement, or none without links.
    """
    links = {image.given for request in requests for image in request.materials if image.sha256 is None}
    if not links:
        return list(requests)
    files = StoredFile.filter(owner=owner, source_url__in=list(links), state=FileState.READY).order_by("id")
    last = {str(file.source_url): file for file in await files}

    def known(image: InputImage) -> InputImage:
        file = last.get(image.given) if image.sha256 is None else None
        return image if file is None else with_content(image, file)

    return [request.with_materials([known(image) for image in request.materials]) for request in requests]


async def cached_results(
    owner: str, requests: Sequence[GenerationRequest], *, locks: bool = True
) -> list[CachedResult | None]:
    """For each request the cached result to use: of the same request (its own record's first, then the newest), else of
    a similar one, else None. Five statements and those of `find_similar`, however many requests. In a transaction: the
    files cannot be removed until its end. locks False: they are only read.
    """
    candidates = await _candidates(owner, requests)
    shown = {record.shown_job_id for of_request in candidates for record, _ in of_request}
    if not shown:
        return [None] * len(requests)
    succeeded = {job.id for job in await Job.filter(id__in=list(shown), status=JobStatus.SUCCEEDED).only("id")}
    links: dict[int, list[JobFile]] = defaultdict(list)
    for link in await JobFile.filter(job_id__in=list(succeeded)).order_by("job_id", "position"):
        links[link.job_id].append(link)
    file_ids = {link.file_id for of_job in links.values() for link in of_job}
    ready = await keep_files_ready(file_ids) if locks else await _ready(file_ids)
    usable = {job_id for job_id, of_job in links.items() if all(link.file_id in ready for link in of_job)}

    def first(of_request: Sequence[tuple[GenerationRecord, SimilarRecord | None]]) -> CachedResult | None:
        for record, match in of_request:
            if record.shown_job_id in usable:
                return CachedResult(record, tuple(links[record.shown_job_id]), match)
        return None

    return [first(of_request) for of_request in candidates]


async def _candidates(
    owner: str, requests: Sequence[GenerationRequest]
) -> list[list[tuple[GenerationRecord, SimilarRecord | None]]]:
    """For each request the records whose result can be used, in the order of preference, with None for a result of the
    same request.

    Only records that show the result of their newest request: the hash of a record is that of its newest request.
    """
    digests = [request.sha256() if request.reuse is not Reuse.NONE else "" for request in requests]
    similar = await find_similar(owner, requests)
    near = [match.request_sha256 for of_request in similar for match in of_request]
    by_digest = await _exact_ids(owner, list(dict.fromkeys([*filter(None, digests), *near])))
    wanted = {record_id for ids in by_digest.values() for record_id in ids}
    wanted |= {match.record_id for of_request in similar for match in of_request}
    by_id = {record.id: record for record in await GenerationRecord.filter(id__in=list(wanted))} if wanted else {}

    def showing(digest: str, request: GenerationRequest, *others: int) -> list[GenerationRecord]:
        """The records that show the result, the request's own record first: then nothing has to be written."""
        ids = dict.fromkeys((*others, *by_digest.get(digest, ())))
        rows = [by_id[record_id] for record_id in ids if _shows(by_id.get(record_id), digest)]
        return sorted(rows, key=lambda record: not is_record_of(record, request))

    found = []
    for request, digest, of_request in zip(requests, digests, similar, strict=True):
        same: list[tuple[GenerationRecord, SimilarRecord | None]] = [
            (record, None) for record in showing(digest, request)
        ]
        others = [
            (record, match)
            for match in of_request
            if match.request_sha256 != digest
            for record in showing(match.request_sha256, request, match.record_id)
        ]
        found.append([*same, *others])
    return found


def _shows(record: GenerationRecord | None, digest: str) -> bool:
    """Whether the record, as read now, shows a result of the request with that hash."""
    return record is not None and record.request_sha256 == digest and record.current_job_id == record.shown_job_id


async def _exact_ids(owner: str, digests: Sequence[str]) -> dict[str, list[int]]:
    """Hash of a request -> the records that show its result, newest first."""
    if not digests:
        return {}
    limit = max(1, min(MAX_CANDIDATES, MAX_TOTAL_CANDIDATES // len(digests)))
    rows = await execute(
        "SELECT id, request_sha256 FROM (SELECT id, request_sha256, updated_at, ROW_NUMBER() OVER"
        " (PARTITION BY request_sha256 ORDER BY updated_at DESC, id DESC) AS place FROM generation_record"
        f" WHERE owner = ? AND request_sha256 IN ({places(digests)}) AND deleted_at IS NULL"
        f" AND current_job_id = shown_job_id) AS alike WHERE place <= {limit} ORDER BY updated_at DESC, id DESC",
        owner,
        *digests,
    )
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        found[row["request_sha256"]].append(row["id"])
    return found


async def _ready(file_ids: set[int]) -> set[int]:
    return {file.id for file in await StoredFile.filter(id__in=list(file_ids), state=FileState.READY).only("id")}


def is_record_of(record: GenerationRecord, request: GenerationRequest) -> bool:
    """Whether the record belongs to the request's storyboard and kind."""
    place = (request.project_id, request.work_id, request.storyboard_id, request.kind)
    return (record.project_id, record.work_id, record.storyboard_id, record.kind) == place


def reused_job(
    owner: str,
    record_id: int,
    request: GenerationRequest,
    priority_rank: int,
    batch_id: int | None = None,
    message: str = REUSED,
) -> Job:
    """A succeeded job, not inserted yet."""
    queue = queue_of(request)
    return answered_generation(
        owner, record_id, request, queue, message=message, priority_rank=priority_rank, batch_id=batch_id
    )


def copied_links(job_id: int, links: Sequence[JobFile]) -> list[tuple[int, int, FileRole, int]]:
    """Links of this job to the files of another one, for `add_files`."""
    return [(job_id, link.position, link.role, link.file_id) for link in links]

"""Choosing which file and which result a record shows."""

from errors import ConflictError, NotFoundError, not_found
from models.artifacts import JobFile
from models.database import transaction
from models.enums import FileState
from models.files import StoredFile
from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import GenerationRequest
from services.generation.records.holding import lock_record, refuse_live_job
from services.generation.records.publishing import keep_shown
from services.generation.similarity.indexing import replace_keys
from services.stores import records
from services.stores.jobs.moves import mark_changed

FILES_GONE = (
    "The files of this version were removed: it is older than the retention period. regenerate creates a new result."
)


async def choose_record_file(owner: str, record_id: int, sha256: str) -> GenerationRecord:
    """Chooses one of the files of the result that the record shows. A second call changes nothing.

    Raises NotFoundError if there is no such record, or if its result has no such file.
    """

    async def body() -> GenerationRecord:
        record = await lock_record(owner, record_id)
        if record is None:
            raise not_found("record", ["recordId"])
        shown = await JobFile.filter(job_id=record.shown_job_id or 0).values_list("file_id", flat=True)
        file = await StoredFile.get_or_none(owner=owner, sha256=sha256, id__in=list(shown), state=FileState.READY)
        if file is None:
            raise NotFoundError("The record's result has no such file.", path=["sha256"])
        if record.chosen_file_id != file.id:
            await records.write(record.id, chosen_file_id=file.id)
            await mark_changed([record.current_job_id or 0])
        return await GenerationRecord.get(id=record.id)

    return await transaction(body)


async def restore_version(owner: str, version_id: int) -> GenerationRecord:
    """Restores an earlier result with its chosen file and its request; the present result becomes a version. A second
    call changes nothing.

    Raises NotFoundError, or ConflictError if the record has a live job, or if the files were removed.
    """

    async def body() -> GenerationRecord:
        version = await RecordVersion.get_or_none(id=version_id, owner=owner)
        record = None if version is None else await lock_record(owner, version.record_id)
        if version is None or record is None:
            raise not_found("version", ["versionId"])
        if record.shown_job_id == version.job_id and record.current_job_id == version.job_id:
            return record
        await refuse_live_job(
            record.id, "The record is being generated. Wait for its job, or cancel it, before restoring a version."
        )
        if not await JobFile.exists(job_id=version.job_id):
            raise ConflictError(FILES_GONE, path=["versionId"])
        if record.shown_job_id != version.job_id:
            await keep_shown(record)
        version = await RecordVersion.get(id=version_id)
        request = GenerationRequest.from_json(version.params)
        await records.write_request(
            record.id,
            request,
            current_job_id=version.job_id,
            shown_job_id=version.job_id,
            chosen_file_id=version.chosen_file_id,
            is_reused=False,
            similarity_keys=await replace_keys(record, request),
        )
        await mark_changed({record.current_job_id or 0, version.job_id})
        return await GenerationRecord.get(id=record.id)

    return await transaction(body)

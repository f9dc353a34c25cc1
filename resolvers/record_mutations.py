"""Generating pictures and clips, and what is done with their records."""

from typing import Annotated

import strawberry

from errors import EkonteError, not_found
from models.enums import MediaKind, Priority
from models.generation import GenerationRecord as RecordRow
from models.jobs import Job as JobRow
from resolvers.generation_inputs import asked_for, regeneration_of
from resolvers.ids import need, number_of
from resolvers.mutating import job_payload, key_for
from schema.context import Info
from schema.errors import DeletePayload, ItemFailure
from schema.fields import mutation
from schema.generation_inputs import GenerateImageInput, GenerateVideoInput
from schema.jobs import JobPayload
from schema.records import RecordPayload, record_from_row
from schema.regeneration_inputs import RegenerateInput
from services.generation.admission import generate
from services.generation.records.deleting import delete_records
from services.generation.records.regenerating import regenerate
from services.generation.records.showing import choose_record_file, restore_version
from services.generation.records.submission import await_submission
from services.platform.paging import check_id_count


async def _answer(info: Info, row: JobRow) -> JobPayload:
    return job_payload(info, await await_submission(row))


def _payload(info: Info, row: RecordRow) -> RecordPayload:
    info.context.forget()
    return RecordPayload(record=record_from_row(row))


@strawberry.type
class RecordMutations:
    @mutation("Makes a picture for a storyboard, or another one in its place.")
    async def generate_image(
        self,
        info: Info,
        input: Annotated[GenerateImageInput, strawberry.argument(description="The storyboard, and what to make.")],
    ) -> JobPayload:
        asked = asked_for(input, MediaKind.IMAGE)
        key = key_for(info, input.idempotency_key)
        return await _answer(info, await generate(info.context.owner, asked, key, input.priority or Priority.NORMAL))

    @mutation("Makes a clip for a storyboard, or another one in its place.")
    async def generate_video(
        self,
        info: Info,
        input: Annotated[GenerateVideoInput, strawberry.argument(description="The storyboard, and what to make.")],
    ) -> JobPayload:
        asked = asked_for(input, MediaKind.VIDEO)
        key = key_for(info, input.idempotency_key)
        return await _answer(info, await generate(info.context.owner, asked, key, input.priority or Priority.NORMAL))

    @mutation("Runs a storyboard's record again under the same record id; what is not given keeps its former value.")
    async def regenerate(
        self,
        info: Info,
        input: Annotated[RegenerateInput, strawberry.argument(description="The record, and what is to change.")],
    ) -> JobPayload:
        wanted = regeneration_of(input)
        key = key_for(info, input.idempotency_key)
        return await _answer(info, await regenerate(info.context.owner, wanted, key, input.priority or Priority.NORMAL))

    @mutation("Deletes records; one that is being generated is refused.")
    async def delete_records(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The records, at most 1000.")],
        delete_files: Annotated[
            bool | None,
            strawberry.argument(description="Whether files that nothing else uses go too, their versions' among them."),
        ] = False,
    ) -> DeletePayload:
        check_id_count(ids, "ids")
        payload = await _delete(info.context.owner, list(ids), delete_files is True)
        info.context.forget()
        return payload

    @mutation("Uses another of the files that came for a record.")
    async def choose_record_file(
        self,
        info: Info,
        record_id: Annotated[strawberry.ID, strawberry.argument(description="The record.")],
        sha256: Annotated[str, strawberry.argument(description="The file, as the record's files name it.")],
    ) -> RecordPayload:
        number = need(record_id, "GenerationRecord", "recordId")
        return _payload(info, await choose_record_file(info.context.owner, number, sha256))

    @mutation("Shows an earlier result again; the present one becomes a version.")
    async def restore_record_version(
        self,
        info: Info,
        version_id: Annotated[strawberry.ID, strawberry.argument(description="The version.")],
    ) -> RecordPayload:
        number = need(version_id, "RecordVersion", "versionId")
        return _payload(info, await restore_version(info.context.owner, number))


async def _delete(owner: str, ids: list[strawberry.ID], with_files: bool) -> DeletePayload:
    """Each id once, in the order given; a failure names the first place of its id."""
    numbers = {global_id: number_of(global_id, "GenerationRecord") for global_id in ids}
    wanted = [number for number in numbers.values() if number is not None]
    errors: dict[int, EkonteError | None] = dict(await delete_records(owner, wanted, with_files=with_files))
    deleted: list[strawberry.ID] = []
    failures: list[ItemFailure] = []
    for global_id, number in numbers.items():
        error = not_found("record") if number is None else errors[number]
        if error is None:
            deleted.append(global_id)
        else:
            failures.append(ItemFailure.of(error, ["ids", str(ids.index(global_id))], global_id))
    return DeletePayload(deleted_ids=deleted, failures=failures, success_count=len(deleted), failed_count=len(failures))

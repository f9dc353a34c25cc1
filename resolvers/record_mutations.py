"""Mutations that generate images and clips and change their records."""

from functools import partial
from typing import Annotated

import strawberry

from models.enums import MediaKind, Priority
from models.jobs import Job as JobRow
from resolvers.each_by_id import delete_each
from resolvers.fields import mutation
from resolvers.generation_inputs import generation_input, regeneration_of
from resolvers.ids import need
from resolvers.keyed import Repeats
from resolvers.mutating import key_for
from schema.context import Info
from schema.errors import DeletePayload
from schema.generation_inputs import GenerateImageInput, GenerateVideoInput
from schema.jobs import JobPayload
from schema.records import RecordPayload
from schema.regeneration_inputs import RegenerateInput
from services.generation.admission import generate
from services.generation.records.deleting import delete_records
from services.generation.records.regenerating import regenerate
from services.generation.records.showing import choose_record_file, restore_version
from services.generation.records.submission import await_submission


async def _answer(row: JobRow) -> JobPayload:
    return JobPayload.of(await await_submission(row))


@strawberry.type
class RecordMutations:
    @mutation("Generates a picture for a storyboard, or replaces it.")
    async def generate_image(
        self,
        info: Info,
        input: Annotated[GenerateImageInput, strawberry.argument(description="The storyboard, and what to generate.")],
    ) -> JobPayload | None:
        asked = generation_input(input, MediaKind.IMAGE)
        key = key_for(info, input.idempotency_key)
        return await _answer(await generate(info.context.owner, asked, key, input.priority or Priority.NORMAL))

    @mutation("Generates a clip for a storyboard, or replaces it.")
    async def generate_video(
        self,
        info: Info,
        input: Annotated[GenerateVideoInput, strawberry.argument(description="The storyboard, and what to generate.")],
    ) -> JobPayload | None:
        asked = generation_input(input, MediaKind.VIDEO)
        key = key_for(info, input.idempotency_key)
        return await _answer(await generate(info.context.owner, asked, key, input.priority or Priority.NORMAL))

    @mutation("Runs a storyboard's record again under the same record id; fields not given keep their previous value.")
    async def regenerate(
        self,
        info: Info,
        input: Annotated[RegenerateInput, strawberry.argument(description="The record, and the changes.")],
    ) -> JobPayload | None:
        wanted = regeneration_of(input)
        key = key_for(info, input.idempotency_key)
        return await _answer(await regenerate(info.context.owner, wanted, key, input.priority or Priority.NORMAL))

    @mutation("Deletes records; one that is being generated is refused.", repeats=Repeats.WITH_CLAIM)
    async def delete_records(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The records, at most 1000.")],
        delete_files: Annotated[
            bool | None,
            strawberry.argument(
                description="Whether to also delete files that nothing else uses, including those of versions."
            ),
        ] = False,
    ) -> DeletePayload | None:
        delete = partial(delete_records, with_files=delete_files is True)
        return await delete_each(info, ids, "GenerationRecord", delete)

    @mutation("Chooses another of a record's files.", repeats=Repeats.IN_TRANSACTION)
    async def choose_record_file(
        self,
        info: Info,
        record_id: Annotated[strawberry.ID, strawberry.argument(description="The record.")],
        sha256: Annotated[str, strawberry.argument(description="The file, as the record's files name it.")],
    ) -> RecordPayload | None:
        number = need(record_id, "GenerationRecord", "recordId")
        return RecordPayload.of(await choose_record_file(info.context.owner, number, sha256))

    @mutation("Restores an earlier result; the present one becomes a version.", repeats=Repeats.IN_TRANSACTION)
    async def restore_record_version(
        self,
        info: Info,
        version_id: Annotated[strawberry.ID, strawberry.argument(description="The version.")],
    ) -> RecordPayload | None:
        number = need(version_id, "RecordVersion", "versionId")
        return RecordPayload.of(await restore_version(info.context.owner, number))

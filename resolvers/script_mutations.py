"""Mutations that upload files and write scripts."""

from typing import Annotated

import strawberry

from models.enums import InputType
from resolvers.fields import mutation
from resolvers.ids import maybe
from resolvers.keyed import Repeats
from resolvers.mutating import incoming, key_for
from schema.context import Info
from schema.fields import given
from schema.files import MediaFile, UploadPayload
from schema.jobs import JobPayload
from schema.scalars import Upload
from schema.stage_inputs import CreateScriptInput
from services.film import scripts
from services.platform import uploads

File = Annotated[Upload, strawberry.argument(description="The file.")]


@strawberry.type
class ScriptMutations:
    @mutation(
        "Uploads a file for inputImages, music and the like, which take the id of the returned file.",
        repeats=Repeats.WITH_CLAIM,
    )
    async def upload_file(self, info: Info, file: File) -> UploadPayload | None:
        async with incoming(file) as upload:
            row = await uploads.store_upload(info.context.owner, upload)
        return UploadPayload(file=MediaFile.from_row(row))

    @mutation(
        "Uploads a text for inputFile: .txt, .md, .docx, .pdf or .epub, recognised by its bytes.",
        repeats=Repeats.WITH_CLAIM,
    )
    async def upload_script_file(
        self,
        info: Info,
        file: File,
        workflow_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The workflow that it is for, if any.")
        ] = strawberry.UNSET,
    ) -> UploadPayload | None:
        workflow = maybe(workflow_id, "Workflow", "workflowId")
        async with incoming(file) as upload:
            row = await uploads.store_script_upload(info.context.owner, upload, workflow)
        return UploadPayload(file=MediaFile.from_row(row))

    @mutation("Writes a script from a text.")
    async def create_script(
        self,
        info: Info,
        input: Annotated[CreateScriptInput, strawberry.argument(description="The text, and how to write it.")],
    ) -> JobPayload | None:
        request = scripts.ScriptRequest(
            workflow_id=maybe(input.workflow_id, "Workflow", "input", "workflowId"),
            input_type=input.input_type or InputType.NOVEL,
            input_content=given(input.input_content),
            input_file=given(input.input_file),
            style=given(input.style),
            target_shots=given(input.target_shots),
            language=given(input.language),
            story_id=given(input.story_id),
            tone=given(input.tone),
            duration_hint_seconds=given(input.duration_hint_seconds),
            provider=given(input.provider),
            model=given(input.model),
        )
        key = key_for(info, input.idempotency_key)
        return JobPayload.of(await scripts.create_script(info.context.owner, request, key))

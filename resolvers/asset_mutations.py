"""Mutations that design assets."""

from typing import Annotated

import strawberry

from resolvers.fields import mutation
from resolvers.ids import maybe, need
from resolvers.keyed import Repeats
from resolvers.mutating import incoming, key_for
from resolvers.script_mutations import File
from schema.assets import Asset, AssetPayload
from schema.context import Info
from schema.fields import given
from schema.jobs import JobPayload
from schema.stage_inputs import CreateAssetsInput, RegenerateAssetInput
from services.film import assets


@strawberry.type
class AssetMutations:
    @mutation("Designs the characters, props and scenes of a script.")
    async def create_assets(
        self,
        info: Info,
        input: Annotated[CreateAssetsInput, strawberry.argument(description="The script, and who designs.")],
    ) -> JobPayload | None:
        row = await assets.create_assets(
            info.context.owner,
            script_id=need(input.script_id, "Script", "input", "scriptId"),
            workflow_id=maybe(input.workflow_id, "Workflow", "input", "workflowId"),
            text_provider=given(input.text_provider),
            image_provider=given(input.image_provider),
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)

    @mutation(
        "Uploads a reference picture for an asset; its design image is then out of date.", repeats=Repeats.WITH_CLAIM
    )
    async def upload_reference_image(
        self,
        info: Info,
        asset_id: Annotated[strawberry.ID, strawberry.argument(description="The asset.")],
        file: File,
    ) -> AssetPayload | None:
        number = need(asset_id, "Asset", "assetId")
        async with incoming(file) as upload:
            row = await assets.upload_reference_image(info.context.owner, number, upload)
        return AssetPayload(asset=Asset.from_row(row))

    @mutation("Generates an asset's design image again.")
    async def regenerate_asset(
        self,
        info: Info,
        input: Annotated[RegenerateAssetInput, strawberry.argument(description="The asset, and the changes.")],
    ) -> JobPayload | None:
        row = await assets.regenerate_asset(
            info.context.owner,
            asset_id=need(input.asset_id, "Asset", "input", "assetId"),
            prompt=given(input.prompt),
            provider=given(input.provider),
            voice_id=given(input.voice_id),
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)
